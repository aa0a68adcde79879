"""What a mutation publishes: the result of each of its fields, by the fields' own names.

Subscribers see what the mutation asked for, and null for the rest.
Source: AppSync Developer Guide, "Real-time data" (a subscription's selection is part of the mutation's). Results
that are lists or no objects are published as they are; no page says what AppSync does with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from lambdakit.harness.routing.graphql.execution.operation import Operation


def published(operation: Operation, data: Any) -> Iterator[tuple[str, Any]]:
    """Field and result of each field of a mutation that has one, as often as it was executed."""
    if not isinstance(data, Mapping):
        return
    for key, nodes in _by_key([operation.node.selection_set], operation).items():
        if data.get(key) is not None:
            yield nodes[0].name.value, _by_field(data[key], nodes, operation)


def _by_field(value: Any, nodes: Sequence[FieldNode], operation: Operation) -> Any:
    """The result of nodes with one key, its members called as the schema calls them, whatever the client did."""
    if isinstance(value, list):
        return [_by_field(item, nodes, operation) for item in value]
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for key, below in _by_key([node.selection_set for node in nodes], operation).items():
        if key in value:
            member = _by_field(value[key], below, operation)
            # Of types that exclude each other, the same key may be that of different fields.
            found.update(dict.fromkeys([node.name.value for node in below], member))
    return found


def _by_key(selected: Sequence[SelectionSetNode | None], operation: Operation) -> dict[str, list[FieldNode]]:
    """The fields that are selected, by the keys of their results, as execution puts them together.

    Source: GraphQL specification, "Field Collection". What was skipped and types do not count: it is not in the result.
    """
    found: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()
    for each in selected:
        for node in _fields(each, operation, seen):
            found.setdefault((node.alias or node.name).value, []).append(node)
    return found


def _fields(selected: SelectionSetNode | None, operation: Operation, seen: set[str]) -> Iterator[FieldNode]:
    """seen: the fragments that were looked into, each of which counts once."""
    for selection in selected.selections if selected is not None else ():
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _fields(selection.selection_set, operation, seen)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            yield from _fields(operation.fragments[selection.name.value].selection_set, operation, seen)
