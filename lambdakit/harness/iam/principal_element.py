"""The `Principal` and `NotPrincipal` elements of a resource-based policy: who is meant, and how directly.

Source: IAM User Guide, "AWS JSON policy elements: Principal"; "AWS JSON policy elements: NotPrincipal".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from lambdakit.harness.iam.condition_keys import RequestContext
from lambdakit.harness.iam.principal import Principal
from lambdakit.records import dataclass

_ACCOUNT: Final = re.compile(r"(?:arn:aws[\w-]*:iam::)?(\d{12})(?::root)?")
_REGIONAL: Final = re.compile(r"([\w-]+)\.([a-z]{2}(?:-[a-z]+)+-\d)(\.amazonaws\.com(?:\.cn)?)")
# Source: Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3 origin" (origin access identity).
_ORIGIN_ACCESS_IDENTITY: Final = "arn:aws:iam::cloudfront:user/"


class Naming(IntEnum):
    """How an element names a principal, from not at all to by itself.

    ACCOUNT leaves it to the account's own policies; ENTITY names the role of a session, or the user that federated.
    """

    NOT = 0
    ACCOUNT = 1
    ENTITY = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalElement:
    """Whom a statement is about.

    negated: `NotPrincipal`. everyone: `*` or `{"AWS": "*"}`, which are the same, services and the anonymous included.
    accounts: by number. names: ARNs and unique ids, as they stand in the policy.
    """

    negated: bool = False
    everyone: bool = False
    accounts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    federated: frozenset[str] = frozenset()
    canonical_users: frozenset[str] = frozenset()

    def naming(self, request: RequestContext, *, denies: bool) -> Naming:
        """How the element names the principal of a request. denies: the statement's effect.

        A denial with `NotPrincipal` spares only who is listed in full: the account, the role, and the session or user.
        """
        if not self.negated:
            return self._naming(request)
        if self.everyone:
            return Naming.NOT
        listed = self._lists_in_full(request) if denies else self._naming(request) is not Naming.NOT
        return Naming.NOT if listed else Naming.DIRECT

    def _naming(self, request: RequestContext) -> Naming:
        principal = request.principal
        if self.everyone or self._names_service(request) or self._names_provider(request):
            return Naming.DIRECT
        if not principal.arn:
            return Naming.NOT
        caller = principal.caller_arn or principal.arn
        if caller in self.names:
            return Naming.DIRECT
        if principal.arn in self.names or _unique_id(principal) in self.names:
            return Naming.ENTITY if caller != principal.arn else Naming.DIRECT
        if principal.arn.startswith(_ORIGIN_ACCESS_IDENTITY):  # an identity's canonical id is its own
            return Naming.DIRECT if principal.canonical_user in self.canonical_users else Naming.NOT
        if principal.account_id in self.accounts or principal.canonical_user in self.canonical_users:
            return Naming.ACCOUNT
        return Naming.NOT

    def _lists_in_full(self, request: RequestContext) -> bool:
        principal = request.principal
        if not principal.arn:
            return self._names_service(request)
        is_account_listed = principal.account_id in self.accounts or principal.canonical_user in self.canonical_users
        return is_account_listed and {principal.arn, principal.caller_arn or principal.arn} <= self.names

    def _names_service(self, request: RequestContext) -> bool:
        service = request.principal.service
        if not service or not self.services:
            return False
        return (
            service in self.services
            or "*" in self.services
            or any(_is_regional_name(name, service, request) for name in self.services)
        )

    def _names_provider(self, request: RequestContext) -> bool:
        if not self.federated:
            return False
        return not self.federated.isdisjoint(request.values("aws:federatedprovider") or ())


def principal_element(entries: Mapping[str, tuple[str, ...]] | None, *, negated: bool) -> PrincipalElement:
    """The element for `{"AWS": […], "Service": […], "Federated": […], "CanonicalUser": […]}`; None is `"*"`.

    A star within a name is no wildcard, and so names nobody.
    """
    if entries is None:
        return PrincipalElement(negated=negated, everyone=True)
    aws, services, federated, canonical_users = (
        frozenset(filter(None, entries.get(kind, ()))) for kind in ("AWS", "Service", "Federated", "CanonicalUser")
    )
    return PrincipalElement(
        negated=negated,
        everyone="*" in aws,
        accounts=frozenset(match[1] for name in aws if (match := _ACCOUNT.fullmatch(name))),
        names=aws,
        services=services,
        federated=federated,
        canonical_users=canonical_users,
    )


def _unique_id(principal: Principal) -> str:
    """`AROA…` or `AIDA…`, as which a policy keeps a role or user. Empty names nobody."""
    return principal.user_id.partition(":")[0] or principal.arn


def _is_regional_name(name: str, service: str, request: RequestContext) -> bool:
    """Whether `states.us-east-1.amazonaws.com` names `states.amazonaws.com` in the region of the request.

    Source: IAM User Guide, "AWS global condition context keys" (`aws:PrincipalServiceNamesList`).
    """
    match = _REGIONAL.fullmatch(name)
    if match is None or match[1] + match[3] != service:
        return False
    known = request.values("aws:requestedregion") or tuple(filter(None, request.resource.split(":")[3:4]))
    return not known or match[2] in known
