"""What is wrong with a function's settings, found before the CDK sees them.

Pointers are relative to the function: `memory_size`, `environment.TABLE_NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import ceil

from lambdakit import limits
from lambdakit.constructs.code_asset import code_problems
from lambdakit.constructs.function_properties import FunctionProperties, seconds_of, storage_mib
from lambdakit.constructs.function_setting_problems import setting_problems
from lambdakit.constructs.function_value_kinds import value_kind_problems
from lambdakit.constructs.grants import grant_problems
from lambdakit.constructs.log_retention import retention_problems
from lambdakit.constructs.unresolved import is_unresolved, known
from lambdakit.errors import Diagnostic

# Source: API CreateFunction.Environment: [a-zA-Z]([a-zA-Z0-9_])+
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
# Source: API CreateAlias.Name
_ALIAS = re.compile(r"(?!^[0-9]+$)[a-zA-Z0-9-_]+")
# Source: API CreateFunction.Handler: [^\s]+
_HANDLER = re.compile(r"\S+")


def function_problems(properties: FunctionProperties) -> list[Diagnostic]:
    """Every setting of `properties` that Lambda would refuse; empty when there is none."""
    if misfits := list(value_kind_problems(properties)):
        return misfits
    return [
        *code_problems("code", properties.code),
        *_number_problems(properties),
        *_text_problems(properties),
        *_environment_problems(properties),
        *_layer_problems(properties.layers),
        *_concurrency_problems(properties),
        *retention_problems("log_retention", properties.log_retention),
        *grant_problems(properties.grants),
        *setting_problems(properties),
    ]


def located(path: str, problems: Sequence[Diagnostic]) -> list[Diagnostic]:
    """`problems` with their pointers below the construct at `path`: `shop/orders/create_order.memory_size`."""
    return [
        Diagnostic(
            pointer=f"{path}.{problem.pointer}" if problem.pointer else path,
            problem=problem.problem,
            code=problem.code,
            hint=problem.hint,
        )
        for problem in problems
    ]


def _number_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    yield from _range_problems(
        "memory_size", properties.memory_size, limits.MEMORY_MIB_MIN, limits.MEMORY_MIB_MAX, "MiB"
    )
    yield from _range_problems(
        "timeout",
        seconds_of(properties.timeout),
        limits.TIMEOUT_SECONDS_MIN,
        limits.TIMEOUT_SECONDS_MAX,
        "seconds",
    )
    yield from _range_problems(
        "ephemeral_storage_size",
        storage_mib(properties.ephemeral_storage_size),
        limits.EPHEMERAL_STORAGE_MIB_MIN,
        limits.EPHEMERAL_STORAGE_MIB_MAX,
        "MiB",
    )


def _range_problems(name: str, value: float | None, low: int, high: int, unit: str) -> Iterator[Diagnostic]:
    value = known(value)
    if value is None:
        return
    if value < low:
        yield Diagnostic(
            pointer=name,
            problem=f"{value:g} is below {low}, the least Lambda allows ({low} to {high} {unit})",
            code="LK401",
            hint=f"{name}: {low}",
        )
    elif value > high:
        yield Diagnostic(
            pointer=name,
            problem=f"{value:g} is above {high}, the most Lambda allows ({low} to {high} {unit})",
            code="LK401",
            hint=f"{name}: {high}",
        )
    elif value != int(value):
        yield Diagnostic(
            pointer=name,
            problem=f"{value:g} is no whole number of {unit} ({low} to {high})",
            code="LK401",
            hint=f"{name}: {ceil(value)}",
        )


def _text_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    yield from _length_problems("handler", properties.handler, limits.HANDLER_LENGTH_MAX)
    yield from _length_problems("description", properties.description or "", limits.DESCRIPTION_LENGTH_MAX)
    yield from _length_problems("alias_name", properties.alias_name, limits.ALIAS_NAME_LENGTH_MAX)
    yield from _length_problems("alias_description", properties.alias_description or "", limits.DESCRIPTION_LENGTH_MAX)
    if _HANDLER.fullmatch(properties.handler) is None:
        yield Diagnostic(
            pointer="handler",
            problem=f"{properties.handler!r} is no handler: it is empty or holds a space",
            code="LK401",
            hint="write file and function: handler: app.handler",
        )
    if _ALIAS.fullmatch(properties.alias_name) is None:
        yield Diagnostic(
            pointer="alias_name",
            problem=f"{properties.alias_name!r} is no name for an alias: letters, digits, - and _, and not only digits",
            code="LK401",
            hint="alias_name: live",
        )


def _length_problems(name: str, text: str, longest: int) -> Iterator[Diagnostic]:
    if len(text) > longest and not is_unresolved(text):
        yield Diagnostic(
            pointer=name,
            problem=f"has {len(text)} characters, above {longest}, the most Lambda allows",
            code="LK401",
            hint=f"shorten it to {longest} characters",
        )


def _environment_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    environment = properties.environment
    for name in dict.fromkeys([*environment, *properties.secrets, *properties.parameters]):
        if name in limits.RESERVED_VARIABLES:
            yield Diagnostic(
                pointer=f"environment.{name}",
                problem=f"{name} is reserved: Lambda sets it",
                code="LK404",
                hint="choose another name",
            )
        elif _VARIABLE.fullmatch(name) is None:
            yield Diagnostic(
                pointer=f"environment.{name}",
                problem=f"{name!r} is no name for a variable: a letter, then one or more letters, digits or _",
                code="LK404",
                hint="choose a name of two or more letters, digits and _",
            )
    # Source: Lambda Developer Guide, "Lambda quotas": 4 KB for all variables in aggregate
    size = sum(
        len(name.encode()) + len(value.encode()) for name, value in environment.items() if not is_unresolved(value)
    )
    if size > limits.ENVIRONMENT_BYTES_MAX:
        yield Diagnostic(
            pointer="environment",
            problem=f"names and values have {size} bytes, above {limits.ENVIRONMENT_BYTES_MAX}, "
            "the most a function's variables may have together",
            code="LK404",
            hint="keep large values in a parameter or a bucket, and their name in the environment",
        )


def _layer_problems(layers: Sequence[object]) -> Iterator[Diagnostic]:
    if len(layers) > limits.LAYERS_MAX:
        yield Diagnostic(
            pointer="layers",
            problem=f"{len(layers)} layers are above {limits.LAYERS_MAX}, the most a function may have",
            code="LK401",
            hint="merge layers that always go together",
        )


def _concurrency_problems(properties: FunctionProperties) -> Iterator[Diagnostic]:
    reserved = known(properties.reserved_concurrent_executions)
    provisioned = known(properties.provisioned_concurrent_executions)
    if reserved is not None and reserved < 0:
        yield Diagnostic(
            pointer="reserved_concurrent_executions",
            problem=f"{reserved} is below 0; 0 keeps the function from running at all",
            code="LK401",
            hint="leave it out to share the account's concurrency",
        )
    if provisioned is None:
        return
    # Source: API PutProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions: at least 1
    if provisioned < 1:
        yield Diagnostic(
            pointer="provisioned_concurrent_executions",
            problem=f"{provisioned} is below 1, the least Lambda allows",
            code="LK401",
            hint="leave it out to provision nothing",
        )
    # Source: Lambda Developer Guide, "Configuring provisioned concurrency for a function":
    # it cannot exceed the function's reserved concurrency
    elif reserved is not None and provisioned > reserved:
        yield Diagnostic(
            pointer="provisioned_concurrent_executions",
            problem=f"{provisioned} is above reserved_concurrent_executions, {reserved}",
            code="LK405",
            hint=f"reserved_concurrent_executions: {provisioned}",
        )
