"""What a distribution gets when its cache has nothing: from an origin, the second one of a group, or a function.

Source: Amazon CloudFront Developer Guide, "Optimize high availability with CloudFront origin failover"; "Request and
response behavior for custom origins" ("HTTP response headers that CloudFront removes or replaces"); "Cookies".
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

from lambdakit.harness.routing.distribution.configuration import (
    Behavior,
    DistributionConfiguration,
    Origin,
    OriginGroup,
)
from lambdakit.harness.routing.distribution.messages import EdgeFailed, EdgeRequest, EdgeResponse, Fields, without
from lambdakit.harness.routing.distribution.origin_request import for_origin, origin_request
from lambdakit.harness.routing.distribution.origins import Origins
from lambdakit.harness.routing.distribution.pages import page
from lambdakit.harness.routing.distribution.policies import CachePolicy, Selections
from lambdakit.records import dataclass

_FAILING_OVER = ("GET", "HEAD", "OPTIONS")
_KEPT_IN_VARY = frozenset({"accept-encoding", "cookie"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One viewer's request, as edge functions are told of it."""

    configuration: DistributionConfiguration
    behavior: Behavior
    request_id: str
    viewer_ip: str


class OriginEvents(Protocol):
    """The functions that origin events invoke. See `LambdaAtEdge`."""

    def origin_request(
        self, visit: Visit, request: EdgeRequest, origin: Origin
    ) -> tuple[EdgeRequest, Origin] | EdgeResponse:
        """The request and its origin as a function leaves them, or the answer that it gives. EdgeFailed."""

    def origin_response(
        self, visit: Visit, request: EdgeRequest, origin: Origin, response: EdgeResponse
    ) -> EdgeResponse:
        """The answer as a function leaves it. EdgeFailed."""


class Fetching:
    """Gets answers."""

    def __init__(self, origins: Origins, events: OriginEvents) -> None:
        self._origins = origins
        self._events = events

    def fetch(self, visit: Visit, request: EdgeRequest, policy: CachePolicy, more: Selections | None) -> EdgeResponse:
        """The answer, an error among them; nothing is raised. more: the origin request policy; None without one."""
        configuration, target = visit.configuration, visit.behavior.target
        asked = origin_request(request, policy, more, request_id=visit.request_id)
        group = configuration.groups.get(target)
        members = (target,) if group is None else group.members
        response = page(502, "The distribution has no such origin.", problem=f"there is no origin {target}")
        for origin_id in members:
            origin = configuration.origins.get(origin_id)
            if origin is None:
                continue
            try:
                response = self._from_origin(visit, asked, origin)
                failed = group is not None and response.status in group.statuses
            except EdgeFailed as refused:
                response, failed = refused.response, True
            if group is None or not failed or not _may_fail_over(group, asked):
                break
        return _as_configured(response, policy, more)

    def _from_origin(self, visit: Visit, asked: EdgeRequest, origin: Origin) -> EdgeResponse:
        made = self._events.origin_request(visit, for_origin(asked, origin), origin)
        if isinstance(made, EdgeResponse):
            return made
        request, origin = made
        response = self._origins.ask(request, origin, visit.configuration.arn)
        return self._events.origin_response(visit, request, origin, response)


def _may_fail_over(group: OriginGroup, request: EdgeRequest) -> bool:
    return len(group.members) > 1 and request.method in _FAILING_OVER


def _as_configured(response: EdgeResponse, policy: CachePolicy, more: Selections | None) -> EdgeResponse:
    """Without the cookies that nothing lets through, and with that of `Vary` which the policies know."""
    selections = [policy.key] if more is None else [policy.key, more]
    fields = without(response.headers, "trailer", "transfer-encoding", "upgrade")
    if not any(selection.forwards_cookies for selection in selections):
        fields = without(fields, "set-cookie")
    return dataclasses.replace(response, headers=_vary(fields, selections))


def _vary(fields: Fields, selections: list[Selections]) -> Fields:
    named = [name.strip() for key, value in fields if key.lower() == "vary" for name in value.split(",")]
    kept = [
        name
        for name in named
        if name.lower() in _KEPT_IN_VARY or any(each.headers.takes(name.lower()) for each in selections)
    ]
    if not named:
        return fields
    fields = without(fields, "vary")
    return (*fields, ("Vary", ", ".join(kept))) if kept else fields
