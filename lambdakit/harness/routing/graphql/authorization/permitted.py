"""Whether a caller may have a field: what the schema's directives, a function and IAM say.

Source: AppSync Developer Guide, "Using additional authorization modes" (without a directive a field is for the default
provider), "AMAZON_COGNITO_USER_POOLS authorization" (the default action; groups), "AWS_IAM authorization" (`types` and
`fields` as resources), "AWS_LAMBDA authorization" (`deniedFields`).
"""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.definition import GraphqlDefinition
from lambdakit.harness.routing.graphql.errors import FieldFault
from lambdakit.harness.routing.graphql.schema.field_access import FieldAccess

_ACTION = "appsync:GraphQL"
_POOLS = "AMAZON_COGNITO_USER_POOLS"
# Who asks, what for and of what -> why not; None when they may.
Refusal = Callable[[Principal, str, str], str | None]


class Permitted:
    """What one caller may have of an API. roots: the names of the operations' types.

    IAM is asked about the fields of the roots alone. No page says whether AppSync asks about those of other types;
    policies that the CDK's `grant_query` and `grant_mutation` write name the roots' only, and are enough.
    """

    def __init__(
        self,
        definition: GraphqlDefinition,
        access: FieldAccess,
        authorized: Authorized,
        *,
        refusal: Refusal,
        roots: frozenset[str],
    ) -> None:
        self._definition = definition
        self._access = access
        self._authorized = authorized
        self._refusal = refusal
        self._roots = roots
        self._kept: dict[tuple[str, str], bool] = {}

    def check(self, type_name: str, field_name: str) -> None:
        """FieldFault when the caller may not have a field."""
        place = (type_name, field_name)
        allowed = self._kept.get(place)
        if allowed is None:
            allowed = self._kept[place] = self._may(type_name, field_name)
        if not allowed:
            raise FieldFault(f"Not Authorized to access {field_name} on type {type_name}", "Unauthorized")

    def _may(self, type_name: str, field_name: str) -> bool:
        authorized = self._authorized
        if f"{type_name}.{field_name}" in authorized.denied:
            return False
        said = self._access.of(type_name, field_name)
        if said is None:
            if authorized.provider != self._definition.providers[0].kind or authorized.default_denies:
                return False
        elif authorized.provider not in said.groups:
            return False
        else:
            groups = said.groups[authorized.provider]
            if groups is not None and groups.isdisjoint(authorized.groups):
                return False
        return authorized.principal is None or self._signer_may(authorized.principal, type_name, field_name)

    def _signer_may(self, principal: Principal, type_name: str, field_name: str) -> bool:
        if type_name not in self._roots:
            return True
        arn = f"{self._definition.record.arn}/types/{type_name}/fields/{field_name}"
        return self._refusal(principal, _ACTION, arn) is None
