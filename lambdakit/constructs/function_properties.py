"""What can be said of one function, with every default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aws_cdk import Duration, Size, SizeRoundingBehavior
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT
from lambdakit.limits import EPHEMERAL_STORAGE_MIB_DEFAULT

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from aws_cdk import aws_ssm as ssm

    from lambdakit.constructs.function_alarms import FunctionAlarms
    from lambdakit.constructs.function_url import FunctionUrl
    from lambdakit.constructs.gradual_deployment import GradualDeployment
    from lambdakit.constructs.grants import Grant
    from lambdakit.constructs.provisioned_scaling import ProvisionedScaling

MEMORY_MIB = 512
TIMEOUT_SECONDS = 10
ALIAS_NAME = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProperties:
    """The settings of a `LambdaFunction`, under the names of its keyword arguments, which explain them."""

    code: str | Path | lambda_.Code
    handler: str
    runtime: lambda_.Runtime | None = None
    architecture: lambda_.Architecture | None = None
    memory_size: int = MEMORY_MIB
    timeout: Duration | int = TIMEOUT_SECONDS
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    secrets: Mapping[str, secretsmanager.ISecret] = field(default_factory=lambda: MappingProxyType({}))
    parameters: Mapping[str, ssm.IParameter] = field(default_factory=lambda: MappingProxyType({}))
    environment_encryption: kms.IKey | None = None
    grants: Mapping[str, Grant] = field(default_factory=lambda: MappingProxyType({}))
    tracing: lambda_.Tracing = lambda_.Tracing.ACTIVE
    description: str | None = None
    function_name: str | None = None
    role: iam.IRole | None = None
    initial_policy: Sequence[iam.PolicyStatement] = ()
    reserved_concurrent_executions: int | None = None
    recursive_loop: lambda_.RecursiveLoop | None = None
    ephemeral_storage_size: Size | int = EPHEMERAL_STORAGE_MIB_DEFAULT
    layers: Sequence[lambda_.ILayerVersion] = ()
    log_retention: logs.RetentionDays | int = LOG_RETENTION_DAYS_DEFAULT
    application_log_level: lambda_.ApplicationLogLevel | None = None
    system_log_level: lambda_.SystemLogLevel | None = None
    vpc: ec2.IVpc | None = None
    vpc_subnets: ec2.SubnetSelection | None = None
    security_groups: Sequence[ec2.ISecurityGroup] = ()
    allow_all_outbound: bool = True
    ipv6_allowed_for_dual_stack: bool = False
    filesystem: lambda_.FileSystem | None = None
    retry_attempts: int | None = None
    max_event_age: Duration | int | None = None
    on_success: lambda_.IDestination | None = None
    on_failure: lambda_.IDestination | None = None
    dead_letter_queue: sqs.IQueue | None = None
    dead_letter_topic: sns.ITopic | None = None
    snap_start: bool = False
    code_signing_config: lambda_.ICodeSigningConfig | None = None
    runtime_management_mode: lambda_.RuntimeManagementMode | None = None
    tenancy_config: lambda_.TenancyConfig | None = None
    durable_config: lambda_.DurableConfig | None = None
    insights_version: lambda_.LambdaInsightsVersion | None = None
    params_and_secrets: lambda_.ParamsAndSecretsLayerVersion | None = None
    adot_instrumentation: lambda_.AdotInstrumentationConfig | None = None
    alias_name: str = ALIAS_NAME
    alias_description: str | None = None
    additional_versions: Sequence[lambda_.VersionWeight] = ()
    provisioned_concurrent_executions: int | None = None
    provisioned_scaling: ProvisionedScaling | None = None
    deployment: GradualDeployment | None = None
    function_url: FunctionUrl | None = None
    alarms: FunctionAlarms | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def keywords(self) -> dict[str, Any]:
        """The keyword arguments of `LambdaFunction`: `LambdaFunction(scope, id, **properties.keywords())`."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def seconds_of(duration: Duration | int) -> float | None:
    """A duration as a number of seconds; None when only the deployment knows it."""
    if isinstance(duration, int):
        return duration
    return None if duration.is_unresolved() else duration.to_seconds(integral=False)


def as_duration(duration: Duration | int) -> Duration:
    """The CDK's duration of a number of seconds."""
    return Duration.seconds(duration) if isinstance(duration, int) else duration


def storage_mib(size: Size | int) -> float | None:
    """The size of `/tmp` as a number of MiB; None when only the deployment knows it."""
    if isinstance(size, int):
        return size
    return None if size.is_unresolved() else size.to_mebibytes(rounding=SizeRoundingBehavior.NONE)
