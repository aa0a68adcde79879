"""Where a template may refer to secure strings of the parameter store and to secrets, and where it may not.

Source: CloudFormation User Guide, "Get a secure string value from Systems Manager Parameter Store" and "Get a secret or
secret value from Secrets Manager".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from lambdakit.assembly.codes import MISPLACED_SECURE_STRING
from lambdakit.assembly.dynamic_references import DynamicReference
from lambdakit.assembly.evaluation import DEPTH_MAX
from lambdakit.assembly.place import Place
from lambdakit.assembly.template import Template
from lambdakit.errors import AssemblyError

Path = tuple[str, ...]
"""The names of the properties that lead to a value; elements of lists have none."""

_MARK: Final = "{{resolve:ssm-secure:"
_CUSTOM: Final = ("AWS::CloudFormation::CustomResource", "Custom::")
# The guide's table, "Resources that support dynamic parameter patterns for secure strings".
_TAKEN: Final[Mapping[str, frozenset[Path]]] = {
    "AWS::DirectoryService::MicrosoftAD": frozenset({("Password",)}),
    "AWS::DirectoryService::SimpleAD": frozenset({("Password",)}),
    "AWS::ElastiCache::ReplicationGroup": frozenset({("AuthToken",)}),
    "AWS::IAM::User": frozenset({("LoginProfile", "Password")}),
    "AWS::KinesisFirehose::DeliveryStream": frozenset({("RedshiftDestinationConfiguration", "Password")}),
    "AWS::OpsWorks::App": frozenset({("AppSource", "Password")}),
    "AWS::OpsWorks::Stack": frozenset({("CustomCookbooksSource", "Password"), ("RdsDbInstances", "DbPassword")}),
    "AWS::RDS::DBCluster": frozenset({("MasterUserPassword",)}),
    "AWS::RDS::DBInstance": frozenset({("MasterUserPassword",)}),
    "AWS::Redshift::Cluster": frozenset({("MasterUserPassword",)}),
}


def stays_written(reference: DynamicReference, holder: str) -> bool:
    """Whether a reference is left as it is written, for all that it has a value.

    holder: the type of the resource whose property it is in; empty for an output.

    Secrets are not supported in custom resources, and in resource properties alone (the guide, "Considerations"). Users
    of CloudFormation observed that both a custom resource's function and an output get the reference as text.
    """
    return reference.service == "secretsmanager" and (not holder or holder.startswith(_CUSTOM))


def refuse_misplaced(reference: DynamicReference, holder: str, path: Path, place: Place) -> None:
    """AssemblyError for a secure string that CloudFormation would not look up there. holder: see `stays_written`."""
    if reference.service == "ssm-secure" and path not in _TAKEN.get(holder, ()):
        raise _misplaced([_named(holder, path)], place)


def check_secure_strings(template: Template, enabled: Callable[[str], bool], condition: Callable[[str], bool]) -> None:
    """AssemblyError for the secure strings that are written out where CloudFormation would not look them up.

    enabled: whether a resource exists. condition: the value of a condition.
    """
    found = []
    for logical_id, resource in template.resources.items():
        if enabled(logical_id):
            taken = _TAKEN.get(resource.type, frozenset())
            paths = _paths(resource.properties, (), condition)
            at = f"Resources.{logical_id}.Properties"
            found += [(at, _named(resource.type, path)) for path in paths if path not in taken]
    for name, output in template.outputs.items():
        if output.condition is None or _holds(condition, output.condition):
            at = f"Outputs.{name}.Value"
            found += [(at, _named("", path)) for path in _paths(output.value, (name,), condition)]
    if found:
        raise _misplaced([name for _, name in found], template.place(found[0][0]))


def _paths(value: object, path: Path, condition: Callable[[str], bool], depth: int = 0) -> Iterator[Path]:
    """The paths of what refers to a secure string. What functions make of texts is only seen once it is made."""
    if isinstance(value, str):
        if _MARK in value:
            yield path
    elif depth > DEPTH_MAX:  # which is told when it is evaluated
        return
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, path, condition, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.startswith("Fn::"):
                yield from _paths(item, (*path, key), condition, depth + 1)
            elif key == "Fn::If" and isinstance(item, list) and len(item) == 3 and isinstance(item[0], str):
                yield from _paths(item[1 if _holds(condition, item[0]) else 2], path, condition, depth + 1)


def _holds(condition: Callable[[str], bool], name: str) -> bool:
    try:
        return condition(name)
    except KeyError:  # which is told when its turn comes
        return True


def _named(holder: str, path: Path) -> str:
    return "/".join((holder, "Properties", *path) if holder else ("Outputs", *path))


def _misplaced(names: list[str], place: Place) -> AssemblyError:
    # CloudFormation's words, as its users quote them.
    return place.error(
        f"SSM Secure reference is not supported in: [{','.join(names)}]",
        MISPLACED_SECURE_STRING,
        hint="read the parameter where the value is needed, or keep it in a secret: {{resolve:secretsmanager:…}}",
    )
