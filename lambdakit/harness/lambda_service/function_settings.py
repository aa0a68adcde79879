"""A function's record made, and changed, from members of the API: the one way in for CreateFunction,
UpdateFunctionConfiguration and the CloudFormation type.

Source: AWS Lambda API Reference, "CreateFunction" and "UpdateFunctionConfiguration".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_record import FunctionRecord, LayerReference
from lambdakit.harness.lambda_service.invocation_rules import refuse_with_tenants
from lambdakit.harness.lambda_service.layers import LayerVersion
from lambdakit.harness.runtime.code_package import CodePackage
from lambdakit.harness.runtime.function_configuration import DurableConfig, FileSystemMount, FunctionConfiguration
from lambdakit.limits import DURABLE_RETENTION_DAYS_DEFAULT

Given = Mapping[str, Any]

# What would change how a function runs, and does not here.
_NOT_BUILT = (
    "AcceleratorConfig",
    "RuntimeConfig",
    "PublishTo",
)
# What is kept and returned.
_KEPT = ("CapacityProviderConfig", "FileSystemConfigs", "ImageConfig", "KMSKeyArn", "SnapStart")


def new_record(
    given: Given, *, name: str, account_id: str, region: str, code: CodePackage | None, layers: Sequence[LayerVersion]
) -> FunctionRecord:
    """The record of a function to be created.

    given: members of CreateFunction; their types are checked, their bounds are not.
    """
    bare = FunctionConfiguration(
        name=name,
        account_id=account_id,
        region=region,
        runtime="",
        handler="",
        code=Path(),
        role="",
        log_group=f"/aws/lambda/{name}",
        package_type=given.get("PackageType") or "Zip",
    )
    _refuse_mixed(given, is_image=code is None)
    source = given.get("Code") or {}
    return changed_record(with_code(FunctionRecord(configuration=bare), code, source, given), given, layers)


def _refuse_mixed(given: Given, *, is_image: bool) -> None:
    """Refuses members that are of the other package type; without `PackageType` a function is a zip file.

    The text for an image is AWS's, as seen in pulumi/pulumi-aws, issue 5439; that the type must be said with an image,
    in hashicorp/terraform-provider-aws, issue 37784.
    """
    if given.get("PackageType") == "Image":
        if given.get("Handler") or given.get("Runtime") or given.get("Layers"):
            raise ServiceFault(
                "InvalidParameterValueException",
                "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
            )
    elif is_image and not (given.get("Handler") and given.get("Runtime")):
        raise ServiceFault(
            "InvalidParameterValueException",
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        )


def changed_record(record: FunctionRecord, given: Given, layers: Sequence[LayerVersion] | None) -> FunctionRecord:
    """`record` with the members that are given; the others stay. layers: in order; None leaves them as they are."""
    refuse_not_built(given)
    fields: dict[str, Any] = {}
    for member, read in _FIELDS.items():
        if member in given:
            fields |= read(record.configuration, given[member])
    if layers is not None:
        fields["layers"] = tuple(layer.directory for layer in layers)
        fields["layers_unzipped_bytes"] = sum(layer.unzipped_bytes for layer in layers)
    settings = {**record.settings, **{name: given[name] for name in _KEPT if name in given}}
    vpc = given.get("VpcConfig") or {}
    if "Ipv6AllowedForDualStack" in vpc:
        settings["Ipv6AllowedForDualStack"] = vpc["Ipv6AllowedForDualStack"]
    references = (
        record.layers
        if layers is None
        else tuple(LayerReference(arn=layer.arn, code_size=layer.details.code_size) for layer in layers)
    )
    configuration = dataclasses.replace(record.configuration, **fields)
    if configuration.file_systems and not configuration.vpc_subnet_ids:
        # AWS's text, as seen in aws-cloudformation/cfn-lint, pull request 4408.
        raise ServiceFault(
            "InvalidParameterValueException",
            "Function must be configured to execute in a VPC to reference access point "
            f"{configuration.file_systems[0].arn}.",
        )
    if (settings.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        refuse_with_tenants(configuration, "SnapStart is")
    return dataclasses.replace(record, configuration=configuration, settings=settings, layers=references)


def with_code(record: FunctionRecord, code: CodePackage | None, source: Given, given: Given) -> FunctionRecord:
    """`record` with other code. code: None for a container image, which `source` names by `ImageUri`."""
    is_image = record.configuration.package_type == "Image"
    if is_image != (code is None):
        raise ServiceFault(
            "InvalidParameterValueException",
            "Please provide ImageUri when updating a function with packageType Image."
            if is_image
            else "Please don't provide ImageUri when updating a function with packageType Zip.",
        )
    fields: dict[str, Any] = {}
    location: dict[str, Any] = {"RepositoryType": "ECR", "ImageUri": source.get("ImageUri")}
    if code is not None:
        fields = {
            "code": code.directory,
            "code_sha256": code.sha256,
            "code_size": code.size,
            "code_unzipped_bytes": code.unzipped_bytes,
        }
        location = {"RepositoryType": "S3"}
    if source.get("SourceKMSKeyArn"):
        location["SourceKMSKeyArn"] = source["SourceKMSKeyArn"]
    if given.get("Architectures"):
        fields["architecture"] = given["Architectures"][0]
    configuration = dataclasses.replace(record.configuration, **fields)
    return dataclasses.replace(record, configuration=configuration, code_location=location)


def refuse_not_built(given: Given) -> None:
    """NotImplementedException for settings that would change how a function runs, and do not here."""
    for name in _NOT_BUILT:
        if given.get(name):
            raise ServiceFault("NotImplementedException", f"{name} is not built in this harness")


def _plain(field: str) -> Callable[[FunctionConfiguration, Any], dict[str, Any]]:
    return lambda _, value: {field: value}


def _logging(current: FunctionConfiguration, value: Given) -> dict[str, Any]:
    log_format = value.get("LogFormat", current.log_format)
    levels = value.get("ApplicationLogLevel"), value.get("SystemLogLevel")
    if log_format == "Text" and levels != (None, None):
        raise ServiceFault(
            "InvalidParameterValueException",
            'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change '
            'the LogFormat to "JSON" and try again.',
        )
    is_json = log_format == "JSON"
    return {
        "log_format": log_format,
        "log_group": value.get("LogGroup", current.log_group),
        "application_log_level": (levels[0] or current.application_log_level) if is_json else None,
        "system_log_level": (levels[1] or current.system_log_level) if is_json else None,
    }


def _durable(current: FunctionConfiguration, value: Given) -> dict[str, Any]:
    """API "CreateFunction" and "UpdateFunctionConfiguration": what an update leaves out stays as it was."""
    before = current.durable
    timeout = value.get("ExecutionTimeout")
    if timeout is None and before is not None:
        timeout = before.execution_timeout_seconds
    if timeout is None:
        raise ServiceFault("InvalidParameterValueException", "DurableConfig needs an ExecutionTimeout")
    retention = value.get("RetentionPeriodInDays")
    if retention is None:
        retention = DURABLE_RETENTION_DAYS_DEFAULT if before is None else before.retention_days
    key = value.get("KMSKeyArn")
    if key is None:
        key = "" if before is None else before.kms_key_arn
    durable = DurableConfig(execution_timeout_seconds=int(timeout), retention_days=int(retention), kms_key_arn=key)
    return {"durable": durable}


def _vpc(_: FunctionConfiguration, value: Given) -> dict[str, Any]:
    """The text is AWS's, as seen in aws/aws-sdk-js, issue 1293."""
    subnets, groups = tuple(value.get("SubnetIds") or ()), tuple(value.get("SecurityGroupIds") or ())
    if bool(subnets) != bool(groups):
        raise ServiceFault(
            "InvalidParameterValueException", "SubnetIds and SecurityIds must coexist or be both empty list."
        )
    return {"vpc_subnet_ids": subnets, "vpc_security_group_ids": groups}


def _dead_letters(_: FunctionConfiguration, value: Given) -> dict[str, Any]:
    """DG "Adding a dead-letter queue": a standard queue or a standard topic. The words are not confirmed by a page."""
    target = value.get("TargetArn") or ""
    if target and (target.split(":")[2] not in ("sqs", "sns") or target.endswith(".fifo")):
        raise ServiceFault(
            "InvalidParameterValueException",
            f"The dead-letter target {target} is neither a standard SQS queue nor a standard SNS topic.",
        )
    return {"dead_letter_target": target}


def _file_systems(_: FunctionConfiguration, value: Sequence[Given]) -> dict[str, Any]:
    return {"file_systems": tuple(FileSystemMount(arn=each["Arn"], path=each["LocalMountPath"]) for each in value)}


# Member of the API -> the configuration's fields that it sets.
_FIELDS: Mapping[str, Callable[[FunctionConfiguration, Any], dict[str, Any]]] = {
    "Architectures": lambda _, value: {"architecture": value[0]},
    "DeadLetterConfig": _dead_letters,
    "Description": _plain("description"),
    "Environment": lambda _, value: {"environment": dict(value.get("Variables") or {})},
    "EphemeralStorage": lambda _, value: {"ephemeral_storage_mib": value["Size"]},
    "FileSystemConfigs": _file_systems,
    "Handler": _plain("handler"),
    "LoggingConfig": _logging,
    "MemorySize": _plain("memory_mib"),
    "Role": _plain("role"),
    "Runtime": _plain("runtime"),
    "Timeout": _plain("timeout_seconds"),
    "TracingConfig": lambda _, value: {"tracing": value.get("Mode") or "PassThrough"},
    "VpcConfig": _vpc,
    "DurableConfig": _durable,
    "TenancyConfig": lambda _, value: {"tenancy": value.get("TenantIsolationMode") or ""},
}
