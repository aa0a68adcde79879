"""How what resolvers gave becomes the answer: GraphQL's rules, with AppSync's words for what does not fit.

Source: GraphQL specification, "Value Completion"; the words are those that clients of the service quote in public
issues: no page of AWS's lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphql import (
    ExecutionContext,
    FieldNode,
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLError,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLResolveInfo,
    get_named_type,
    is_abstract_type,
    is_introspection_type,
    is_list_type,
    is_object_type,
)

from lambdakit.harness.routing.graphql.errors import ValueFault

if TYPE_CHECKING:
    from graphql.pyutils import Path

_SCALARS_OF_AWS = "AWS"


class Completion(ExecutionContext):
    """The library's execution, with other words."""

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_nodes: list[FieldNode],
        info: GraphQLResolveInfo,
        path: Path,
        result: Any,
    ) -> Any:
        """A value as the answer has it; an awaitable where fields below it are still to come."""
        if isinstance(result, Exception):
            raise result
        if isinstance(return_type, GraphQLNonNull):
            completed = self.complete_value(return_type.of_type, field_nodes, info, path, result)
            if completed is None:
                raise ValueFault(
                    f"Cannot return null for non-nullable type: '{return_type.of_type}' within parent "
                    f"'{info.parent_type.name}' ({_written(path)})"
                )
            return completed
        if result is None:
            return None
        # The types of an introspection are objects of the library's.
        if is_introspection_type(get_named_type(return_type)):
            return super().complete_value(return_type, field_nodes, info, path, result)
        if is_list_type(return_type) and not isinstance(result, list | tuple):
            raise ValueFault(f"Can't resolve value ({_written(path)}) : type mismatch error, expected type LIST")
        is_object = is_object_type(return_type) or is_abstract_type(return_type)
        if is_object and not isinstance(result, Mapping):
            raise ValueFault(f"Can't resolve value ({_written(path)}) : type mismatch error, expected type OBJECT")
        try:
            return super().complete_value(return_type, field_nodes, info, path, result)
        except _Unserializable as problem:
            raise ValueFault(f"Can't serialize value ({_written(path)}) : {problem}") from None

    @staticmethod
    def complete_leaf_value(return_type: GraphQLLeafType, result: Any) -> Any:
        """A scalar or a name of an enumeration."""
        try:
            return ExecutionContext.complete_leaf_value(return_type, result)
        except (GraphQLError, TypeError, ValueError) as error:
            if isinstance(return_type, GraphQLEnumType):
                text = f"Invalid input for Enum '{return_type.name}'. No value found for name '{result}'"
            elif return_type.name.startswith(_SCALARS_OF_AWS):
                text = str(error)
            else:
                text = f"Expected type '{return_type.name}' but was '{_kind(result)}'."
            raise _Unserializable(text) from None


class _Unserializable(Exception):
    """A leaf that is none of its type."""


def type_of(value: Any, info: GraphQLResolveInfo, abstract: GraphQLAbstractType) -> str:
    """Which object type a value has whose field's type is an interface or a union: it says so itself.

    Source: AppSync Developer Guide, "Interfaces and unions in GraphQL" (`__typename`).
    """
    del info
    name = value.get("__typename") if isinstance(value, Mapping) else None
    if not isinstance(name, str) or not name:
        raise ValueFault(f"Could not determine the exact type of {abstract.name}. Missing __typename key on value.")
    return name


def _written(path: Path | None) -> str:
    """`/listPosts/items[0]/title`."""
    text = ""
    for key in path.as_list() if path is not None else ():
        text += f"[{key}]" if isinstance(key, int) else f"/{key}"
    return text


def _kind(value: object) -> str:
    """What the service calls the type of a value, which is Java's name for it."""
    match value:
        case bool():
            return "Boolean"
        case int():
            return "Integer"
        case float():
            return "Double"
        case str():
            return "String"
        case Mapping():
            return "LinkedHashMap"
    return "ArrayList"
