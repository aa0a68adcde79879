"""A finding: one thing that is wrong, before the document's name and line marks are put to it."""

from __future__ import annotations

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
    """

    code: str
    problem: str
    hint: str = ""
    pointer: Pointer = ()
    at_key: bool = False
    mark: Mark | None = None
