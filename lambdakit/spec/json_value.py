"""Values that are handed on as JSON: event patterns, filter policies, input of a schedule."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from lambdakit.spec.refusal import Checked, refusal, wrong_type

# The most that any of the services takes of them: Scheduler's input, 256 KB.
# Source: API scheduler Target.Input
_LENGTH_MAX: Final = 256 * 1024


def _read_object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong_type(value, "a mapping")
    _check(value)
    return value


def _read_any(value: object) -> Any:
    _check(value)
    return value


def _check(value: object) -> None:
    try:
        length = len(json.dumps(value, allow_nan=False))
    except ValueError:
        raise refusal("LK115", "a number that JSON does not have, such as .nan or .inf, is in it") from None
    except TypeError:
        raise refusal("LK115", "a value that JSON does not have is in it, such as a date", "put it in quotes") from None
    if length > _LENGTH_MAX:
        raise refusal("LK115", f"it has {length} characters as JSON, {_LENGTH_MAX} are allowed")


JsonObject = Annotated[dict[str, Any], Checked(_read_object, {"type": "object"})]
JsonValue = Annotated[Any, Checked(_read_any, {"type": ["object", "array", "string", "number", "boolean"]})]
