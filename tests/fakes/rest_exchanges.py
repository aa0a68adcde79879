"""Requests on their way through a REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lambdakit.harness.moto_state.rest_definition import Method, RestApiDefinition, RestAuthorizer
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Headers, Request

AT = datetime(2020, 4, 21, 15, 8, 21, 67_000, tzinfo=UTC)


class StillClock:
    """Stands still until it is moved: `time` is the harness's, `seconds` the real one."""

    def __init__(self, time: datetime = AT) -> None:
        self.time = time
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds


def rest_exchange(
    method: Method | None = None,
    verb: str = "GET",
    target: str = "/orders/7",
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    resource_path: str = "/orders/{id}",
    stage: str = "prod",
    api: Mapping[str, Any] | None = None,
    **more: Any,
) -> RestExchange:
    """One request to the API `abc` in eu-west-1. method: absence means one that asks for nothing."""
    request = Request(method=verb, target=target, headers=Headers(headers), body=body, peer=("127.0.0.1", 40_000))
    return RestExchange(
        request=request,
        api=RestApiDefinition(**{"api_id": "abc", "name": "shop", "resources": {}, **(api or {})}),
        request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        extended_request_id="LV7fzho-PHcEJPw=",
        account_id="123456789012",
        region="eu-west-1",
        domain_name="abc.execute-api.eu-west-1.amazonaws.com",
        stage=stage,
        path=request.path,
        full_path=f"/{stage}{request.path}",
        at=AT,
        resource_id="r1",
        resource_path=resource_path,
        method=Method(http_method=verb) if method is None else method,
        path_parameters=more.pop("path_parameters", {"id": "7"}),
        **more,
    )


def guarded(
    authorizer: RestAuthorizer | None = None, *, scopes: Sequence[str] = (), authorization: str = "CUSTOM", **more: Any
) -> RestExchange:
    """A request to a method that asks an authorizer."""
    name = "" if authorizer is None else authorizer.authorizer_id
    method = Method(http_method="GET", authorization=authorization, authorizer_id=name, scopes=tuple(scopes))
    authorizers = {} if authorizer is None else {name: authorizer}
    return rest_exchange(method, api={"authorizers": authorizers}, **more)


def kind_of(refused: Refused) -> tuple[str, str]:
    """The gateway response that a refusal asks for, and what it says."""
    return refused.kind, refused.message
