"""What a resolver is told of the fields that are asked for below its own.

Source: AppSync Developer Guide, "JavaScript resolver context object reference" (`selectionSetList`: paths with slashes,
an alias in place of its field; `selectionSetGraphQL`; `@skip` and `@include` are heeded).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_directive_values,
    print_ast,
)

Fragments = Mapping[str, FragmentDefinitionNode]


def selection_list(nodes: Sequence[FieldNode], fragments: Fragments, variables: Mapping[str, Any]) -> list[str]:
    """The paths of all fields below a field, each once, in order."""
    paths = (path for node in nodes for path in _paths(node.selection_set, fragments, variables, ""))
    return list(dict.fromkeys(paths))


def selection_text(nodes: Sequence[FieldNode], variables: Mapping[str, Any]) -> str:
    """The selection below a field, in GraphQL; empty for a field that has none."""
    sets = [node.selection_set for node in nodes if node.selection_set is not None]
    if not sets:
        return ""
    selections = tuple(selection for each in sets for selection in _wanted(each, variables))
    return print_ast(SelectionSetNode(selections=selections))


def _paths(
    selected: SelectionSetNode | None, fragments: Fragments, variables: Mapping[str, Any], below: str
) -> Iterator[str]:
    for selection in _wanted(selected, variables):
        if isinstance(selection, FieldNode):
            name = (selection.alias or selection.name).value
            yield f"{below}{name}"
            yield from _paths(selection.selection_set, fragments, variables, f"{below}{name}/")
        elif isinstance(selection, InlineFragmentNode):
            yield from _paths(selection.selection_set, fragments, variables, below)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value in fragments:
            yield from _paths(fragments[selection.name.value].selection_set, fragments, variables, below)


def _wanted(selected: SelectionSetNode | None, variables: Mapping[str, Any]) -> Iterator[SelectionNode]:
    for selection in selected.selections if selected is not None else ():
        skip = get_directive_values(GraphQLSkipDirective, selection, dict(variables))
        include = get_directive_values(GraphQLIncludeDirective, selection, dict(variables))
        if not (skip and skip["if"]) and not (include and not include["if"]):
            yield selection
