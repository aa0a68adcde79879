"""Settings of a function that are of another kind than its construct takes: text for a time, a word for an enumeration.

Pointers are relative to the function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aws_cdk import Duration, Size
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.grants import Grant
from lambdakit.constructs.unresolved import is_unresolved_number
from lambdakit.errors import Diagnostic

# Setting -> the classes that it may be of, how a message calls them, and an edit.
_KINDS: Final[Mapping[str, tuple[tuple[type[Any], ...], str, str]]] = {
    "runtime": ((lambda_.Runtime,), "a Runtime", "Runtime.PYTHON_3_13"),
    "architecture": ((lambda_.Architecture,), "an Architecture", "Architecture.ARM_64"),
    "memory_size": ((int,), "a whole number of MiB", "512"),
    "timeout": ((int, Duration), "a Duration or whole seconds", "Duration.seconds(10)"),
    "max_event_age": ((int, Duration), "a Duration or whole seconds", "Duration.hours(1)"),
    "ephemeral_storage_size": ((int, Size), "a Size or whole MiB", "Size.gibibytes(1)"),
    "tracing": ((lambda_.Tracing,), "a Tracing", "Tracing.ACTIVE"),
    "log_retention": ((int, logs.RetentionDays), "a RetentionDays or days", "RetentionDays.ONE_MONTH"),
    "application_log_level": ((lambda_.ApplicationLogLevel,), "an ApplicationLogLevel", "ApplicationLogLevel.INFO"),
    "system_log_level": ((lambda_.SystemLogLevel,), "a SystemLogLevel", "SystemLogLevel.WARN"),
    "recursive_loop": ((lambda_.RecursiveLoop,), "a RecursiveLoop", "RecursiveLoop.TERMINATE"),
    "description": ((str,), "text", '"Takes an order"'),
}
# The same of what stands in a mapping.
_VALUES: Final[Mapping[str, tuple[type[Any], str, str]]] = {
    "environment": (str, "text, as environment variables are", 'str(…), or "…"'),
    "tags": (str, "text", 'str(…), or "…"'),
    "grants": (Grant, "a Grant", 'Grant(resource=…, access="read")'),
}


def value_kind_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    """The settings that the CDK, or a check of a bound, would stumble over."""
    for name, (kinds, allowed, hint) in _KINDS.items():
        value = getattr(properties, name)
        if value is None or (int in kinds and is_unresolved_number(value)):
            continue
        if isinstance(value, bool) or not isinstance(value, kinds):
            yield _refused(name, value, allowed, f"{name}={hint}")
    for name, (kind, allowed, hint) in _VALUES.items():
        for key, value in getattr(properties, name).items():
            if not isinstance(value, kind):
                yield _refused(f"{name}.{key}", value, allowed, hint)


def _refused(pointer: str, value: object, allowed: str, hint: str) -> Diagnostic:
    problem = f"{value!r} is a {type(value).__name__}, not {allowed}"
    return Diagnostic(pointer=pointer, problem=problem, code="LK401", hint=hint)
