"""A function's environment variables: the names that Lambda takes, and their size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from lambdakit.spec.refusal import Checked, patterned_text, refusal, wrong_type
from lambdakit.spec.wording import quoted

# API CreateFunction.Environment, EnvironmentVariableName
_NAME_PATTERN = "^[a-zA-Z][a-zA-Z0-9_]+$"
_NAME_LENGTH_MAX = 4 * 1024

# Source: DG "Using Lambda environment variables", "Reserved environment variables". `_HANDLER` and
# `_X_AMZN_TRACE_ID` are reserved too; no name may begin like them.
RESERVED: Final = (
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_LEVEL",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
)


def environment_bytes(environment: Mapping[str, str]) -> int:
    """The size that Lambda's 4 KB quota counts: names and values in UTF-8."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in environment.items())


def _mended(name: str) -> str:
    return re.sub("[^A-Za-z0-9_]", "_", name.lstrip("_"))


def _refuse_reserved(name: str) -> None:
    if name in RESERVED:
        raise refusal("LK118", f"{name} is reserved, Lambda sets it itself", f"choose another name, such as MY_{name}")


def _read_value(value: object) -> str:
    if not isinstance(value, str):
        raise wrong_type(value, "text, as environment variables are")
    if "\0" in value:
        raise refusal("LK115", f"{quoted(value)} holds a null character, which no environment variable can")
    return value


VariableName = Annotated[
    str,
    patterned_text(
        _NAME_PATTERN,
        allowed="a name of a variable: a letter, then one or more letters, digits or underscores",
        longest=_NAME_LENGTH_MAX,
        mend=_mended,
        refused=_refuse_reserved,
        extra={"not": {"enum": list(RESERVED)}},
    ),
]
VariableValue = Annotated[str, Checked(_read_value, {"type": "string", "pattern": "^[^\\u0000]*$"})]
