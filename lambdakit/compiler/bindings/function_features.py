"""What a function has beside its code, as the constructs' properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Duration, TimeZone
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns

from lambdakit.compiler.bindings.cors import cors
from lambdakit.compiler.bindings.resources import shared
from lambdakit.constructs.function_alarms import FunctionAlarms
from lambdakit.constructs.function_url import FunctionUrl
from lambdakit.constructs.gradual_deployment import GradualDeployment
from lambdakit.constructs.provisioned_scaling import ProvisionedScaling, ScheduledCapacity
from lambdakit.spec.durable import DurableConfig as DurableSettings
from lambdakit.spec.function import FunctionSettings
from lambdakit.spec.function_features import Alarms as AlarmSettings
from lambdakit.spec.function_features import FunctionUrl as FunctionUrlSettings
from lambdakit.spec.function_features import GradualDeployment as DeploymentSettings
from lambdakit.spec.function_features import HookedDeployment as HookedDeploymentSettings
from lambdakit.spec.function_features import ProvisionedScaling as ScalingSettings

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope

_AUTH_TYPES: Final[Mapping[str, lambda_.FunctionUrlAuthType]] = {
    "aws_iam": lambda_.FunctionUrlAuthType.AWS_IAM,
    "none": lambda_.FunctionUrlAuthType.NONE,
}
_INVOKE_MODES: Final[Mapping[str, lambda_.InvokeMode]] = {
    "buffered": lambda_.InvokeMode.BUFFERED,
    "response_stream": lambda_.InvokeMode.RESPONSE_STREAM,
}
_RECURSIVE_LOOPS: Final[Mapping[str, lambda_.RecursiveLoop]] = {
    "allow": lambda_.RecursiveLoop.ALLOW,
    "terminate": lambda_.RecursiveLoop.TERMINATE,
}


def features(scope: BindingScope, id: str, settings: FunctionSettings) -> dict[str, Any]:
    """Keyword arguments of `FunctionProperties`. id: with which begins what is imported for the function."""
    application, system, loop = settings.application_log_level, settings.system_log_level, settings.recursive_loop
    scaling, url, alarms = settings.alias.provisioned_scaling, settings.function_url, settings.alarms
    return {
        "function_name": settings.function_name,
        "application_log_level": None if application is None else lambda_.ApplicationLogLevel[application.upper()],
        "system_log_level": None if system is None else lambda_.SystemLogLevel[system.upper()],
        "retry_attempts": settings.retry_attempts,
        "max_event_age": settings.max_event_age,
        "snap_start": settings.snap_start,
        "recursive_loop": None if loop is None else _RECURSIVE_LOOPS[loop],
        "provisioned_scaling": None if scaling is None else _scaling(scaling),
        "deployment": None if settings.deployment is None else _deployment(scope, id, settings.deployment),
        "function_url": None if url is None else _url(url),
        "alarms": None if alarms is None else _alarms(scope, id, alarms),
        "tags": settings.tags,
        "durable_config": None if settings.durable_config is None else _durable(settings.durable_config),
        "tenancy_config": None if settings.tenancy_config is None else lambda_.TenancyConfig.PER_TENANT,
        "runtime_management_mode": None
        if settings.runtime_management_mode is None
        else getattr(lambda_.RuntimeManagementMode, settings.runtime_management_mode.upper()),
    }


def _deployment(
    scope: BindingScope, id: str, settings: DeploymentSettings | HookedDeploymentSettings
) -> GradualDeployment:
    steps: codedeploy.ILambdaDeploymentConfig = getattr(codedeploy.LambdaDeploymentConfig, settings.config.upper())
    hooks: dict[str, Any] = {}
    if isinstance(settings, HookedDeploymentSettings):
        named = {"pre_hook": settings.pre_hook, "post_hook": settings.post_hook}
        hooks = {key: scope.functions[name] for key, name in named.items() if name is not None}
    return GradualDeployment(
        config=steps,
        alarms=[
            cloudwatch.Alarm.from_alarm_arn(scope.stack, f"{id}:deployment:{number}", arn)
            for number, arn in enumerate(settings.alarm_arns)
        ],
        **hooks,
    )


def _durable(settings: DurableSettings) -> lambda_.DurableConfig:
    retention = settings.retention_period
    return lambda_.DurableConfig(
        execution_timeout=Duration.seconds(settings.execution_timeout),
        retention_period=None if retention is None else Duration.seconds(retention),
    )


def _scaling(settings: ScalingSettings) -> ProvisionedScaling:
    return ProvisionedScaling(
        max_capacity=settings.max_capacity,
        min_capacity=settings.min_capacity,
        utilization_target=settings.utilization_target,
        schedules=[
            ScheduledCapacity(
                schedule=each.schedule,
                min_capacity=each.min_capacity,
                max_capacity=each.max_capacity,
                time_zone=None if each.time_zone is None else TimeZone.of(each.time_zone),
            )
            for each in settings.schedules
        ],
    )


def _url(settings: FunctionUrlSettings) -> FunctionUrl:
    return FunctionUrl(
        auth_type=_AUTH_TYPES[settings.auth_type],
        invoke_mode=_INVOKE_MODES[settings.invoke_mode],
        cors=None if settings.cors is None else cors(settings.cors),
    )


def _alarms(scope: BindingScope, id: str, settings: AlarmSettings) -> FunctionAlarms:
    imported = [
        sns.Topic.from_topic_arn(scope.stack, f"{id}:alarms:{number}", arn)
        for number, arn in enumerate(settings.topic_arns)
    ]
    return FunctionAlarms(
        errors=settings.errors,
        throttles=settings.throttles,
        duration_share=settings.duration_share,
        async_event_age_seconds=settings.async_event_age,
        iterator_age_seconds=settings.iterator_age,
        concurrent_executions=settings.concurrent_executions,
        topics=[*(shared(scope, name) for name in settings.topics), *imported],
    )
