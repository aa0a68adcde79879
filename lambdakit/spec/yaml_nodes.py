"""A YAML document as nodes: values that know their place in the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from lambdakit.records import dataclass
from lambdakit.spec.finding import Finding, Mark
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.yaml_scalars import PlainValue


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """Text, a number, true, false or nothing.

    text: as it was written, without quotes. is_refused: a finding says already that it is no value at all.
    is_plain: it stands without quotes.
    """

    value: PlainValue
    text: str
    mark: Mark
    is_refused: bool = False
    is_plain: bool = False
    weight: int = field(default=1, init=False)


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list. weight: how many values it holds, itself included, aliases followed."""

    items: tuple[Node, ...]
    mark: Mark
    weight: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping, and what stands behind it. mark: the key's place."""

    mark: Mark
    node: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping, merge keys resolved. weight: as in `ListNode`."""

    entries: Mapping[str, Entry]
    mark: Mark
    weight: int


Node = ScalarNode | ListNode | MappingNode


@dataclass(frozen=True, slots=True)
class Marks:
    """Where each value of a document stands."""

    root: Node

    def place(self, pointer: Pointer, *, at_key: bool = False) -> Mark:
        """The place of the value at `pointer`, or of the nearest parent that the document has.

        A scalar's place is its own; that of a list or mapping is its key's, because it begins where its first child
        does, and so is that of an empty value. at_key: the key's place in either case.
        """
        node, mark = self.root, self.root.mark
        for step in pointer:
            if isinstance(node, MappingNode) and isinstance(step, str) and step in node.entries:
                entry = node.entries[step]
                node = entry.node
                mark = node.mark if isinstance(node, ScalarNode) and node.text and not at_key else entry.mark
            elif isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
                node = node.items[step]
                mark = node.mark
            else:
                break
        return mark


def written_at(root: Node, pointer: Pointer) -> str | None:
    """The scalar at the pointer as it was written, without quotes; None where there is none."""
    node: Node | None = root
    for step in pointer:
        match node, step:
            case MappingNode(), str() if step in node.entries:
                node = node.entries[step].node
            case ListNode(), int() if 0 <= step < len(node.items):
                node = node.items[step]
            case _:
                return None
    return node.text if isinstance(node, ScalarNode) else None


def plain_value(root: Node) -> tuple[Any, list[Finding], set[Pointer]]:
    """The document as dicts, lists and scalars, a finding for each empty value, and where values are absent so.

    Absent are empty and refused values: in mappings they are left out, in lists they are None, so that the others
    keep their places.
    Aliases become values of their own, so that what they share can be changed apart.
    """
    findings: list[Finding] = []
    absent: set[Pointer] = set()

    def build(node: Node, pointer: Pointer) -> Any:
        match node:
            case ScalarNode():
                if node.value is not None and not node.is_refused:
                    return node.value
                absent.add(pointer)
                if not node.is_refused:
                    findings.append(_empty(node, pointer))
                return None
            case ListNode():
                return [build(item, (*pointer, place)) for place, item in enumerate(node.items)]
            case MappingNode():
                values = {key: build(entry.node, (*pointer, key)) for key, entry in node.entries.items()}
                return {key: value for key, value in values.items() if value is not None}

    return build(root, ()), findings, absent


def _empty(node: ScalarNode, pointer: Pointer) -> Finding:
    return Finding(
        code="LK116",
        pointer=pointer,
        problem=f"must not be {node.text}" if node.text else "has no value",
        hint="write a value, or leave the key out" if pointer and isinstance(pointer[-1], str) else "write a value",
    )
