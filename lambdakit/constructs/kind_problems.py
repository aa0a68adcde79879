"""What a durable function, or one that isolates its tenants, cannot be or have.

Pointers are relative to the function.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit import limits
from lambdakit.constructs.function_properties import FunctionProperties, seconds_of
from lambdakit.errors import Diagnostic


def kind_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    """What Lambda would refuse."""
    yield from _durable_problems(properties)
    yield from _tenancy_problems(properties)


def _durable_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    """Sources: API DurableConfig; Lambda Developer Guide, "Invoking Lambda durable functions", error handling."""
    config = properties.durable_config
    if config is None:
        return
    for name in ("on_failure", "on_success"):
        if getattr(properties, name) is not None:
            yield Diagnostic(
                pointer=name,
                problem=f"{name} does not go with durable_config: Lambda sends nothing of durable functions there",
                code="LK405",
                hint="leave it out; dead_letter_queue takes the events of executions that failed",
            )
    seconds = seconds_of(config.execution_timeout)
    low, high = limits.DURABLE_TIMEOUT_SECONDS_MIN, limits.DURABLE_TIMEOUT_SECONDS_MAX
    if seconds is not None and not low <= seconds <= high:
        yield Diagnostic(
            pointer="durable_config.execution_timeout",
            problem=f"{seconds:g} is outside {low} to {high} seconds, what Lambda allows",
            code="LK401",
            hint=f"execution_timeout: {low if seconds < low else high} seconds",
        )
    retention = None if config.retention_period is None else seconds_of(config.retention_period)
    low, high = limits.DURABLE_RETENTION_DAYS_MIN, limits.DURABLE_RETENTION_DAYS_MAX
    if retention is not None and (retention % 86_400 or not low <= retention / 86_400 <= high):
        yield Diagnostic(
            pointer="durable_config.retention_period",
            problem=f"{retention / 86_400:g} days are not {low} to {high} whole days, what Lambda allows",
            code="LK401",
            hint=f"retention_period: {limits.DURABLE_RETENTION_DAYS_DEFAULT} days",
        )


def _tenancy_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    """Source: Lambda Developer Guide, "Tenant isolation", supported features and limitations."""
    if properties.tenancy_config is None:
        return
    given = {
        "function_url": properties.function_url is not None,
        "provisioned_concurrent_executions": properties.provisioned_concurrent_executions is not None,
        "provisioned_scaling": properties.provisioned_scaling is not None,
        "snap_start": properties.snap_start,
    }
    for name, is_given in given.items():
        if is_given:
            yield Diagnostic(
                pointer=name,
                problem=f"{name} does not go with tenancy_config, by which tenants have environments of their own",
                code="LK405",
                hint=f"leave out {name}, or tenancy_config",
            )
