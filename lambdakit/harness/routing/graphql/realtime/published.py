"""What a mutation publishes: the result of each of its fields, by the fields' own names.

Subscribers see what the mutation asked for, and null for the rest.
Source: AppSync Developer Guide, "Real-time data" (a subscription's selection is part of the mutation's).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from lambdakit.harness.routing.graphql.execution.operation import Operation


def published(operation: Operation, data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Field and result of each field of a mutation that has one."""
    if not isinstance(data, Mapping):
        return
    for node in _fields(operation.node.selection_set, operation):
        result = data.get((node.alias or node.name).value)
        if isinstance(result, Mapping):
            yield node.name.value, _by_field(result, node.selection_set, operation)


def _by_field(value: Any, selected: SelectionSetNode | None, operation: Operation) -> Any:
    """A result whose members are called as the schema calls them, whatever the client did."""
    if isinstance(value, list):
        return [_by_field(item, selected, operation) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        node.name.value: _by_field(value[name], node.selection_set, operation)
        for node in _fields(selected, operation)
        if (name := (node.alias or node.name).value) in value
    }


def _fields(selected: SelectionSetNode | None, operation: Operation) -> Iterator[FieldNode]:
    for selection in selected.selections if selected is not None else ():
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _fields(selection.selection_set, operation)
        elif isinstance(selection, FragmentSpreadNode):
            yield from _fields(operation.fragments[selection.name.value].selection_set, operation)
