"""A function's record as the API returns it.

Source: AWS Lambda API Reference, "FunctionConfiguration" and "ListFunctions" (which fields a list leaves out).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lambdakit.harness.lambda_service.function_record import LATEST, Alias, FunctionRecord

Output = dict[str, Any]
Progress = Mapping[str, str]

# A function is ready the moment it is stored; as on AWS, the answer that made it so says that it is on its way.
CREATING: Progress = {
    "State": "Pending",
    "StateReason": "The function is being created.",
    "StateReasonCode": "Creating",
}
UPDATING: Progress = {
    "State": "Active",
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}
READY: Progress = {"State": "Active", "LastUpdateStatus": "Successful"}


def configuration_output(
    record: FunctionRecord,
    *,
    qualifier: str = "",
    progress: Progress = READY,
    vpc_of: Callable[[tuple[str, ...]], str] = lambda _: "",
) -> Output:
    """The members of `FunctionConfiguration`.

    qualifier: what the ARN ends with; empty for an unqualified one. progress: empty for lists, which leave it out.
    vpc_of: the VPC of subnets; empty when it is not known.
    """
    configuration = record.configuration
    output: Output = {
        "FunctionName": configuration.name,
        "FunctionArn": f"{configuration.arn}:{qualifier}" if qualifier else configuration.arn,
        "Runtime": configuration.runtime or None,
        "Role": configuration.role,
        "Handler": configuration.handler or None,
        "CodeSize": configuration.code_size,
        "Description": configuration.description,
        "Timeout": configuration.timeout_seconds,
        "MemorySize": configuration.memory_mib,
        "LastModified": time_text(record.last_modified),
        "CodeSha256": configuration.code_sha256,
        "Version": configuration.version,
        "TracingConfig": {"Mode": configuration.tracing},
        "RevisionId": record.revision_id,
        "PackageType": configuration.package_type,
        "Architectures": [configuration.architecture],
        "EphemeralStorage": {"Size": configuration.ephemeral_storage_mib},
        "SnapStart": {
            "ApplyOn": (record.settings.get("SnapStart") or {}).get("ApplyOn", "None"),
            "OptimizationStatus": "On" if _is_snapped(record) else "Off",
        },
        "LoggingConfig": {
            "LogFormat": configuration.log_format,
            "ApplicationLogLevel": configuration.application_log_level,
            "SystemLogLevel": configuration.system_log_level,
            "LogGroup": configuration.log_group,
        },
    }
    return {**output, **_optional(record, vpc_of), **progress}


def _optional(record: FunctionRecord, vpc_of: Callable[[tuple[str, ...]], str]) -> Output:
    """Members that are left out when nothing was set."""
    configuration, settings = record.configuration, record.settings
    kept = ("CapacityProviderConfig", "KMSKeyArn", "FileSystemConfigs")
    output: Output = {name: settings[name] for name in kept if settings.get(name)}
    if configuration.environment:
        output["Environment"] = {"Variables": dict(configuration.environment)}
    if configuration.dead_letter_target:
        output["DeadLetterConfig"] = {"TargetArn": configuration.dead_letter_target}
    in_own_network = configuration.vpc_subnet_ids or configuration.vpc_security_group_ids
    if in_own_network and not configuration.capacity_provider:
        output["VpcConfig"] = {
            "SubnetIds": list(configuration.vpc_subnet_ids),
            "SecurityGroupIds": list(configuration.vpc_security_group_ids),
            "VpcId": vpc_of(configuration.vpc_subnet_ids),
            "Ipv6AllowedForDualStack": settings.get("Ipv6AllowedForDualStack", False),
        }
    if configuration.durable is not None:
        output["DurableConfig"] = {
            "ExecutionTimeout": configuration.durable.execution_timeout_seconds,
            "RetentionPeriodInDays": configuration.durable.retention_days,
            "KMSKeyArn": configuration.durable.kms_key_arn or None,
        }
    if configuration.tenancy:
        output["TenancyConfig"] = {"TenantIsolationMode": configuration.tenancy}
    if record.layers:
        output["Layers"] = [{"Arn": layer.arn, "CodeSize": layer.code_size} for layer in record.layers]
    if settings.get("ImageConfig"):
        output["ImageConfigResponse"] = {"ImageConfig": settings["ImageConfig"]}
    return output


def _is_snapped(record: FunctionRecord) -> bool:
    """Whether a version was published with SnapStart. Source: API "SnapStartResponse" (a qualified ARN's version)."""
    apply_on = (record.settings.get("SnapStart") or {}).get("ApplyOn")
    return apply_on == "PublishedVersions" and record.configuration.version != LATEST


def alias_output(arn: str, alias: Alias) -> Output:
    """The members of `AliasConfiguration`. arn: the function's."""
    return {
        "AliasArn": f"{arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RoutingConfig": {"AdditionalVersionWeights": dict(alias.routing)} if alias.routing else None,
        "RevisionId": alias.revision_id,
    }


def time_text(moment: datetime) -> str:
    """`2026-01-02T03:04:05.678+0000`, as the service writes `LastModified`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"
