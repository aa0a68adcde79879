"""What Lambda accepts of a function's configuration and of an alias; everything else is refused before it is stored.

Source: the service's model in botocore (shapes of CreateFunction and CreateAlias); AWS Lambda Developer Guide, "Lambda
quotas" and "Working with Lambda environment variables".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lambdakit import limits
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

_NAME = r"[a-zA-Z0-9-_]+"
_ALIAS = r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)"
_HANDLER = r"[^\s]+"
_ROLE = r"arn:(aws[a-zA-Z-]*)?:iam::[0-9]{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
_VARIABLE = r"[a-zA-Z]([a-zA-Z0-9_])+"


def check_configuration(configuration: FunctionConfiguration) -> None:
    """ValidationException with everything that is out of bounds.

    InvalidParameterValueException for the variables, and for a package that is too large with its layers.
    """
    if configuration.package_type == "Zip" and not (configuration.runtime and configuration.handler):
        raise ServiceFault(
            "InvalidParameterValueException",
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        )
    refuse([*_out_of_form(configuration), *_out_of_range(configuration)])
    _check_variables(configuration)
    _check_size(configuration)


def check_alias_name(name: str) -> None:
    """ValidationException when an alias cannot be called so; a number would hide a version."""
    refuse([*_pattern("name", name, _ALIAS), *_length("name", name, limits.ALIAS_NAME_LENGTH_MAX)])


def _out_of_form(configuration: FunctionConfiguration) -> Iterator[str]:
    yield from _pattern("functionName", configuration.name, _NAME)
    yield from _length("functionName", configuration.name, limits.FUNCTION_NAME_LENGTH_MAX)
    yield from _pattern("role", configuration.role, _ROLE)
    yield from _length("description", configuration.description, limits.DESCRIPTION_LENGTH_MAX)
    if configuration.package_type == "Zip":
        yield from _pattern("handler", configuration.handler, _HANDLER)
        yield from _length("handler", configuration.handler, limits.HANDLER_LENGTH_MAX)


def _out_of_range(configuration: FunctionConfiguration) -> Iterator[str]:
    for place, value, low, high in (
        ("memorySize", configuration.memory_mib, limits.MEMORY_MIB_MIN, limits.MEMORY_MIB_MAX),
        ("timeout", configuration.timeout_seconds, limits.TIMEOUT_SECONDS_MIN, limits.TIMEOUT_SECONDS_MAX),
        (
            "ephemeralStorage.size",
            configuration.ephemeral_storage_mib,
            limits.EPHEMERAL_STORAGE_MIB_MIN,
            limits.EPHEMERAL_STORAGE_MIB_MAX,
        ),
        *_of_durable(configuration),
    ):
        if value < low:
            yield unsatisfied(place, str(value), f"Member must have value greater than or equal to {low}")
        elif value > high:
            yield unsatisfied(place, str(value), f"Member must have value less than or equal to {high}")
    if len(configuration.layers) > limits.LAYERS_MAX:
        yield unsatisfied(
            "layers", f"{len(configuration.layers)} layers", f"Member must have length at most {limits.LAYERS_MAX}"
        )


def _of_durable(configuration: FunctionConfiguration) -> Iterator[tuple[str, int, int, int]]:
    """Source: API "DurableConfig"."""
    durable = configuration.durable
    if durable is not None:
        seconds, days = durable.execution_timeout_seconds, durable.retention_days
        least, most = limits.DURABLE_TIMEOUT_SECONDS_MIN, limits.DURABLE_TIMEOUT_SECONDS_MAX
        yield "durableConfig.executionTimeout", seconds, least, most
        least, most = limits.DURABLE_RETENTION_DAYS_MIN, limits.DURABLE_RETENTION_DAYS_MAX
        yield "durableConfig.retentionPeriodInDays", days, least, most


def _check_variables(configuration: FunctionConfiguration) -> None:
    variables = configuration.environment
    refuse([text for name in variables for text in _pattern("environment.variables", name, _VARIABLE)])
    reserved = sorted(limits.RESERVED_VARIABLES.intersection(variables))
    if reserved:
        raise ServiceFault(
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}",
        )
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > limits.ENVIRONMENT_BYTES_MAX:
        raise ServiceFault(
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit: they have {size} bytes of at most {limits.ENVIRONMENT_BYTES_MAX}",
        )


def _check_size(configuration: FunctionConfiguration) -> None:
    """The text is AWS's, as its users report it, for instance in aws/serverless-application-model, issue 2124."""
    size = configuration.code_unzipped_bytes + configuration.layers_unzipped_bytes
    if size > limits.PACKAGE_UNZIPPED_BYTES_MAX and configuration.package_type == "Zip":
        raise ServiceFault(
            "InvalidParameterValueException",
            "Function code combined with layers exceeds the maximum allowed size of "
            f"{limits.PACKAGE_UNZIPPED_BYTES_MAX} bytes. The actual size is {size} bytes.",
        )


def _pattern(place: str, value: str, pattern: str) -> Iterator[str]:
    if not re.fullmatch(pattern, value):
        yield unsatisfied(place, value, f"Member must satisfy regular expression pattern: {pattern}")


def _length(place: str, value: str, most: int) -> Iterator[str]:
    if len(value) > most:
        yield unsatisfied(place, value, f"Member must have length less than or equal to {most}")


def unsatisfied(place: str, value: str, constraint: str) -> str:
    """One finding, as the service writes it. place: the member, in camel case."""
    return f"Value '{value}' at '{place}' failed to satisfy constraint: {constraint}"


def refuse(problems: list[str]) -> None:
    """ValidationException with all `problems`; nothing when there are none."""
    if problems:
        errors = "error" if len(problems) == 1 else "errors"
        raise ServiceFault(
            "ValidationException", f"{len(problems)} validation {errors} detected: {'; '.join(problems)}"
        )
