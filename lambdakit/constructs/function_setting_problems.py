"""Settings of a function that contradict each other, or that one feature does not go with.

Pointers are relative to the function. Numbers: API PutFunctionEventInvokeConfig.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lambdakit import limits
from lambdakit.constructs.function_alarms import alarm_problems
from lambdakit.constructs.function_properties import FunctionProperties, seconds_of, storage_mib
from lambdakit.constructs.function_url import function_url_problems
from lambdakit.constructs.kind_problems import kind_problems
from lambdakit.constructs.provisioned_scaling import scaling_problems
from lambdakit.constructs.unresolved import is_unresolved, known
from lambdakit.errors import Diagnostic


def setting_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    """What Lambda would refuse of the settings together."""
    yield from _async_problems(properties)
    yield from _variable_problems(properties)
    yield from _network_problems(properties)
    yield from _snapshot_problems(properties)
    yield from _traffic_problems(properties)
    yield from _name_problems(properties)
    yield from kind_problems(properties)
    if properties.alarms is not None:
        yield from alarm_problems("alarms", properties.alarms)
    if properties.provisioned_scaling is not None:
        yield from scaling_problems("provisioned_scaling", properties.provisioned_scaling)
    if properties.function_url is not None:
        yield from function_url_problems("function_url", properties.function_url)


def _async_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    retries = known(properties.retry_attempts)
    if retries is not None and not 0 <= retries <= limits.ASYNC_RETRIES_DEFAULT:
        yield Diagnostic(
            pointer="retry_attempts",
            problem=f"{retries} is outside 0 to {limits.ASYNC_RETRIES_DEFAULT}, what Lambda allows",
            code="LK401",
            hint=f"retry_attempts: {limits.ASYNC_RETRIES_DEFAULT}",
        )
    age = None if properties.max_event_age is None else seconds_of(properties.max_event_age)
    low, high = limits.ASYNC_EVENT_AGE_SECONDS_MIN, limits.ASYNC_EVENT_AGE_SECONDS_DEFAULT
    if age is not None and not low <= age <= high:
        yield Diagnostic(
            pointer="max_event_age",
            problem=f"{age:g} is outside {low} to {high} seconds, what Lambda allows",
            code="LK401",
            hint=f"max_event_age: {low if age < low else high}",
        )
    if properties.dead_letter_queue is not None and properties.dead_letter_topic is not None:
        yield Diagnostic(
            pointer="dead_letter_topic",
            problem="there is a dead_letter_queue already, and Lambda knows one target",
            code="LK405",
            hint="keep one of them",
        )


def _variable_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    names = Counter([*properties.environment, *properties.secrets, *properties.parameters])
    for name, times in names.items():
        if times > 1:
            group = "parameters" if name in properties.parameters else "secrets"
            yield Diagnostic(
                pointer=f"{group}.{name}",
                problem=f"{name} is set more than once among environment, secrets and parameters",
                code="LK405",
                hint="give one of them another name",
            )


def _network_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    if properties.vpc is not None:
        return
    given = {
        "vpc_subnets": properties.vpc_subnets is not None,
        "security_groups": bool(properties.security_groups),
        "ipv6_allowed_for_dual_stack": properties.ipv6_allowed_for_dual_stack,
        "filesystem": properties.filesystem is not None,
    }
    for name, is_given in given.items():
        if is_given:
            yield Diagnostic(
                pointer=name,
                problem=f"{name} means something in a VPC only, and the function is in none",
                code="LK405",
                hint="give it a vpc",
            )


def _snapshot_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    """Source: Lambda Developer Guide, "Improving startup performance with Lambda SnapStart", supported features."""
    if not properties.snap_start:
        return
    provisioned = properties.provisioned_concurrent_executions, properties.provisioned_scaling
    storage = storage_mib(properties.ephemeral_storage_size)
    against = {
        "provisioned_concurrent_executions": any(each is not None for each in provisioned),
        "filesystem": properties.filesystem is not None,
        "ephemeral_storage_size": storage is not None and storage > limits.EPHEMERAL_STORAGE_MIB_DEFAULT,
    }
    for name, is_given in against.items():
        if is_given:
            yield Diagnostic(
                pointer="snap_start",
                problem=f"SnapStart does not go together with {name}",
                code="LK405",
                hint=f"leave snap_start or {name} out",
            )


def _traffic_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    weights = [each.weight for each in properties.additional_versions]
    if properties.additional_versions and (len(weights) > 1 or not all(0 <= weight <= 1 for weight in weights)):
        yield Diagnostic(
            pointer="additional_versions",
            problem="an alias splits its traffic with one more version, by a weight of 0 to 1",
            code="LK401",
            hint="additional_versions: one VersionWeight",
        )
    provisioned = properties.provisioned_concurrent_executions, properties.provisioned_scaling
    if properties.additional_versions and any(each is not None for each in provisioned):
        yield Diagnostic(
            pointer="additional_versions",
            problem="a weighted alias takes no provisioned concurrency",
            code="LK405",
            hint="leave additional_versions or the provisioned concurrency out",
        )
    if properties.deployment is not None and properties.additional_versions:
        yield Diagnostic(
            pointer="deployment",
            problem="CodeDeploy sets the alias's weights, and additional_versions sets them, too",
            code="LK405",
            hint="leave one of them out",
        )


def _name_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    name = properties.function_name
    if name is not None and not is_unresolved(name) and len(name) > limits.FUNCTION_NAME_LENGTH_MAX:
        yield Diagnostic(
            pointer="function_name",
            problem=f"has {len(name)} characters, above {limits.FUNCTION_NAME_LENGTH_MAX}, the most Lambda allows",
            code="LK401",
            hint=f"shorten it to {limits.FUNCTION_NAME_LENGTH_MAX} characters",
        )
