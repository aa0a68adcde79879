"""A CloudFormation or SAM template in a file of its own: YAML with CloudFormation's short functions, or JSON.

In comes a path, out comes the template as JSON with `Fn::` functions in full, and where each value stands. The file is
read as every document is, in bounded time and memory.
Source: CloudFormation Template Reference, "Intrinsic function reference": `!Sub text` is `Fn::Sub: text`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from lambdakit.errors import Diagnostic, DocumentError
from lambdakit.records import dataclass
from lambdakit.spec.finding import Finding, Mark
from lambdakit.spec.pointer import Pointer, render_pointer
from lambdakit.spec.source_text import read_text
from lambdakit.spec.yaml_composer import compose
from lambdakit.spec.yaml_nodes import ListNode, MappingNode, Marks, Node

_FUNCTIONS: Final = (
    *("Base64", "Cidr", "FindInMap", "ForEach", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length", "Select"),
    *("Split", "Sub", "ToJsonString", "Transform", "And", "Equals", "Not", "Or"),
)
_NAMES: Final = {"Ref": "Ref", "Condition": "Condition", **{name: f"Fn::{name}" for name in _FUNCTIONS}}
_TAG: Final = re.compile(r"(?:&\S+\s+)?!([A-Za-z0-9]+)(?![A-Za-z0-9:!])")
_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TAG_CODE: Final = "LK108"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFile:
    """A template. path: as given. content: the whole of it, without empty values.

    name: what it calls itself; empty when it does not. written: pointers of a content that was made of something else
    -> where in the file that stands. noted: pointers into the file, each with a problem and a hint, of what the content
    leaves out.
    """

    path: Path
    content: Mapping[str, object]
    marks: Marks
    name: str = ""
    written: Mapping[Pointer, Pointer] = field(default_factory=dict)
    noted: tuple[tuple[Pointer, str, str], ...] = ()

    def origin(self, pointer: Pointer) -> Pointer:
        """Where in the file the content's value at a pointer stands, or the nearest above it that does."""
        for length in range(len(pointer), 0, -1):
            if (found := self.written.get(pointer[:length])) is not None:
                return (*found, *pointer[length:])
        return pointer

    def place(self, pointer: Pointer) -> tuple[int, int]:
        """Line and column, from 1, of the file's value at a pointer, or of the nearest above it."""
        mark = self.marks.place(pointer)
        return mark.line, mark.column


def read_template_file(path: Path) -> TemplateFile:
    """The template in a file. DocumentError with everything that keeps it from being read."""
    text = read_text(path, "template")
    if isinstance(text, Finding):
        raise DocumentError(_diagnostic(path, text))
    root, findings = compose(text)
    functions, faults = _functions(text, findings)
    if faults or not isinstance(root, MappingNode):
        raise DocumentError(*(_diagnostic(path, fault) for fault in faults or [_no_template()]))
    content = {key: _value(entry.node, functions) for key, entry in root.entries.items()}
    return TemplateFile(
        path=path, content={key: value for key, value in content.items() if value is not None}, marks=Marks(root)
    )


def _functions(text: str, findings: list[Finding]) -> tuple[Mapping[Mark, str], list[Finding]]:
    """The function of each place that a short form stands at, and the findings about anything else."""
    lines = _LINE_BREAK.split(text)
    functions: dict[Mark, str] = {}
    faults = []
    for finding in findings:
        mark = finding.mark
        tag = None
        if finding.code == _TAG_CODE and mark is not None and mark.line <= len(lines):
            tag = _TAG.match(lines[mark.line - 1], mark.column - 1)
        if mark is None or tag is None or tag[1] not in _NAMES:
            faults.append(finding)
        else:
            functions[mark] = _NAMES[tag[1]]
    return functions, faults


def _value(node: Node, functions: Mapping[Mark, str]) -> object:
    value: object
    if isinstance(node, MappingNode):
        items = {key: _value(entry.node, functions) for key, entry in node.entries.items()}
        value = {key: item for key, item in items.items() if item is not None}
    elif isinstance(node, ListNode):
        value = [item for item in (_value(item, functions) for item in node.items) if item is not None]
    else:
        value = node.text if node.mark in functions else node.value
    function = functions.get(node.mark)
    if function is None:
        return value
    if function == "Fn::GetAtt" and isinstance(value, str):
        return {function: value.split(".", 1)}
    return {function: value}


def _no_template() -> Finding:
    return Finding(code="LK252", problem="this is no template: a mapping with Resources is needed")


def _diagnostic(path: Path, finding: Finding) -> Diagnostic:
    return Diagnostic(
        path=str(path),
        line=None if finding.mark is None else finding.mark.line,
        column=None if finding.mark is None else finding.mark.column,
        pointer=render_pointer(finding.pointer),
        problem=finding.problem,
        code=finding.code,
        hint=finding.hint,
    )
