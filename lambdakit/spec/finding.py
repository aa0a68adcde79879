"""A finding: one thing that is wrong, before the document's name and line marks are put to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lambdakit.records import dataclass
from lambdakit.spec.pointer import Pointer


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the document's text, counted from 1. `column` counts characters, a tab as one.

    file: an included one, relative to the project's directory; empty for the document itself.
    """

    line: int
    column: int
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    problem, hint, code: as in `lambdakit.errors.Diagnostic`.
    pointer: where in the document; empty for the whole.
    at_key: the key itself is meant, not the value behind it.
    mark: the exact place; None when the pointer says it.
    mentions: other places that the problem speaks of, whose lines stand where it has `line_of`.
    """

    code: str
    problem: str
    hint: str = ""
    pointer: Pointer = ()
    at_key: bool = False
    mark: Mark | None = None
    mentions: tuple[Pointer, ...] = ()


def line_of(mention: int) -> str:
    """What stands in a problem for the line of one of its `mentions`."""
    return f"\0{mention}\0"


def with_lines(finding: Finding, place: Callable[[Pointer], Mark]) -> Finding:
    """With the lines of what it mentions in its problem. place: of a value of the document."""
    problem = finding.problem
    for number, pointer in enumerate(finding.mentions):
        mark = place(pointer)
        line = f"line {mark.line} of {mark.file}" if mark.file else f"line {mark.line}"
        problem = problem.replace(line_of(number), line)
    return replace(finding, problem=problem) if finding.mentions else finding
