"""A request's body as an operation of the schema: parsed, checked, and within the API's limits.

Source: GraphQL specification, "Validation"; AppSync Developer Guide, "Configuring GraphQL run complexity, query depth,
and introspection with AWS AppSync"; GraphQL over HTTP (the body's members).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)

from lambdakit.harness.routing.graphql.errors import Body, malformed, operation_error
from lambdakit.harness.routing.graphql.schema.built import BuiltSchema, built_schema
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

# What a document may have at most: a client cannot keep the harness busy for long.
_TOKENS_MAX: Final = 15_000
_NESTING_MAX: Final = 200
# With each fragment as often as it is spread: few characters can stand for any number of fields.
_FIELDS_MAX: Final = 20_000
_DOCUMENTS_KEPT: Final = 256
_KEPT_LENGTH_MAX: Final = 16 * 1024
# The service's names of what the rules of the specification find.
_KINDS: Final[Mapping[str, str]] = {
    "FieldsOnCorrectTypeRule": "FieldUndefined",
    "FragmentsOnCompositeTypesRule": "InlineFragmentTypeConditionInvalid",
    "KnownArgumentNamesRule": "UnknownArgument",
    "KnownDirectivesRule": "UnknownDirective",
    "KnownFragmentNamesRule": "UndefinedFragment",
    "KnownTypeNamesRule": "UnknownType",
    "NoFragmentCyclesRule": "FragmentCycle",
    "NoUndefinedVariablesRule": "UndefinedVariable",
    "NoUnusedFragmentsRule": "UnusedFragment",
    "NoUnusedVariablesRule": "UnusedVariable",
    "OverlappingFieldsCanBeMergedRule": "FieldsConflict",
    "PossibleFragmentSpreadsRule": "InvalidFragmentType",
    "ProvidedRequiredArgumentsRule": "MissingFieldArgument",
    "ScalarLeafsRule": "SubSelectionRequired",
    "ValuesOfCorrectTypeRule": "WrongType",
    "VariablesAreInputTypesRule": "NonInputTypeOnVariable",
    "VariablesInAllowedPositionRule": "VariableTypeMismatch",
}


class OperationRefused(Exception):
    """An operation that is not executed. errors: as the answer has them."""

    def __init__(self, errors: Sequence[Body]) -> None:
        super().__init__(str(errors[0]["message"]))
        self.errors = list(errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a body says. name: of the operation; None for the only one."""

    query: str
    name: str | None
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation that fits the schema. kind: `query`, `mutation` or `subscription`."""

    asked: Asked
    document: DocumentNode
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]

    @property
    def kind(self) -> str:
        """What it does."""
        return str(self.node.operation.value)


def read_asked(request: Request) -> Asked:
    """What a request asks for. RequestRefused for one that asks for nothing."""
    try:
        body = json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise malformed("Unable to parse GraphQL query.") from None
    return read_body(body)


def _no_constant(name: str) -> None:
    """JSON has no `NaN` and no `Infinity`, which Python reads."""
    raise ValueError(name)


def read_body(body: object) -> Asked:
    """What the members of a body say. RequestRefused."""
    query = body.get("query") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(query, str) or not query.strip():
        raise malformed("Unable to parse GraphQL query.")
    variables, name = body.get("variables"), body.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise malformed("Unable to parse GraphQL query.")
    return Asked(query=query, name=name or None, variables=variables or {})


def read_operation(asked: Asked, built: BuiltSchema, *, introspects: bool, depth_max: int) -> Operation:
    """The operation that is asked for. OperationRefused. depth_max: 0 for any."""
    kept = len(asked.query) <= _KEPT_LENGTH_MAX
    # Checking a query takes ten times as long as resolving one that is small, and clients send the same ones.
    document, problems = (_checked if kept else _checked.__wrapped__)(built.text, asked.query)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    if problems:
        raise OperationRefused(problems)
    node = _chosen(operations, asked.name)
    operation = Operation(asked=asked, document=document, node=node, fragments=fragments)
    if _fields(node.selection_set, fragments, {}) > _FIELDS_MAX:
        raise _refused(f"the query selects more than {_FIELDS_MAX} fields")
    if not introspects and _introspects(node.selection_set, fragments):
        raise _refused("Validation error: introspection is disabled for this API.")
    depth = _depth(node.selection_set, fragments, {})
    if depth_max and depth > depth_max:
        raise _refused(f"Validation error: the query has a depth of {depth}, and {depth_max} is allowed.")
    return operation


@functools.lru_cache(maxsize=_DOCUMENTS_KEPT)
def _checked(schema_text: str, query: str) -> tuple[DocumentNode, list[Body]]:
    """The document that a query is, and what is wrong with it. OperationRefused for what is no document."""
    document = _parsed(query)
    _check_nesting(document)
    return document, _problems(built_schema(schema_text), document)


def _parsed(query: str) -> DocumentNode:
    try:
        return parse(query, max_tokens=_TOKENS_MAX)
    except GraphQLError as error:
        raise OperationRefused([operation_error(error)]) from None
    except RecursionError:
        raise _refused("the query is nested too deeply") from None


def _check_nesting(document: DocumentNode) -> None:
    """What the library goes through by calling itself stays far from what Python allows."""
    waiting: list[tuple[Any, int]] = [(each, 0) for each in document.definitions]
    while waiting:
        node, depth = waiting.pop()
        if depth > _NESTING_MAX:
            raise _refused("the query is nested too deeply")
        for below in ("selection_set", "selections", "arguments", "value", "values", "fields", "directives"):
            found = getattr(node, below, None)
            if isinstance(found, tuple | list):
                waiting.extend((each, depth + 1) for each in found)
            elif found is not None and not isinstance(found, str | bool):
                waiting.append((found, depth + 1))


def _problems(built: BuiltSchema, document: DocumentNode) -> list[Body]:
    """What the specification's rules find; each by its rule, which is looked for once there is something."""
    if not validate(built.schema, document):
        return []
    found = [
        operation_error(error, _KINDS.get(rule.__name__, rule.__name__.removesuffix("Rule")))
        for rule in specified_rules
        for error in validate(built.schema, document, _one(rule))
    ]
    return found


def _one(rule: type[ASTValidationRule]) -> list[type[ASTValidationRule]]:
    return [rule]


def _chosen(operations: Sequence[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if not operations:
        raise _refused("the document has no operation")
    if name is None:
        if len(operations) > 1:
            raise _refused("Must provide operation name if query contains multiple operations.")
        return operations[0]
    for operation in operations:
        if operation.name is not None and operation.name.value == name:
            return operation
    raise _refused(f"Unknown operation named '{name}'.")


def _depth(
    selected: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, int]
) -> int:
    """How many fields stand below each other at most; each fragment is looked into once."""
    deepest = 0
    for selection in selected.selections if selected is not None else ():
        if isinstance(selection, FieldNode):
            deepest = max(deepest, 1 + _depth(selection.selection_set, fragments, known))
        elif isinstance(selection, InlineFragmentNode):
            deepest = max(deepest, _depth(selection.selection_set, fragments, known))
        elif isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name not in known:
                known[name] = _depth(fragments[name].selection_set, fragments, known)
            deepest = max(deepest, known[name])
    return deepest


def _fields(
    selected: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, int]
) -> int:
    """How many fields are selected, those of a fragment wherever it is spread; each fragment is counted once."""
    count = 0
    for selection in selected.selections if selected is not None else ():
        if isinstance(selection, FieldNode):
            count += 1 + _fields(selection.selection_set, fragments, known)
        elif isinstance(selection, InlineFragmentNode):
            count += _fields(selection.selection_set, fragments, known)
        elif isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name not in known:
                known[name] = _fields(fragments[name].selection_set, fragments, known)
            count += known[name]
    return count


def _introspects(selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    """Whether the schema is asked for, at the root, where alone it can be."""
    for selection in selected.selections:
        if isinstance(selection, FieldNode) and selection.name.value in ("__schema", "__type"):
            return True
        if isinstance(selection, InlineFragmentNode) and _introspects(selection.selection_set, fragments):
            return True
        if isinstance(selection, FragmentSpreadNode) and _introspects(
            fragments[selection.name.value].selection_set, fragments
        ):
            return True
    return False


def _refused(message: str) -> OperationRefused:
    return OperationRefused([{"path": None, "locations": None, "message": message}])
