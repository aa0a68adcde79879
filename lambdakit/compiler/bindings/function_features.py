"""What a function has beside its code, as the constructs' properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_

from lambdakit.compiler.bindings.cors import cors
from lambdakit.constructs.function_alarms import FunctionAlarms
from lambdakit.constructs.function_url import FunctionUrl
from lambdakit.constructs.gradual_deployment import GradualDeployment
from lambdakit.constructs.provisioned_scaling import ProvisionedScaling, ScheduledCapacity
from lambdakit.spec.function import FunctionSettings
from lambdakit.spec.function_features import Alarms as AlarmSettings
from lambdakit.spec.function_features import FunctionUrl as FunctionUrlSettings
from lambdakit.spec.function_features import ProvisionedScaling as ScalingSettings

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


def features(settings: FunctionSettings) -> dict[str, Any]:
    """Keyword arguments of `FunctionProperties`."""
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
        "deployment": None if settings.deployment is None else GradualDeployment(config=_steps(settings)),
        "function_url": None if url is None else _url(url),
        "alarms": None if alarms is None else _alarms(alarms),
        "tags": settings.tags,
        "runtime_management_mode": None
        if settings.runtime_management_mode is None
        else getattr(lambda_.RuntimeManagementMode, settings.runtime_management_mode.upper()),
    }


def _steps(settings: FunctionSettings) -> codedeploy.ILambdaDeploymentConfig:
    assert settings.deployment is not None
    steps: codedeploy.ILambdaDeploymentConfig = getattr(
        codedeploy.LambdaDeploymentConfig, settings.deployment.config.upper()
    )
    return steps


def _scaling(settings: ScalingSettings) -> ProvisionedScaling:
    return ProvisionedScaling(
        max_capacity=settings.max_capacity,
        min_capacity=settings.min_capacity,
        utilization_target=settings.utilization_target,
        schedules=[
            ScheduledCapacity(schedule=each.schedule, min_capacity=each.min_capacity, max_capacity=each.max_capacity)
            for each in settings.schedules
        ],
    )


def _url(settings: FunctionUrlSettings) -> FunctionUrl:
    return FunctionUrl(
        auth_type=_AUTH_TYPES[settings.auth_type],
        invoke_mode=_INVOKE_MODES[settings.invoke_mode],
        cors=None if settings.cors is None else cors(settings.cors),
    )


def _alarms(settings: AlarmSettings) -> FunctionAlarms:
    return FunctionAlarms(
        errors=settings.errors,
        throttles=settings.throttles,
        duration_share=settings.duration_share,
        async_event_age_seconds=settings.async_event_age,
        iterator_age_seconds=settings.iterator_age,
    )
