"""The JSON paths that EventBridge follows: names, indices and `*`, in dots or brackets.

Source: Amazon EventBridge User Guide, "Amazon EventBridge input transformation" (supported syntax); EventBridge API
Reference, "Target", `InputPath` (dot or bracket notation).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from lambdakit.records import dataclass

_STEP: Final = re.compile(
    r"""\.(?P<name>[^.\[\]*'"\s]+) | \.(?P<every>\*) | \[(?P<index>[0-9]{1,9})\] | \[(?P<all>\*)\]
      | \['(?P<single>[^']+)'\] | \["(?P<double>[^"]+)"\]""",
    re.VERBOSE,
)


class InvalidPath(ValueError):
    """A path that is none. The text says why."""


@dataclass(frozen=True, slots=True)
class _Every:
    """Each member of an object, each element of an array."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPath:
    """A path. is_list: whether it has a `*` and gives the list of all that it leads to."""

    steps: Sequence[str | int | _Every]
    is_list: bool

    def find(self, values: Any) -> tuple[bool, Any]:
        """Whether it leads anywhere in `values`, and where."""
        found = [values]
        for step in self.steps:
            found = [there for value in found for there in _step(value, step)]
        if self.is_list:
            return bool(found), found
        return (True, found[0]) if found else (False, None)


def compile_path(text: str) -> JsonPath:
    """The path that `text` says. InvalidPath when it is none that EventBridge knows."""
    if not text.startswith("$"):
        raise InvalidPath(f"{text!r} does not begin with $")
    steps: list[str | int | _Every] = []
    position = 1
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise InvalidPath(f"{text!r} cannot be read from {text[position:]!r} on")
        position = match.end()
        name = match["name"] or match["single"] or match["double"]
        if name is not None:
            steps.append(name)
        else:
            steps.append(int(match["index"]) if match["index"] is not None else _Every())
    return JsonPath(steps=tuple(steps), is_list=any(isinstance(step, _Every) for step in steps))


def _step(value: Any, step: str | int | _Every) -> Sequence[Any]:
    if isinstance(step, str):
        return [value[step]] if isinstance(value, dict) and step in value else []
    if isinstance(step, int):
        return value[step : step + 1] if isinstance(value, list) else []
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
