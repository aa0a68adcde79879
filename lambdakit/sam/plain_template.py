"""A template without SAM's transform as the SAM template that says the same, and where each part stands.

Functions, their roles and what starts them become what SAM has a word for; all else stays the resource that it is.
Source: CloudFormation Template Reference, "AWS::Lambda::Function", "AWS::IAM::Role", "AWS::IAM::Policy",
"AWS::Lambda::LayerVersion", "AWS::Lambda::EventInvokeConfig".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lambdakit.sam.inline_code import InlineCode
from lambdakit.sam.plain_apis import PlainApis
from lambdakit.sam.plain_parts import PlainParts
from lambdakit.sam.plain_roles import PlainRoles
from lambdakit.sam.plain_triggers import read_triggers
from lambdakit.sam.template_file import TemplateFile
from lambdakit.sam.uses import FUNCTION
from lambdakit.spec.pointer import Pointer

PLAIN_FUNCTION: Final = "AWS::Lambda::Function"
_LAYER: Final = "AWS::Lambda::LayerVersion"
_VERSION: Final = "AWS::Lambda::Version"
_ALIAS: Final = "AWS::Lambda::Alias"
_OF_ALIASES: Final = frozenset(
    {"Name", "FunctionName", "FunctionVersion", "Description", "ProvisionedConcurrencyConfig"}
)
_INVOKE_CONFIG: Final = "AWS::Lambda::EventInvokeConfig"
# What both have under one name.
_SAME: Final = (
    *("FunctionName", "Description", "Handler", "Runtime", "MemorySize", "Timeout", "Environment", "Layers"),
    *("VpcConfig", "KmsKeyArn", "ReservedConcurrentExecutions", "EphemeralStorage", "Architectures", "SnapStart"),
    *("FileSystemConfigs", "LoggingConfig", "RuntimeManagementConfig", "RecursiveLoop", "CodeSigningConfigArn"),
)
_INVOKED: Final = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


def is_plain(content: Mapping[str, object]) -> bool:
    """Whether it is a template whose functions are CloudFormation's own."""
    resources = content.get("Resources")
    parts = resources.values() if isinstance(resources, Mapping) else ()
    types = [part.get("Type") for part in parts if isinstance(part, Mapping)]
    return PLAIN_FUNCTION in types and not any(str(name).startswith("AWS::Serverless::") for name in types)


def as_sam(template: TemplateFile, inline: InlineCode) -> TemplateFile:
    """The same as a SAM template. inline: takes code that stands in the template."""
    parts = PlainParts(template.content)
    found = {
        logical_id: (properties, _directory(inline, logical_id, properties))
        for logical_id, properties in parts.of_type(PLAIN_FUNCTION)
    }
    roles = PlainRoles(parts, [logical_id for logical_id, (_, directory) in found.items() if directory is not None])
    for logical_id, (properties, directory) in found.items():
        _function(parts, roles, directory, logical_id, properties)
    for logical_id, properties in list(parts.of_type(_LAYER)):
        if isinstance(properties.get("Content"), str):
            settings = {**{key: value for key, value in properties.items() if key != "Content"}}
            settings["ContentUri"] = properties["Content"]
            parts.replace(logical_id, "AWS::Serverless::LayerVersion", settings)
    _versions(parts)
    _invoke_configs(parts)
    read_triggers(parts)
    PlainApis(parts).read()
    parts.drop_permissions()
    roles.drop_unused()
    content = {**template.content, "Resources": parts.resources()}
    if "Outputs" in content:
        content["Outputs"] = parts.outputs()
    written = {**template.written, **parts.written}
    return replace(template, content=content, written=written, noted=(*template.noted, *parts.noted))


def _directory(inline: InlineCode, logical_id: str, properties: Mapping[str, Any]) -> str | None:
    """Where a function's code lies; None where that is not beside the template."""
    code = properties.get("Code")
    if isinstance(code, Mapping) and isinstance(code.get("ZipFile"), str):
        return inline.directory(logical_id, code["ZipFile"], str(properties.get("Runtime", "")))
    return code if isinstance(code, str) else None


def _function(
    parts: PlainParts, roles: PlainRoles, directory: str | None, logical_id: str, properties: Mapping[str, Any]
) -> None:
    """Makes it one of SAM's; it stays what it is where its code lies elsewhere, which is noted."""
    here: Pointer = ("Resources", logical_id, "Properties")
    if directory is None:
        problem = "the code does not lie beside the template: the function stays in CloudFormation's words"
        hint = "download it, name its directory as Code, and import again"
        parts.note((*here, "Code"), problem, hint)
        return
    settings: dict[str, Any] = {"CodeUri": directory, **{key: properties[key] for key in _SAME if key in properties}}
    if not isinstance(properties["Code"], str):
        settings["Handler"] = f"index.{str(properties.get('Handler', 'index.handler')).rpartition('.')[2]}"
    _reworded(parts, here, properties, settings)
    if "Role" in properties:
        policies = roles.policies(logical_id, properties["Role"])
        if policies is None:
            settings["Role"] = properties["Role"]
        elif policies:
            settings["Policies"] = policies
    known = {*_SAME, "Code", "Role", "TracingConfig", "Tags", "DeadLetterConfig", "PackageType"}
    for key in properties.keys() - known:
        parts.note((*here, key), "not carried over")
    parts.replace(logical_id, FUNCTION, {**settings, "Events": {}})
    for key, name in (("CodeUri", "Code"), ("Policies", "Role"), ("DeadLetterQueue", "DeadLetterConfig")):
        parts.written[(*here, key)] = (*here, name)


def _reworded(parts: PlainParts, here: Pointer, properties: Mapping[str, Any], settings: dict[str, Any]) -> None:
    """What SAM says in other words; what it cannot is noted."""
    tracing = properties.get("TracingConfig")
    if isinstance(tracing, Mapping) and "Mode" in tracing:
        settings["Tracing"] = tracing["Mode"]
    elif tracing is not None:
        parts.note((*here, "TracingConfig"), "not carried over")
    tags = properties.get("Tags", [])
    read = [
        tag
        for tag in (tags if isinstance(tags, list) else ())
        if isinstance(tag, Mapping) and tag.keys() == {"Key", "Value"}
    ]
    if read:
        settings["Tags"] = {str(tag["Key"]): tag["Value"] for tag in read}
    if not isinstance(tags, list) or len(read) < len(tags):
        parts.note((*here, "Tags"), "not carried over, as not all of them have a Key and a Value")
    letters = properties.get("DeadLetterConfig")
    if isinstance(letters, Mapping) and "TargetArn" in letters:
        settings["DeadLetterQueue"] = {"TargetArn": letters["TargetArn"]}
    elif letters is not None:
        parts.note((*here, "DeadLetterConfig"), "not carried over")


def _versions(parts: PlainParts) -> None:
    """Makes versions and the alias of a function what it publishes itself: Lambda has one version of the same code."""
    for logical_id, properties in list(parts.of_type(_VERSION)):
        if parts.function(properties.get("FunctionName")) is not None and not parts.is_conditional(logical_id):
            parts.consume(logical_id)
    for logical_id, properties in list(parts.of_type(_ALIAS)):
        function = parts.function(properties.get("FunctionName"))
        is_said = function is not None and "AutoPublishAlias" in parts.settings(function)
        if function is None or is_said or parts.is_bound(logical_id):
            continue
        settings = parts.settings(function)
        settings["AutoPublishAlias"] = properties.get("Name")
        here: Pointer = ("Resources", logical_id, "Properties")
        parts.written["Resources", function, "Properties", "AutoPublishAlias"] = (*here, "Name")
        if "ProvisionedConcurrencyConfig" in properties:
            settings["ProvisionedConcurrencyConfig"] = properties["ProvisionedConcurrencyConfig"]
        for key in properties.keys() - _OF_ALIASES:
            parts.note((*here, key), "not carried over", "see `additional_versions` of a function's alias")
        parts.alias(logical_id, function)


def _invoke_configs(parts: PlainParts) -> None:
    for logical_id, properties in list(parts.of_type(_INVOKE_CONFIG)):
        function = parts.function(properties.get("FunctionName"))
        is_latest = properties.get("Qualifier", "$LATEST") == "$LATEST"
        if function is None or not is_latest or parts.is_bound(logical_id):
            continue
        settings = {key: properties[key] for key in _INVOKED if key in properties}
        parts.settings(function)["EventInvokeConfig"] = settings
        parts.written["Resources", function, "Properties", "EventInvokeConfig"] = (
            "Resources",
            logical_id,
            "Properties",
        )
        parts.consume(logical_id)
