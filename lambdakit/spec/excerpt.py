"""The line of a document that a diagnostic speaks of, for whoever shows it."""

from __future__ import annotations

import re
from pathlib import Path

from lambdakit.errors import Diagnostic
from lambdakit.records import dataclass
from lambdakit.spec.finding import Finding
from lambdakit.spec.source_text import read_text

# From the place on: a quoted text, or all up to what ends a plain one.
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'|(?:(?!:(?:\s|$)|\s#|[,\]}\[{](?:\s|$)).)+|.')


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """text: the whole line. column: of the first character meant, from 1. length: how many are meant, at least 1."""

    text: str
    line: int
    column: int
    length: int


def excerpt(diagnostic: Diagnostic) -> Excerpt | None:
    """The excerpt; None when the diagnostic names no place, or its file has no such line any more."""
    if diagnostic.line is None or diagnostic.column is None or not diagnostic.path:
        return None
    text = read_text(Path(diagnostic.path))
    if isinstance(text, Finding):
        return None
    lines = re.split("\r\n|[\n\r]", text)
    if diagnostic.line > len(lines):
        return None
    line = lines[diagnostic.line - 1]
    found = _WORD.match(line, diagnostic.column - 1)
    length = len(found[0].rstrip()) if found is not None else 1
    return Excerpt(text=line, line=diagnostic.line, column=diagnostic.column, length=max(length, 1))
