"""One statement of a policy, compiled: whether it applies to a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.condition_keys import RequestContext
from lambdakit.harness.iam.conditions import Condition
from lambdakit.harness.iam.matching import Matcher, any_of, as_written, is_plain, like, resource_like, wildcards
from lambdakit.harness.iam.principal_element import PrincipalElement
from lambdakit.harness.iam.variables import Template, template
from lambdakit.records import dataclass

_COLONS_BEFORE_RESOURCE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionElement:
    """`Action`, or `NotAction` where `negated`. matches: of an action in lower case."""

    matches: Matcher
    negated: bool

    def covers(self, action: str) -> bool:
        """Whether the element is about the action, which is given in lower case."""
        return self.matches(action) is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceElement:
    """`Resource`, or `NotResource` where `negated`. templates: the patterns that hold variables.

    written: the other patterns as the policy has them.
    only: all resources that it can be about; None where a pattern or a negation leaves that open.
    """

    matches: Matcher
    templates: tuple[Template, ...]
    negated: bool
    written: tuple[str, ...] = ()
    only: frozenset[str] | None = None

    def covers(self, request: RequestContext) -> bool:
        """Whether the element is about the resource. A pattern whose variable has no value matches no resource."""
        found = self.matches(request.resource) or any(_fits(pattern, request) for pattern in self.templates)
        return found is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement. sid: empty without one. principal: None in an identity-based policy. resource: None without one."""

    sid: str
    allows: bool
    action: ActionElement
    resource: ResourceElement | None
    principal: PrincipalElement | None
    conditions: tuple[Condition, ...]

    def applies(self, request: RequestContext) -> bool:
        """Whether resource and conditions are those of the request; action and principal are asked for apart."""
        if self.resource is not None and not self.resource.covers(request):
            return False
        return all(condition.holds(request) for condition in self.conditions)


def action_element(patterns: Sequence[str], *, negated: bool) -> ActionElement:
    """The element of these patterns. Action names have no case.

    Source: IAM User Guide, "IAM JSON policy elements: Action".
    """
    marked = [wildcards(pattern.lower()) for pattern in patterns]
    exact = frozenset(pattern for pattern in marked if is_plain(pattern))
    return ActionElement(
        matches=any_of([like(pattern) for pattern in marked if pattern not in exact], exact), negated=negated
    )


def resource_element(patterns: Sequence[str], *, negated: bool, has_variables: bool) -> ResourceElement:
    """The element of these patterns. A variable before the fifth colon of an ARN has no value there.

    Source: IAM User Guide, "IAM policy elements: Variables and tags" ("Resource element").
    """
    found = [template(pattern, pattern=True, has_variables=has_variables) for pattern in patterns]
    texts = [pattern for pattern in found if isinstance(pattern, str)]
    exact = frozenset(pattern for pattern in texts if is_plain(pattern))
    return ResourceElement(
        matches=any_of([resource_like(pattern) for pattern in texts if pattern not in exact], exact),
        templates=tuple(
            pattern
            for pattern in found
            if isinstance(pattern, Template) and pattern.first_variable >= _COLONS_BEFORE_RESOURCE
        ),
        negated=negated,
        written=tuple(as_written(pattern) for pattern in texts),
        only=exact if not negated and len(exact) == len(set(found)) else None,
    )


def _fits(pattern: Template, request: RequestContext) -> bool:
    resolved = pattern.resolve(request.values)
    return resolved is not None and resource_like(resolved)(request.resource)
