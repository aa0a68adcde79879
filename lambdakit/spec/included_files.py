"""`include`: the files that a document names, merged into it before anything is validated.

In: the document's root node. Out: a root that holds the files' keys as well, each still knowing file, line and column.
Paths count from the document's directory, in an included file, too, and are hostile: they stay in that directory,
links followed, name regular files, once each, and there is an end to their number, depth and size.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import Final

from pydantic_core import PydanticCustomError

from lambdakit.records import dataclass
from lambdakit.spec.finding import Finding, Mark
from lambdakit.spec.function import RELATIVE_PATH
from lambdakit.spec.nearest import nearest
from lambdakit.spec.node_merging import are_merged, mapping
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.source_directories import resolved_within
from lambdakit.spec.source_text import read_text
from lambdakit.spec.wording import given, quoted
from lambdakit.spec.yaml_composer import VALUES_MAX, compose
from lambdakit.spec.yaml_nodes import Entry, ListNode, MappingNode, Node, ScalarNode

INCLUDE: Final = "include"
FILES_MAX: Final = 100
DEPTH_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """A document with its files.

    root: without the key `include`. files: relative to the directory, in the order in which they were read.
    """

    root: MappingNode
    files: tuple[str, ...]
    findings: list[Finding]


def with_included(root: MappingNode, document: Path, directory: Path) -> Included:
    """The document's root with what it includes, and everything that is wrong with that.

    document: the file of `root`, which no file may include. directory: the project's.
    """
    reader = _Reader(directory=directory, values=root.weight)
    reader.first[os.path.realpath(document)] = None
    merged = reader.read(root, depth=1)
    return Included(root=merged, files=tuple(reader.files), findings=reader.findings)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a finding belongs: in one of the files, and in the document that they come to."""

    pointer: Pointer
    mark: Mark


@dataclass(slots=True, kw_only=True)
class _Reader:
    """first: where each file was named first, by its real path; None for the document. values: how many were read."""

    directory: Path
    values: int
    first: dict[str, Mark | None] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def read(self, root: MappingNode, *, depth: int) -> MappingNode:
        entry = root.entries.get(INCLUDE)
        if entry is None:
            return root
        merged = mapping({key: other for key, other in root.entries.items() if key != INCLUDE}, root.mark)
        for place, path, mark in self._paths(entry):
            included = self._file(path, _Place((INCLUDE, place), mark), depth=depth)
            if included is not None:
                merged = self._merged(merged, included, ())
        return merged

    def _paths(self, entry: Entry) -> Iterator[tuple[int, str, Mark]]:
        """Place in the list, text and mark of each path that is one."""
        node = entry.node
        if not isinstance(node, ListNode):
            if not (isinstance(node, ScalarNode) and node.is_refused):
                self._refuse_shape(node, _Place((INCLUDE,), entry.mark))
            return
        for place, item in enumerate(node.items):
            if isinstance(item, ScalarNode) and item.is_refused:
                continue
            if isinstance(item, ScalarNode) and item.value is None:
                self._refuse_shape(item, _Place((INCLUDE, place), item.mark))
                continue
            try:
                path = RELATIVE_PATH.read(_value(item))
            except PydanticCustomError as error:
                said = error.context or {}
                problem, hint = str(said.get("problem")), str(said.get("hint"))
                self._say(error.type, problem, hint, _Place((INCLUDE, place), item.mark))
                continue
            yield place, path, item.mark

    def _refuse_shape(self, node: Node, at: _Place) -> None:
        if isinstance(node, ScalarNode) and node.value is None:
            self._say(
                "LK116",
                f"must not be {node.text}" if node.text else "has no value",
                "write a value, or leave the key out",
                at,
            )
            return
        value = _value(node)
        self._say(
            "LK112", f"must be a list, not {given(value)}", f"write [{value}]" if isinstance(value, str) else "", at
        )

    def _file(self, path: str, at: _Place, *, depth: int) -> MappingNode | None:
        """The root of the file at `path`, with what it includes; None when there is a finding instead."""
        place = self._place(path, at)
        if place is None or not self._is_allowed(path, place, at, depth=depth):
            return None
        shown = PurePosixPath(os.path.normpath(path)).as_posix()
        self.first[str(place)] = at.mark
        self.files.append(shown)
        text = read_text(place)
        if isinstance(text, Finding):
            if text.mark is None:
                self._say("LK151", f"{quoted(path)}: {text.problem}", text.hint, at)
            else:
                self.findings.append(_in_file(text, shown))
            return None
        root, findings = compose(text)
        self.findings += [_in_file(finding, shown) for finding in findings]
        if root is None:
            if not findings:
                self._say(
                    "LK151", f"{quoted(path)} is empty", "write keys of the document into it, or leave it out", at
                )
            return None
        if not isinstance(root, MappingNode):
            problem = f"an included file must be a mapping of the document's keys, not {given(_value(root))}"
            top = dataclasses.replace(root.mark, file=shown)
            self.findings.append(Finding(code="LK109", problem=problem, hint="begin with `patterns:`", mark=top))
            return None
        self.values += root.weight
        if self.values > VALUES_MAX:
            problem = f"more than {VALUES_MAX} values, those of included files counted"
            self._say("LK107", problem, "split a large application into several", at)
            return None
        return self.read(_nodes_in_file(root, shown), depth=depth + 1)

    def _place(self, path: str, at: _Place) -> Path | None:
        """The regular file that `path` names within the project, links followed."""
        try:
            place = resolved_within(self.directory, path)
            if place is None:
                hint = "move the file into the project"
                self._say("LK152", f"{quoted(path)} leads out of the project's directory", hint, at)
                return None
            if place.is_file():
                return place
            kind = "is a directory, a file is needed" if place.is_dir() else "is no regular file"
            if place.exists():
                self._say("LK151", f"{quoted(path)} {kind}", "", at)
                return None
        except OSError as error:  # a name longer than the file system allows, a directory without permission
            self._say("LK151", f"{quoted(path)} cannot be read: {(error.strerror or '').lower()}", "", at)
            return None
        self._say("LK151", f"there is no file {quoted(path)} in the project", self._hint(path), at)
        return None

    def _hint(self, path: str) -> str:
        otherwise = "create it, or name another; paths are relative to the document's directory"
        parent = PurePosixPath(path).parent
        place = resolved_within(self.directory, str(parent))
        try:
            names = [] if place is None else sorted(entry.name for entry in place.iterdir() if entry.is_file())
        except OSError:
            return otherwise
        close = nearest(PurePosixPath(path).name, names)
        return f"write {parent / close}" if close else otherwise

    def _is_allowed(self, path: str, place: Path, at: _Place, *, depth: int) -> bool:
        key = str(place)
        if key in self.first:
            first = self.first[key]
            where = "is the document itself" if first is None else f"is included already, in {_shown(first)}"
            self._say("LK153", f"{quoted(path)} {where}", "leave it out here", at)
        elif depth > DEPTH_MAX:
            self._say(
                "LK153", f"{quoted(path)} is more than {DEPTH_MAX} files deep", "include it from the document", at
            )
        elif len(self.files) == FILES_MAX:
            self._say(
                "LK153", f"{quoted(path)} is one more than {FILES_MAX} included files", "put several into one", at
            )
        else:
            return True
        return False

    def _merged(self, first: MappingNode, second: MappingNode, pointer: Pointer) -> MappingNode:
        """Both mappings' keys; a finding at both places for each that both write and that is no mapping in both."""
        entries = dict(first.entries)
        for key, entry in second.entries.items():
            other = entries.get(key)
            below = (*pointer, key)
            if other is None:
                entries[key] = entry
            elif are_merged(other.node, entry.node):
                assert isinstance(other.node, MappingNode) and isinstance(entry.node, MappingNode)
                entries[key] = Entry(other.mark, self._merged(other.node, entry.node, below))
            else:
                for mine, others in ((other.mark, entry.mark), (entry.mark, other.mark)):
                    problem = f"the key {quoted(key)} is written twice, here and in {_shown(others)}"
                    at = _Place(below, mine)
                    self._say("LK154", problem, "keep one of the two", at)
        return mapping(entries, first.mark)

    def _say(self, code: str, problem: str, hint: str, at: _Place) -> None:
        self.findings.append(Finding(code=code, problem=problem, hint=hint, pointer=at.pointer, mark=at.mark))


def _value(node: Node) -> object:
    if isinstance(node, ScalarNode):
        return node.value
    return [] if isinstance(node, ListNode) else {}


def _shown(mark: Mark) -> str:
    return f"line {mark.line} of {mark.file}" if mark.file else f"line {mark.line} of the document"


def _in_file(finding: Finding, file: str) -> Finding:
    mark = finding.mark if finding.mark is not None else Mark(1, 1)
    return dataclasses.replace(finding, mark=dataclasses.replace(mark, file=file))


def _nodes_in_file(root: MappingNode, file: str) -> MappingNode:
    """The same nodes, with marks that name the file; what aliases share stays shared."""
    made: dict[int, Node] = {}

    def placed(node: Node) -> Node:
        if id(node) not in made:
            mark = dataclasses.replace(node.mark, file=file)
            match node:
                case MappingNode():
                    entries = {
                        key: Entry(dataclasses.replace(entry.mark, file=file), placed(entry.node))
                        for key, entry in node.entries.items()
                    }
                    made[id(node)] = dataclasses.replace(node, entries=entries, mark=mark)
                case ListNode():
                    made[id(node)] = dataclasses.replace(node, items=tuple(map(placed, node.items)), mark=mark)
                case ScalarNode():
                    made[id(node)] = dataclasses.replace(node, mark=mark)
        return made[id(node)]

    found = placed(root)
    assert isinstance(found, MappingNode)
    return found
