"""A function's environment variables: the names that Lambda takes, and their size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from lambdakit.limits import RESERVED_VARIABLES
from lambdakit.spec.refusal import Checked, patterned_text, refusal, wrong_type
from lambdakit.spec.wording import quoted

# API CreateFunction.Environment, EnvironmentVariableName
_NAME_PATTERN = "^[a-zA-Z][a-zA-Z0-9_]+$"
_NAME_LENGTH_MAX = 4 * 1024

# No name may begin like the two reserved ones with an underscore anyway.
_RESERVED: Final = tuple(sorted(name for name in RESERVED_VARIABLES if not name.startswith("_")))


def environment_bytes(environment: Mapping[str, str]) -> int:
    """The size that Lambda's 4 KB quota counts: names and values in UTF-8."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in environment.items())


def _mended(name: str) -> str:
    return re.sub("[^A-Za-z0-9_]", "_", name.lstrip("_"))


def _refuse_reserved(name: str) -> None:
    if name in RESERVED_VARIABLES:
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
        extra={"not": {"enum": list(_RESERVED)}},
    ),
]
VariableValue = Annotated[str, Checked(_read_value, {"type": "string", "pattern": "^[^\\u0000]*$"})]
