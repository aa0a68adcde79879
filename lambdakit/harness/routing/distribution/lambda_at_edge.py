"""Lambda@Edge: versions of Lambda functions that a distribution's events invoke, and what comes of them.

One location stands for all: the region of the functions, where their logs go to the groups of replicas.
Source: Amazon CloudFront Developer Guide, "Customize at the edge with Lambda@Edge"; "Test and debug Lambda@Edge
functions" ("/aws/lambda/us-east-1.function-name"); "HTTP 502 status code (Bad Gateway)" ("Lambda function associated
with the CloudFront distribution is invalid"), "HTTP 503 status code" ("LambdaExecutionError", "LambdaLimitExceeded").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from lambdakit.harness.routing.distribution.configuration import Origin
from lambdakit.harness.routing.distribution.edge_event import edge_event
from lambdakit.harness.routing.distribution.edge_result import (
    InvalidResult,
    changed_origin,
    changed_request,
    changed_response,
    generated_response,
)
from lambdakit.harness.routing.distribution.fetching import Visit
from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse
from lambdakit.harness.routing.distribution.origin_request import for_origin
from lambdakit.harness.routing.distribution.pages import failure
from lambdakit.records import dataclass

_Made = TypeVar("_Made")
_FAILED: Final = "The Lambda function associated with the CloudFront distribution"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeAnswer:
    """What a function gave. failed: its error object stands in `payload`."""

    payload: bytes
    failed: bool


class EdgeRefused(Exception):
    """The function was not run; the text says why. throttled: because of too many at once."""

    def __init__(self, problem: str, *, throttled: bool = False) -> None:
        super().__init__(problem)
        self.throttled = throttled


class LambdaAtEdge:
    """Invokes functions. invoke: a version by its ARN, with an event; raises EdgeRefused."""

    def __init__(self, invoke: Callable[[str, bytes], EdgeAnswer]) -> None:
        self._invoke = invoke

    def viewer_request(self, visit: Visit, request: EdgeRequest) -> EdgeRequest | EdgeResponse:
        """The request as the function leaves it, or the answer that it gives. EdgeFailed."""
        event_type = "viewer-request"
        result = self._result(visit, event_type, request)
        if result is None:
            return request
        return _checked(visit, event_type, lambda: _request_or_response(visit, event_type, request, result))

    def viewer_response(self, visit: Visit, request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
        """The answer as the function leaves it. EdgeFailed."""
        event_type = "viewer-response"
        result = self._result(visit, event_type, request, response=response)
        if result is None:
            return response
        return _checked(visit, event_type, lambda: changed_response(event_type, response, result))

    def origin_request(
        self, visit: Visit, request: EdgeRequest, origin: Origin
    ) -> tuple[EdgeRequest, Origin] | EdgeResponse:
        """The request and its origin as the function leaves them, or the answer that it gives. EdgeFailed."""
        event_type = "origin-request"
        result = self._result(visit, event_type, request, origin=origin)
        if result is None:
            return request, origin

        def read() -> tuple[EdgeRequest, Origin] | EdgeResponse:
            made = _request_or_response(visit, event_type, request, result)
            if isinstance(made, EdgeResponse):
                return made
            changed = changed_origin(origin, result["origin"]) if "origin" in result else origin
            # Where the host is the first origin's own, another origin gets its own as well.
            same_host = made.header("host").lower() == origin.domain
            return (for_origin(_without_host(made), changed) if same_host else for_origin(made, changed)), changed

        return _checked(visit, event_type, read)

    def origin_response(
        self, visit: Visit, request: EdgeRequest, origin: Origin, response: EdgeResponse
    ) -> EdgeResponse:
        """The answer as the function leaves it. EdgeFailed."""
        event_type = "origin-response"
        result = self._result(visit, event_type, request, origin=origin, response=response)
        if result is None:
            return response
        return _checked(visit, event_type, lambda: changed_response(event_type, response, result))

    def _result(
        self,
        visit: Visit,
        event_type: str,
        request: EdgeRequest,
        *,
        origin: Origin | None = None,
        response: EdgeResponse | None = None,
    ) -> Mapping[str, Any] | None:
        """What the function gives; None where the event has no function. EdgeFailed."""
        association = visit.behavior.lambdas.get(event_type)
        if association is None:
            return None
        if origin is not None:
            names = {name.lower() for name, _ in origin.headers}
            request = request.with_headers(field for field in request.headers if field[0].lower() not in names)
        event = edge_event(
            event_type,
            request,
            distribution_id=visit.configuration.id,
            domain=visit.configuration.domain,
            request_id=visit.request_id,
            client_ip=visit.viewer_ip,
            include_body=association.include_body,
            origin=origin,
            response=response,
        )
        try:
            answer = self._invoke(association.arn, json.dumps(event, separators=(",", ":")).encode())
        except EdgeRefused as refused:
            code = "LambdaLimitExceeded" if refused.throttled else "LambdaExecutionError"
            raise failure(503, f"{_FAILED} was throttled or is not there.", problem=str(refused), source=code) from None
        if answer.failed:
            said = answer.payload.decode("utf-8", "replace")
            problem = f"{event_type}: {association.arn} failed: {said[:1000]}"
            raise failure(503, f"{_FAILED} was unable to complete.", problem=problem, source="LambdaExecutionError")
        return _checked(visit, event_type, lambda: _object(answer.payload))


def _request_or_response(
    visit: Visit, event_type: str, request: EdgeRequest, result: Mapping[str, Any]
) -> EdgeRequest | EdgeResponse:
    """Whatever has a status is an answer."""
    if "status" in result:
        return generated_response(event_type, result)
    association = visit.behavior.lambdas[event_type]
    return changed_request(event_type, request, result, body=association.include_body)


def _object(payload: bytes) -> Mapping[str, Any]:
    try:
        result = json.loads(payload)
    except (ValueError, RecursionError):
        raise InvalidResult("the function's result is no JSON") from None
    if not isinstance(result, dict):
        raise InvalidResult("the function's result is no object")
    return result


def _checked(visit: Visit, event_type: str, read: Callable[[], _Made]) -> _Made:
    try:
        return read()
    except InvalidResult as invalid:
        arn = visit.behavior.lambdas[event_type].arn
        raise failure(
            502,
            f"{_FAILED} returned an invalid response.",
            problem=f"{event_type}: {arn}: {invalid}",
            source="LambdaValidationError",
        ) from None


def _without_host(request: EdgeRequest) -> EdgeRequest:
    return request.with_headers(field for field in request.headers if field[0].lower() != "host")
