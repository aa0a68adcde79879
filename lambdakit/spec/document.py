"""A document: a YAML file read, validated and marked with lines.

The stages, each with its own kind of mistake; the first two stop at what they cannot read past, the others report
everything at once:

    source_text     bytes -> text                LK100 to LK102
    yaml_composer   text -> nodes with marks     LK102 to LK108
    yaml_nodes      nodes -> plain value         LK116
    validation      plain value -> Application   LK110 to LK121, LK150
    rules           Application -> findings      LK130 to LK143
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lambdakit.errors import Diagnostic, DocumentError
from lambdakit.spec.application import Application
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import parse_pointer, render_pointer
from lambdakit.spec.rules.registry import RULES
from lambdakit.spec.rules.rule import rule_context
from lambdakit.spec.source_text import read_text
from lambdakit.spec.validation import validate
from lambdakit.spec.wording import given
from lambdakit.spec.yaml_composer import compose
from lambdakit.spec.yaml_nodes import MappingNode, Marks, Node, plain_value

DIAGNOSTICS_MAX: Final = 100
_POINTER_SHOWN: Final = 400  # characters; only a key of absurd length asks for more


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A valid document.

    path: as it was given. directory: the project's, absolute, to which paths in the document are relative.
    """

    path: Path
    directory: Path
    application: Application
    marks: Marks

    def place(self, pointer: str) -> tuple[int, int] | None:
        """Line and column, from 1, of the value at a pointer as text; `lambdakit.spec.pointer` says how it is quoted.

        A scalar's place is its own, that of a list or mapping is its key's. Where the document has no such value,
        because a default stands for it, the place is its nearest parent's. None for the whole document.
        """
        steps = parse_pointer(pointer)
        if not steps:
            return None
        mark = self.marks.place(steps)
        return mark.line, mark.column


def load(path: str | Path) -> Document:
    """The document in the file at `path`. Raises `DocumentError` with everything that is wrong with it."""
    text = read_text(Path(path))
    if isinstance(text, Finding):
        raise _error(path, [text], None)
    root, findings = compose(text)
    if root is None:
        raise _error(path, findings or [_nothing_there()], None)
    if not isinstance(root, MappingNode):
        raise _error(path, [*findings, _no_mapping(root)], Marks(root))

    value, empty, absent = plain_value(root)
    validated = validate(value, absent)
    findings += [*empty, *validated.findings]
    directory = Path(path).absolute().parent
    if validated.application is not None:
        context = rule_context(validated.application, directory, validated.pruned)
        findings += [finding for rule in RULES for finding in rule(context)]
    marks = Marks(root)
    if findings or validated.application is None:
        raise _error(path, findings, marks)
    return Document(path=Path(path), directory=directory, application=validated.application, marks=marks)


def _nothing_there() -> Finding:
    return Finding(
        code="LK109",
        problem="the document is empty",
        hint="begin with `application: shop`, or make a project with `lambdakit init`",
    )


def _no_mapping(root: Node) -> Finding:
    value, _, _ = plain_value(root)
    if value is None:
        return _nothing_there()
    problem = f"the document must be a mapping of keys such as application and patterns, not {given(value)}"
    return Finding(code="LK109", mark=root.mark, problem=problem, hint="begin with `application: shop`")


def _error(path: str | Path, findings: Iterable[Finding], marks: Marks | None) -> DocumentError:
    """The error with one diagnostic for each finding, by place; what an alias repeats is said once."""
    diagnostics: dict[tuple[object, ...], Diagnostic] = {}
    for finding in findings:
        diagnostic = _diagnostic(path, finding, marks)
        key = (diagnostic.line, diagnostic.column, diagnostic.code, diagnostic.problem)
        diagnostics.setdefault(key if diagnostic.line is not None else (len(diagnostics),), diagnostic)
    ordered = sorted(diagnostics.values(), key=lambda diagnostic: (diagnostic.line or 0, diagnostic.column or 0))
    shown = ordered[:DIAGNOSTICS_MAX]
    if len(ordered) > DIAGNOSTICS_MAX:
        problem = f"{len(ordered) - DIAGNOSTICS_MAX} more problems are not shown"
        shown.append(Diagnostic(path=str(path), problem=problem, code="LK199", hint="mend those above first"))
    return DocumentError(*shown)


def _diagnostic(path: str | Path, finding: Finding, marks: Marks | None) -> Diagnostic:
    mark = finding.mark
    if mark is None and marks is not None:
        mark = marks.place(finding.pointer, at_key=finding.at_key)
    pointer = render_pointer(finding.pointer)
    return Diagnostic(
        problem=finding.problem,
        code=finding.code,
        path=str(path),
        line=None if mark is None else mark.line,
        column=None if mark is None else mark.column,
        pointer=pointer if len(pointer) <= _POINTER_SHOWN else pointer[:_POINTER_SHOWN] + "…",
        hint=finding.hint,
    )
