"""Findings as the diagnostics of one error, by file and place, each said once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from lambdakit.errors import Diagnostic, DocumentError
from lambdakit.records import dataclass
from lambdakit.spec.finding import Finding, Mark
from lambdakit.spec.pointer import Pointer, render_pointer

DIAGNOSTICS_MAX: Final = 100
_POINTER_SHOWN: Final = 400  # characters; only a key of absurd length asks for more


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A finding whose place is known. mark: None for the whole file. pointer: as the files write it."""

    finding: Finding
    mark: Mark | None
    pointer: Pointer


def document_error(path: str | Path, placed: Iterable[Placed], files: Sequence[str] = ()) -> DocumentError:
    """The error with one diagnostic for each finding; what an alias repeats is said once.

    files: the included ones, whose diagnostics follow in this order.
    """
    ranks = {file: rank for rank, file in enumerate(("", *files))}
    diagnostics: dict[tuple[object, ...], tuple[tuple[int, int, int], Diagnostic]] = {}
    for each in placed:
        diagnostic = _diagnostic(path, each)
        key: tuple[object, ...] = (len(diagnostics),)
        place = (0, 0, 0)
        if each.mark is not None:
            key = (each.mark, diagnostic.code, diagnostic.problem)
            place = (ranks.get(each.mark.file, len(ranks)), each.mark.line, each.mark.column)
        diagnostics.setdefault(key, (place, diagnostic))
    ordered = [diagnostic for _, diagnostic in sorted(diagnostics.values(), key=lambda placed: placed[0])]
    shown = ordered[:DIAGNOSTICS_MAX]
    if len(ordered) > DIAGNOSTICS_MAX:
        problem = f"{len(ordered) - DIAGNOSTICS_MAX} more problems are not shown"
        shown.append(Diagnostic(path=str(path), problem=problem, code="LK199", hint="mend those above first"))
    return DocumentError(*shown)


def file_path(path: str | Path, file: str) -> str:
    """The path of an included file as the document's path was given; the document's own for an empty name."""
    return str(Path(path).parent / file) if file else str(path)


def _diagnostic(path: str | Path, placed: Placed) -> Diagnostic:
    pointer = render_pointer(placed.pointer)
    return Diagnostic(
        problem=placed.finding.problem,
        code=placed.finding.code,
        path=file_path(path, "" if placed.mark is None else placed.mark.file),
        line=None if placed.mark is None else placed.mark.line,
        column=None if placed.mark is None else placed.mark.column,
        pointer=pointer if len(pointer) <= _POINTER_SHOWN else pointer[:_POINTER_SHOWN] + "…",
        hint=placed.finding.hint,
    )
