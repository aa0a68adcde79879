"""What the policies of a role grant, and what of it was used.

In come the documents of the role's identity policies and what the role did; out goes one row per grant.

A *grant* is what one line of code grants: the actions of one service, in one Allow statement, on one resource with what
lies in it. A table and its indexes, a bucket and its objects, a function and its versions are one resource, as the
CDK's grant methods write them. What the CDK merged into one statement because it looks alike (two tables with the same
actions, X-Ray's and CloudWatch's actions on `*`) are several grants.

A grant is used when any of its actions was. Its actions that were not are told besides: grant methods always allow
more than one handler calls, so that a role without an unused grant is a matter of deleting lines, a role without an
unused action one of listing actions by hand.

A grant with conditions counts as used when a decision names its statement; which values a request had is not known
here. Deny statements, boundaries and session policies grant nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from lambdakit.harness.iam.matching import ANY, Matcher, like, resource_like, wildcards
from lambdakit.harness.iam.usage import Use
from lambdakit.records import dataclass

Origin = Literal["inline", "managed", "aws"]
AllActions = Callable[[str], Iterable[str]]

EVERYTHING: Final = "*"

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_LITERALS: Final = frozenset("*?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePolicy:
    """A policy of a role. origin: `inline`, `managed` (of the account's own) or `aws` (managed by AWS)."""

    name: str
    document: Mapping[str, Any]
    origin: Origin = "inline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The actions of one service on one resource with what lies in it, by one statement.

    service: the actions' prefix; `*` for every service.
    actions, resources: patterns. all_but: they are what is *not* granted (`NotAction`).
    resources_all_but: likewise (`NotResource`).
    statement: its place in the policy, from 1. sid: empty where it has none.
    """

    service: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    policy: str
    origin: Origin
    statement: int
    sid: str = ""
    conditional: bool = False
    all_but: bool = False
    resources_all_but: bool = False

    def matches(self, use: Use) -> bool:
        """Whether this grant allows what was done."""
        if self.conditional and not use.by_platform and (use.policy, use.sid) != (self.policy, self.sid):
            return False
        return self._has_action(use.action) and self._has_resource(use.resource)

    def _has_action(self, action: str) -> bool:
        return self.all_but != any(action_matches(pattern, action) for pattern in self.actions)

    def _has_resource(self, resource: str) -> bool:
        return self.resources_all_but != any(resource_matches(pattern, resource) for pattern in self.resources)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantUse:
    """What was used of a grant.

    used_actions: in alphabetical order. unused_actions: likewise, as the patterns where it is not known what those
    cover.
    """

    grant: Grant
    used_actions: tuple[str, ...]
    unused_actions: tuple[str, ...]


def granted(documents: Sequence[RolePolicy]) -> tuple[Grant, ...]:
    """Every grant, in the order of the documents."""
    return tuple(grant for document in documents for grant in _of_document(document))


def measured(grants: Iterable[Grant], uses: Iterable[Use], all_actions: AllActions) -> tuple[GrantUse, ...]:
    """Each grant with what was used of it.

    all_actions: every action of a service by its prefix, such as `dynamodb:GetItem`; none for an unknown service.
    """
    by_service: dict[str, list[Use]] = {}
    for use in uses:
        by_service.setdefault(_service(use.action), []).append(use)
    everything = [use for some in by_service.values() for use in some]
    return tuple(
        _measured(grant, everything if grant.service == EVERYTHING else by_service.get(grant.service, ()), all_actions)
        for grant in grants
    )


def action_matches(pattern: str, action: str) -> bool:
    """Whether a pattern covers an action: case is ignored.

    Source: IAM User Guide, "IAM JSON policy elements: Action".
    """
    return _action_test(pattern.lower())(action.lower())


def resource_matches(pattern: str, resource: str) -> bool:
    """Whether a pattern covers an ARN. A policy variable, which stands for a value of the request, covers any.

    Source: IAM User Guide, "IAM JSON policy elements: Resource" and "Variables and tags".
    """
    return _resource_test(pattern)(resource)


def _measured(grant: Grant, uses: Iterable[Use], all_actions: AllActions) -> GrantUse:
    used = {use.action for use in uses if grant.matches(use)}
    lowered = {action.lower() for action in used}
    unused = {action for action in _actions(grant, all_actions) if action.lower() not in lowered}
    return GrantUse(grant=grant, used_actions=tuple(sorted(used)), unused_actions=tuple(sorted(unused)))


def _actions(grant: Grant, all_actions: AllActions) -> Iterator[str]:
    """The actions that a grant's patterns cover; a pattern that covers none known stands for itself."""
    if grant.all_but:
        yield f"every action but {', '.join(grant.actions)}"
        return
    known = () if grant.service == EVERYTHING else tuple(all_actions(grant.service))
    for pattern in grant.actions:
        covered = [action for action in known if action_matches(pattern, action)]
        yield from covered or (pattern,)


def _of_document(named: RolePolicy) -> Iterator[Grant]:
    for place, statement in enumerate(_list(named.document.get("Statement")), start=1):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow":
            yield from _of_statement(named, place, statement)


def _of_statement(named: RolePolicy, place: int, statement: Mapping[str, Any]) -> Iterator[Grant]:
    all_but, resources_all_but = "NotAction" in statement, "NotResource" in statement
    actions = [str(action) for action in _list(statement.get("NotAction" if all_but else "Action"))]
    resources = [str(arn) for arn in _list(statement.get("NotResource" if resources_all_but else "Resource"))]
    by_service: dict[str, list[str]] = {}
    for action in actions:
        by_service.setdefault(EVERYTHING if all_but else _service(action), []).append(action)
    families = [resources] if resources_all_but else _families(resources)
    for service, own in by_service.items():
        for family in families:
            if resources_all_but or _can_be_about(service, family[0], by_service):
                yield Grant(
                    service=service,
                    actions=tuple(own),
                    resources=tuple(family),
                    policy=named.name,
                    origin=named.origin,
                    statement=place,
                    sid=str(statement.get("Sid") or ""),
                    conditional=bool(statement.get("Condition")),
                    all_but=all_but,
                    resources_all_but=resources_all_but,
                )


def _families(resources: Sequence[str]) -> list[list[str]]:
    """The resources, each with those that lie in it: `table/orders` with `table/orders/index/*`."""
    families: list[list[str]] = []
    for resource in sorted(dict.fromkeys(resources), key=len):
        roots = [family for family in families if resource.startswith((f"{family[0]}/", f"{family[0]}:"))]
        if roots:
            roots[-1].append(resource)
        else:
            families.append([resource])
    return sorted(families, key=lambda family: resources.index(family[0]))


def _can_be_about(service: str, resource: str, services: Iterable[str]) -> bool:
    """Whether a service's actions can be about a resource.

    The actions of one service are not, where those of another one in the same statement are: a statement of
    `s3:GetObject` and `sqs:SendMessage` on a bucket and a queue is two grants, not four.
    """
    parts = resource.split(":", 3)
    if service == EVERYTHING or len(parts) < 4 or parts[2] == service:
        return True
    return parts[2] not in services


def _service(action: str) -> str:
    """The prefix, in lower case; `*` for an action of every service.

    Source: IAM User Guide, "IAM JSON policy elements: Action": the prefix itself takes no wildcard.
    """
    prefix, separator, _ = action.partition(":")
    return prefix.lower() if separator and not {"*", "?"} & set(prefix) else EVERYTHING


@lru_cache(maxsize=4096)
def _action_test(pattern: str) -> Matcher:
    return like(wildcards(pattern))


@lru_cache(maxsize=4096)
def _resource_test(pattern: str) -> Matcher:
    pieces = _VARIABLE.split(pattern)
    written = (
        wildcards(piece) if place % 2 == 0 else piece if piece in _LITERALS else ANY
        for place, piece in enumerate(pieces)
    )
    return resource_like("".join(written))


def _list(value: object) -> list[Any]:
    """A policy's element, which may stand alone."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
