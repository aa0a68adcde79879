"""What the resources of a policy's statement stand for: names of the document, and where the stack is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lambdakit.spec.function import FunctionSettings
    from lambdakit.spec.pointer import Pointer

_PSEUDO: Final = re.compile(r"(\$\{AWS::(?:AccountId|Partition|Region)\})")


def named_resource(text: str) -> tuple[str, str] | None:
    """The name of one of `resources` and the path below it, `/*` or empty; None for an ARN and for everything."""
    if text == "*" or ":" in text.partition("/")[0]:
        return None
    name, slash, path = text.partition("/")
    return name, slash + path


def policy_names(written: FunctionSettings, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    """The names of resources in a function's own statements, with their places. pointer: the function's."""
    for place, statement in enumerate(written.initial_policy):
        for number, text in enumerate(statement.resources):
            if (named := named_resource(text)) is not None:
                yield (*pointer, "initial_policy", place, "resources", number), named[0]


def deployment_parts(text: str) -> list[str]:
    """The text in parts; each `${AWS::AccountId}` and the like is one of its own."""
    return [part for part in _PSEUDO.split(text) if part]
