"""Selectors: `$.a.b`, `$.list[0].id`, `$.list[*]`, `$.*`, `$.['a.b']`.

Source: Amazon CloudWatch Logs User Guide, "Using filter patterns to match terms in JSON log events".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lambdakit.harness.delivery.log_pattern.scanner import InvalidLogPattern, Scanner
from lambdakit.records import dataclass

_PROPERTY: Final = re.compile(r"[A-Za-z0-9_-]+")
_INDEX: Final = re.compile(r"\d+")
_NAMED: Final = re.compile(r"\['([^']*)'\]|\[\"([^\"]*)\"\]")


class Anything:
    """Stands for every element of an array, and every member of an object."""


ANY: Final = Anything()
Step = str | int | Anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Where something stands in a document. text: as it was written."""

    text: str
    steps: Sequence[Step]

    @property
    def wildcards(self) -> int:
        """How often it stands for anything."""
        return sum(step is ANY for step in self.steps)

    def find(self, document: object) -> Sequence[Any]:
        """What stands there: nothing, one thing, or with a wildcard any number."""
        found: list[Any] = [document]
        for step in self.steps:
            found = [child for parent in found for child in _children(parent, step)]
        return found


def read_selector(scanner: Scanner) -> Selector:
    """The selector that comes next. InvalidLogPattern."""
    scanner.skip_space()
    start = scanner.at
    scanner.need("$")
    steps: list[Step] = []
    while (step := _step(scanner)) is not None:
        steps.append(step)
    selector = Selector(text=scanner.text[start : scanner.at], steps=steps)
    if not steps or selector.wildcards > 1:
        raise InvalidLogPattern("Invalid filter pattern")
    return selector


def _step(scanner: Scanner) -> Step | None:
    """The next step; None behind the last one."""
    text, at = scanner.text, scanner.at
    dotted = text.startswith(".", at)
    rest = at + 1 if dotted else at
    named = _NAMED.match(text, rest)
    if named is not None:
        scanner.at = named.end()
        return str(named[1] if named[1] is not None else named[2])
    if dotted:
        scanner.at = rest
        if text.startswith("*", rest):
            scanner.at += 1
            return ANY
        found = _PROPERTY.match(text, rest)
        if found is None:
            raise scanner.unexpected()
        scanner.at = found.end()
        return found[0]
    if not text.startswith("[", at):
        return None
    scanner.at = at + 1
    if scanner.take("*"):
        scanner.need("]")
        return ANY
    index = scanner.match(_INDEX)
    if not index:
        raise scanner.unexpected()
    scanner.need("]")
    return int(index)


def _children(parent: object, step: Step) -> Iterator[Any]:
    if isinstance(step, Anything):
        if isinstance(parent, dict):
            yield from parent.values()
        elif isinstance(parent, list):
            yield from parent
    elif isinstance(step, int):
        if isinstance(parent, list) and step < len(parent):
            yield parent[step]
    elif isinstance(parent, dict) and step in parent:
        yield parent[step]
