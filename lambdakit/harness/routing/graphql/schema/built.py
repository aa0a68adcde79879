"""A schema's text made into a schema: AWS's scalars and directives added, and what directives say read.

Source: AppSync Developer Guide, "Designing GraphQL APIs" and "Scalar types in GraphQL" (types of an API's own do not
begin with `AWS`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    build_ast_schema,
    parse,
    validate_schema,
    value_from_ast_untyped,
)

from lambdakit.harness.routing.graphql.schema.field_access import FieldAccess
from lambdakit.harness.routing.graphql.schema.problem import SchemaProblem
from lambdakit.harness.routing.graphql.schema.scalars import NAMES, equip
from lambdakit.records import dataclass

_ON_BOTH: Final = "OBJECT | FIELD_DEFINITION"
# Published applications of AWS's carry them on input types too, where nothing follows from them; no page says so.
_OF_ACCESS: Final = f"{_ON_BOTH} | INPUT_OBJECT"
# Source: AppSync Developer Guide, "Using additional authorization modes", "Real-time data" (`@aws_subscribe`);
# directives that AppSync takes and that do nothing here stand beside them, as its own schemas carry them.
_DIRECTIVES: Final[Mapping[str, str]] = {
    "aws_api_key": f"directive @aws_api_key on {_OF_ACCESS}",
    "aws_iam": f"directive @aws_iam on {_OF_ACCESS}",
    "aws_oidc": f"directive @aws_oidc on {_OF_ACCESS}",
    "aws_lambda": f"directive @aws_lambda on {_OF_ACCESS}",
    "aws_cognito_user_pools": f"directive @aws_cognito_user_pools(cognito_groups: [String]) on {_OF_ACCESS}",
    "aws_auth": "directive @aws_auth(cognito_groups: [String]) on FIELD_DEFINITION",
    "aws_subscribe": "directive @aws_subscribe(mutations: [String]) on FIELD_DEFINITION",
    "aws_publish": "directive @aws_publish(subscriptions: [String]) on FIELD_DEFINITION",
    "canonical": f"directive @canonical on {_ON_BOTH}",
    "hidden": f"directive @hidden on {_ON_BOTH}",
    "renamed": f"directive @renamed(to: String) on {_ON_BOTH}",
}
_SCHEMAS_KEPT: Final = 64
_LEGACY_INTERFACES: Final = re.compile(r"\bimplements\b([^{@]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSchema:
    """A schema, with what its directives say. subscriptions: of each mutation, the subscriptions that it feeds.

    text: what it was made of.
    """

    text: str
    schema: GraphQLSchema
    access: FieldAccess
    subscriptions: Mapping[str, tuple[str, ...]]


@functools.lru_cache(maxsize=_SCHEMAS_KEPT)
def built_schema(definition: str) -> BuiltSchema:
    """The schema that a text defines. SchemaProblem for one that AppSync would not take."""
    try:
        document = _with_aws(_parsed(definition))
        schema = build_ast_schema(document)
        problems = [str(problem.message) for problem in validate_schema(schema)]
    except GraphQLError as error:
        where = error.locations[0] if error.locations else None
        place = f" (line {where.line}, column {where.column})" if where is not None else ""
        raise SchemaProblem(f"{error.message}{place}") from None
    except (TypeError, RecursionError) as error:
        raise SchemaProblem(str(error)) from None
    if schema.query_type is None:
        raise SchemaProblem("There is no top level schema object defined.")
    if problems:
        raise SchemaProblem("; ".join(problems))
    for found in schema.type_map.values():
        if isinstance(found, GraphQLScalarType):
            equip(found)
    return BuiltSchema(text=definition, schema=schema, access=FieldAccess(schema), subscriptions=_subscriptions(schema))


def _with_aws(document: DocumentNode) -> DocumentNode:
    """The document with the definitions that AppSync adds, but for those that it has itself."""
    names = [(node.kind, getattr(node, "name", None)) for node in document.definitions]
    defined = {(kind, name.value) for kind, name in names if name is not None}
    own = [
        *(f"scalar {name}" for name in NAMES if ("scalar_type_definition", name) not in defined),
        *(text for name, text in _DIRECTIVES.items() if ("directive_definition", name) not in defined),
    ]
    for kind, name in sorted(defined):
        if kind.endswith("_type_definition") and name.startswith("AWS") and name not in NAMES:
            raise SchemaProblem(f"Type name {name} is reserved: names of types do not begin with AWS.")
    added = parse("\n".join(own)).definitions if own else ()
    return DocumentNode(definitions=(*document.definitions, *added))


def _parsed(definition: str) -> DocumentNode:
    """The text's syntax. `implements A, B`, which AppSync takes as well, is read as the specification's `A & B`."""
    try:
        return parse(definition)
    except GraphQLError:
        again = _LEGACY_INTERFACES.sub(
            lambda match: "implements" + re.sub(r"\s*,\s*", " & ", match[1].rstrip()) + " ", definition
        )
        if again == definition:
            raise
    return parse(again)


def _subscriptions(schema: GraphQLSchema) -> Mapping[str, tuple[str, ...]]:
    fed: dict[str, tuple[str, ...]] = {}
    fields: Mapping[str, Any] = schema.subscription_type.fields if schema.subscription_type is not None else {}
    for name, field in fields.items():
        for directive in field.ast_node.directives if field.ast_node is not None else ():
            if directive.name.value != "aws_subscribe":
                continue
            given = {each.name.value: value_from_ast_untyped(each.value) for each in directive.arguments}
            for mutation in given.get("mutations") or ():
                fed[mutation] = (*fed.get(mutation, ()), name)
    return fed
