"""Which providers a field may be asked for with, as the directives of a schema say.

Source: AppSync Developer Guide, "Using additional authorization modes" (the directives, on types and fields; without
one, the default provider's) and "AMAZON_COGNITO_USER_POOLS authorization" (`@aws_auth`, groups).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lambdakit.records import dataclass

# Directive -> the provider that it lets in.
PROVIDERS: Final[Mapping[str, str]] = {
    "aws_api_key": "API_KEY",
    "aws_iam": "AWS_IAM",
    "aws_oidc": "OPENID_CONNECT",
    "aws_lambda": "AWS_LAMBDA",
    "aws_cognito_user_pools": "AMAZON_COGNITO_USER_POOLS",
    "aws_auth": "AMAZON_COGNITO_USER_POOLS",
}
Groups = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may ask for a field. groups: by provider, those of which a user has to be in one; None for any user."""

    groups: Mapping[str, Groups | None]


class FieldAccess:
    """What the directives of a schema say of its fields."""

    def __init__(self, schema: Any) -> None:
        self._types: dict[str, Access | None] = {}
        self._fields: dict[tuple[str, str], Access | None] = {}
        for name, kind in schema.type_map.items():
            for node in (kind.ast_node, *(kind.extension_ast_nodes or ())):
                if node is not None:
                    self._types[name] = _access(node) or self._types.get(name)
            for field_name, field in getattr(kind, "fields", {}).items():
                self._fields[name, field_name] = None if field.ast_node is None else _access(field.ast_node)

    def of(self, type_name: str, field_name: str) -> Access | None:
        """What is said of a field, or of its type where nothing is said of the field; None for nothing."""
        return self._fields.get((type_name, field_name)) or self._types.get(type_name)


def _access(node: Any) -> Access | None:
    found = dict(_said(node))
    return Access(groups=found) if found else None


def _said(node: Any) -> Iterator[tuple[str, Groups | None]]:
    from graphql import value_from_ast_untyped

    for directive in getattr(node, "directives", None) or ():
        provider = PROVIDERS.get(directive.name.value)
        if provider is None:
            continue
        given = {each.name.value: value_from_ast_untyped(each.value) for each in directive.arguments}
        groups = given.get("cognito_groups")
        yield provider, None if groups is None else frozenset(groups if isinstance(groups, list) else [groups])
