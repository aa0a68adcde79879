"""One function with all that belongs to it: log group, execution role, published version, alias, alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import jsii
from aws_cdk import Duration, RemovalPolicy, Size, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambdakit.constructs.durable_permissions import allow_durable
from lambdakit.constructs.execution_role import allow_elsewhere, make_execution_role
from lambdakit.constructs.function_acknowledgements import acknowledge_function
from lambdakit.constructs.function_alarms import FunctionAlarms, make_function_alarms
from lambdakit.constructs.function_code import function_code
from lambdakit.constructs.function_problems import function_problems, located
from lambdakit.constructs.function_properties import (
    ALIAS_NAME,
    MEMORY_MIB,
    TIMEOUT_SECONDS,
    FunctionProperties,
    as_duration,
    seconds_of,
)
from lambdakit.constructs.function_url import FunctionUrl, make_function_url
from lambdakit.constructs.gradual_deployment import GradualDeployment, make_deployment_group
from lambdakit.constructs.grants import Grant, allow_grants, grant_variables
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT, retention
from lambdakit.constructs.provisioned_scaling import ProvisionedScaling, add_scaling
from lambdakit.errors import SynthesisError
from lambdakit.limits import EPHEMERAL_STORAGE_MIB_DEFAULT

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_codedeploy as codedeploy
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from aws_cdk import aws_ssm as ssm

_NONE: Mapping[str, Any] = MappingProxyType({})
# Source: API lambda TracingConfig.Mode
_TRACING_MODES: Mapping[lambda_.Tracing, str] = {
    lambda_.Tracing.ACTIVE: "Active",
    lambda_.Tracing.PASS_THROUGH: "PassThrough",
}


@jsii.implements(iam.IGrantable)
class LambdaFunction(Construct):
    """A Lambda function, ready for production.

    It owns its log group (JSON, finite retention, deleted with the stack) and its execution role, whose one inline
    policy allows writing to that log group, when traced to X-Ray, and what else its settings need; managed policies
    are never attached. Each deployment publishes a version, and the alias follows it: wire every trigger to `alias`,
    grant to `role`.

    function: the CDK's function, `$LATEST`.
    version: the version that this state of code and configuration publishes.
    alias: points to `version`; takes provisioned concurrency and the settings of asynchronous events, so it is what
        callers must invoke.
    role: the execution role, to which grants go; `table.grant_read_data(function)` is one to it.
    log_group: where the function's output goes.
    alarms: those made here.
    url: the alias's address; None without one.
    deployment: the CodeDeploy group that moves the alias; None when it moves at once.
    """

    function: lambda_.Function
    version: lambda_.Version
    alias: lambda_.Alias
    role: iam.IRole
    log_group: logs.LogGroup
    alarms: Sequence[cloudwatch.CfnAlarm]
    url: lambda_.FunctionUrl | None
    deployment: codedeploy.LambdaDeploymentGroup | None

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        code: str | Path | lambda_.Code,
        handler: str,
        runtime: lambda_.Runtime | None = None,
        architecture: lambda_.Architecture | None = None,
        memory_size: int = MEMORY_MIB,
        timeout: Duration | int = TIMEOUT_SECONDS,
        environment: Mapping[str, str] = _NONE,
        secrets: Mapping[str, secretsmanager.ISecret] = _NONE,
        parameters: Mapping[str, ssm.IParameter] = _NONE,
        environment_encryption: kms.IKey | None = None,
        grants: Mapping[str, Grant] = _NONE,
        tracing: lambda_.Tracing = lambda_.Tracing.ACTIVE,
        description: str | None = None,
        function_name: str | None = None,
        role: iam.IRole | None = None,
        initial_policy: Sequence[iam.PolicyStatement] = (),
        reserved_concurrent_executions: int | None = None,
        recursive_loop: lambda_.RecursiveLoop | None = None,
        ephemeral_storage_size: Size | int = EPHEMERAL_STORAGE_MIB_DEFAULT,
        layers: Sequence[lambda_.ILayerVersion] = (),
        log_retention: logs.RetentionDays | int = LOG_RETENTION_DAYS_DEFAULT,
        application_log_level: lambda_.ApplicationLogLevel | None = None,
        system_log_level: lambda_.SystemLogLevel | None = None,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] = (),
        allow_all_outbound: bool = True,
        ipv6_allowed_for_dual_stack: bool = False,
        filesystem: lambda_.FileSystem | None = None,
        retry_attempts: int | None = None,
        max_event_age: Duration | int | None = None,
        on_success: lambda_.IDestination | None = None,
        on_failure: lambda_.IDestination | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        dead_letter_topic: sns.ITopic | None = None,
        snap_start: bool = False,
        code_signing_config: lambda_.ICodeSigningConfig | None = None,
        runtime_management_mode: lambda_.RuntimeManagementMode | None = None,
        tenancy_config: lambda_.TenancyConfig | None = None,
        durable_config: lambda_.DurableConfig | None = None,
        insights_version: lambda_.LambdaInsightsVersion | None = None,
        params_and_secrets: lambda_.ParamsAndSecretsLayerVersion | None = None,
        adot_instrumentation: lambda_.AdotInstrumentationConfig | None = None,
        alias_name: str = ALIAS_NAME,
        alias_description: str | None = None,
        additional_versions: Sequence[lambda_.VersionWeight] = (),
        provisioned_concurrent_executions: int | None = None,
        provisioned_scaling: ProvisionedScaling | None = None,
        deployment: GradualDeployment | None = None,
        function_url: FunctionUrl | None = None,
        alarms: FunctionAlarms | None = None,
        tags: Mapping[str, str] = _NONE,
    ) -> None:
        """Adds the function to `scope`. SynthesisError, with all that is wrong, for settings Lambda would refuse.

        code: a directory, a .zip or .jar file, or the CDK's `Code`; bytecode and tool caches are left out. What
            the uv.lock, pyproject.toml or requirements.txt of a Python function names is installed beside its files.
        handler: file and function, `app.handler`.
        runtime: absent, Python 3.13.
        architecture: absent, arm64, which costs a fifth less per GB-second.
        memory_size: MiB, 128 to 10240; absent, 512.
        timeout: a `Duration` or seconds, 1 to 900; absent, 10.
        environment: variables of the function, at most 4 KiB; absent, none.
        secrets: variables that hold the secrets' ARNs; the function may read them. Absent, none.
        parameters: variables that hold the parameters' names; the function may read them. Absent, none.
        environment_encryption: the key for the variables; absent, Lambda's own.
        grants: what the function may do with which resource, by name, from which its variable follows: `jobs` gives
            `JOBS_QUEUE_URL`, which `environment` may set otherwise. Absent, nothing.
        tracing: X-Ray; absent, active.
        description: absent, none.
        function_name: absent, CloudFormation makes one, so that a replacement can stand beside the old function.
        role: an existing execution role, which is granted what the function needs; absent, one is made.
        initial_policy: statements for the role; absent, none.
        reserved_concurrent_executions: how many may run at once, taken from the account's pool, 0 stops the
            function; absent, it shares the pool.
        recursive_loop: absent, Lambda ends a loop of invocations that it detects.
        ephemeral_storage_size: `/tmp`, a `Size` or MiB, 512 to 10240; absent, 512.
        layers: at most 5, later ones cover earlier ones; absent, none.
        log_retention: `RetentionDays` or days; absent, 30.
        application_log_level, system_log_level: what is not written at all; absent, INFO.
        vpc: absent, the function is in none. vpc_subnets: absent, the private ones. security_groups: absent, one is
            made, with `allow_all_outbound`. ipv6_allowed_for_dual_stack: absent, IPv4 only.
        filesystem: mounted below /mnt, in a VPC; absent, none.
        retry_attempts: of asynchronous events, 0 to 2; absent, 2.
        max_event_age: of asynchronous events, a `Duration` or seconds, 60 to 21600; absent, six hours.
        on_success, on_failure: where the record of an asynchronous invocation goes; absent, nowhere.
        dead_letter_queue, dead_letter_topic: what takes asynchronous events that failed; absent, none.
        snap_start: published versions start from a snapshot; absent, no.
        code_signing_config: absent, code need not be signed.
        runtime_management_mode: absent, AWS updates the runtime.
        tenancy_config: absent, tenants share environments.
        durable_config: absent, the function is no durable one. The role may keep the checkpoints of its executions.
        insights_version, params_and_secrets, adot_instrumentation: AWS's extensions; absent, none.
        alias_name: absent, `live`.
        alias_description: absent, none.
        additional_versions: which take a part of the alias's traffic; absent, none.
        provisioned_concurrent_executions: environments kept initialised behind the alias, at least 1;
            absent, none.
        provisioned_scaling: lets their number follow the use; absent, it stays.
        deployment: moves traffic to a new version step by step; absent, at once.
        function_url: an address of the alias's own; absent, none.
        alarms: `FunctionAlarms()` watches errors, throttles and a duration near the time-out; absent, none, as each is
            paid for.
        tags: of the function, its role and its log group, for cost allocation; absent, none.
        """
        settings = locals()
        super().__init__(scope, id)
        properties = FunctionProperties(**{each.name: settings[each.name] for each in fields(FunctionProperties)})
        if problems := function_problems(properties):
            raise SynthesisError(*located(self.node.path, problems))
        self.log_group = logs.LogGroup(
            self, "LogGroup", retention=retention(log_retention), removal_policy=RemovalPolicy.DESTROY
        )
        self.role = self._make_role(properties) if role is None else self._extended(role, properties)
        # logs:CreateLogStream and logs:PutLogEvents, on this group alone.
        self.log_group.grant_write(self.role)
        for secret in secrets.values():
            secret.grant_read(self.role)
        for parameter in parameters.values():
            parameter.grant_read(self.role)
        allow_grants(grants, self.role)
        self.function = self._make_function(properties)
        self._set_tracing(tracing)
        acknowledge_function(self.function, properties)
        self.version = self.function.current_version
        self.alias = self._make_alias(properties)
        if durable_config is not None:
            # Whoever has the alias may begin an execution, which keeps checkpoints at once.
            self.alias.node.add_dependency(allow_durable(self, self.function, self.role))
        if provisioned_scaling is not None:
            add_scaling(self.alias, provisioned_scaling)
        self.url = None if function_url is None else make_function_url(self.alias, function_url)
        self.alarms = () if alarms is None else self._make_alarms(alarms, timeout)
        self.deployment = (
            None if deployment is None else make_deployment_group(self, self.alias, deployment, self.alarms)
        )
        for key, value in tags.items():
            Tags.of(self).add(key, value)

    @property
    @jsii.member(jsii_name="grantPrincipal")
    def grant_principal(self) -> iam.IPrincipal:
        """The execution role, for the CDK's grant methods, which take a function of its own likewise."""
        return self.role.grant_principal

    def _make_role(self, properties: FunctionProperties) -> iam.Role:
        return make_execution_role(
            self, traced=properties.tracing != lambda_.Tracing.DISABLED, in_network=properties.vpc is not None
        )

    def _extended(self, role: iam.IRole, properties: FunctionProperties) -> iam.IRole:
        allow_elsewhere(
            role, traced=properties.tracing != lambda_.Tracing.DISABLED, in_network=properties.vpc is not None
        )
        return role

    def _set_tracing(self, tracing: lambda_.Tracing) -> None:
        if tracing == lambda_.Tracing.DISABLED:
            return
        # Not the CDK's `tracing`, which would write X-Ray's actions on "*" among the function's own grants.
        template = self.function.node.default_child
        assert isinstance(template, lambda_.CfnFunction)
        template.tracing_config = lambda_.CfnFunction.TracingConfigProperty(mode=_TRACING_MODES[tracing])

    def _make_function(self, properties: FunctionProperties) -> lambda_.Function:
        storage = properties.ephemeral_storage_size
        variables = {
            **grant_variables(properties.grants),
            **properties.environment,
            **{name: secret.secret_arn for name, secret in properties.secrets.items()},
            **{name: parameter.parameter_name for name, parameter in properties.parameters.items()},
        }
        # Read from the CDK here, as reading them at import would start Node.js.
        runtime = properties.runtime or lambda_.Runtime.PYTHON_3_13
        architecture = properties.architecture or lambda_.Architecture.ARM_64
        return lambda_.Function(
            self,
            "Function",
            code=function_code(f"{self.node.path}.code", properties.code, runtime=runtime, architecture=architecture),
            handler=properties.handler,
            runtime=runtime,
            architecture=architecture,
            memory_size=properties.memory_size,
            timeout=as_duration(properties.timeout),
            environment=variables or None,
            environment_encryption=properties.environment_encryption,
            description=properties.description,
            function_name=properties.function_name,
            initial_policy=list(properties.initial_policy) or None,
            reserved_concurrent_executions=properties.reserved_concurrent_executions,
            recursive_loop=properties.recursive_loop,
            ephemeral_storage_size=Size.mebibytes(storage) if isinstance(storage, int) else storage,
            layers=list(properties.layers) or None,
            role=self.role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=properties.application_log_level,
            system_log_level_v2=properties.system_log_level,
            **_network(properties),
            filesystem=properties.filesystem,
            dead_letter_queue=properties.dead_letter_queue,
            dead_letter_topic=properties.dead_letter_topic,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if properties.snap_start else None,
            code_signing_config=properties.code_signing_config,
            runtime_management_mode=properties.runtime_management_mode,
            tenancy_config=properties.tenancy_config,
            durable_config=properties.durable_config,
            insights_version=properties.insights_version,
            params_and_secrets=properties.params_and_secrets,
            adot_instrumentation=properties.adot_instrumentation,
        )

    def _make_alias(self, properties: FunctionProperties) -> lambda_.Alias:
        age = properties.max_event_age
        return self.function.add_alias(
            properties.alias_name,
            description=properties.alias_description,
            additional_versions=list(properties.additional_versions) or None,
            provisioned_concurrent_executions=properties.provisioned_concurrent_executions,
            retry_attempts=properties.retry_attempts,
            max_event_age=None if age is None else as_duration(age),
            on_success=properties.on_success,
            on_failure=properties.on_failure,
        )

    def _make_alarms(self, alarms: FunctionAlarms, timeout: Duration | int) -> Sequence[cloudwatch.CfnAlarm]:
        seconds = seconds_of(timeout)
        return make_function_alarms(
            self,
            alarms,
            function_name=self.function.function_name,
            timeout_ms=None if seconds is None else seconds * 1000,
        )


def _network(properties: FunctionProperties) -> Mapping[str, Any]:
    """What only a function in a VPC may say."""
    if properties.vpc is None:
        return {}
    groups = list(properties.security_groups)
    return {
        "vpc": properties.vpc,
        "vpc_subnets": properties.vpc_subnets,
        "security_groups": groups or None,
        "allow_all_outbound": None if groups else properties.allow_all_outbound,
        "ipv6_allowed_for_dual_stack": properties.ipv6_allowed_for_dual_stack or None,
    }
