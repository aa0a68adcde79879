"""Requests on their way through a front door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lambdakit.harness.routing.exchange import NOBODY_ASKED, Authorized, Exchange
from lambdakit.harness.wire import Headers, Request

AT = datetime(2020, 4, 21, 15, 8, 21, 67_000, tzinfo=UTC)


def exchange(
    method: str = "GET",
    target: str = "/",
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    route_key: str = "$default",
    stage: str = "$default",
    path_parameters: Mapping[str, str] | None = None,
    stage_variables: Mapping[str, str] | None = None,
    authorized: Authorized = NOBODY_ASKED,
    **more: Any,
) -> Exchange:
    """One request to the API `abc` in eu-west-1."""
    request = Request(method=method, target=target, headers=Headers(headers), body=body, peer=("127.0.0.1", 40_000))
    return Exchange(
        request=request,
        request_id="LV7fzho-PHcEJPw=",
        account_id="123456789012",
        region="eu-west-1",
        api_id="abc",
        domain_name="abc.execute-api.eu-west-1.amazonaws.com",
        stage=stage,
        route_key=route_key,
        path=request.path,
        route_path=request.path,
        at=AT,
        path_parameters=path_parameters or {},
        stage_variables=stage_variables or {},
        authorized=authorized,
        **more,
    )
