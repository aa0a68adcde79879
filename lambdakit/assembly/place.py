"""Where a value stands in a file, and the errors that name that place.

Every file of a cloud assembly comes from outside: nothing is read from it but through a `Place`, which turns a
value of the wrong type into a message with path and pointer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import cast

from lambdakit.assembly.codes import WRONG_SHAPE
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

_SHOWN_CHARACTERS_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A value's place.

    path: the file as the user named it.
    pointer: dotted path within it (`Resources.Jobs.Properties.Tags[0]`); empty for the whole file.
    code: the code of the errors about a value's type.
    """

    path: str
    pointer: str = ""
    code: str = WRONG_SHAPE

    def __truediv__(self, key: str | int) -> Place:
        if isinstance(key, int):
            return Place(path=self.path, pointer=f"{self.pointer}[{key}]", code=self.code)
        return Place(path=self.path, pointer=f"{self.pointer}.{key}" if self.pointer else key, code=self.code)

    def error(self, problem: str, code: str = "", *, hint: str = "") -> AssemblyError:
        """An error about the value at this place."""
        return AssemblyError(
            Diagnostic(problem=problem, code=code or self.code, path=self.path, pointer=self.pointer, hint=hint)
        )

    def mapping(self, value: object) -> Mapping[str, object]:
        """`value`, which must be an object."""
        if not isinstance(value, dict):
            raise self._wrong(value, "an object")
        return cast("Mapping[str, object]", value)

    def sequence(self, value: object) -> Sequence[object]:
        """`value`, which must be a list."""
        if not isinstance(value, list):
            raise self._wrong(value, "a list")
        return cast("Sequence[object]", value)

    def text(self, value: object) -> str:
        """`value`, which must be a non-empty string."""
        if not isinstance(value, str) or value == "":
            raise self._wrong(value, "a non-empty string")
        return value

    def texts(self, value: object) -> tuple[str, ...]:
        """`value`, which must be a list of non-empty strings."""
        return tuple((self / index).text(item) for index, item in enumerate(self.sequence(value)))

    def boolean(self, value: object) -> bool:
        """`value`, which must be true or false."""
        if not isinstance(value, bool):
            raise self._wrong(value, "true or false")
        return value

    def _wrong(self, value: object, allowed: str) -> AssemblyError:
        return self.error(f"{shown(value)} is not {allowed}")


def shown(value: object) -> str:
    """`value` as a message quotes it: JSON, cut short."""
    try:
        text = json.dumps(value) if not isinstance(value, dict | list) else _outline(value)
    except (TypeError, ValueError, RecursionError):
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= _SHOWN_CHARACTERS_MAX else text[:_SHOWN_CHARACTERS_MAX] + "…"


def nearest(name: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """A hint that names the known name most like `name`; `otherwise` when none is like it."""
    matches = get_close_matches(name, list(known), n=1)
    return f"did you mean {matches[0]!r}?" if matches else otherwise


def _outline(value: dict[str, object] | list[object]) -> str:
    if isinstance(value, dict):
        keys = ", ".join(json.dumps(key) for key in list(value)[:3])
        return f"an object with {keys}" if value else "an empty object"
    return f"a list of {len(value)}"
