"""HTTP proxy integrations: the request goes on to a URL, on this machine only.

Source: API Gateway Developer Guide, "Create HTTP proxy integrations for HTTP APIs"; RFC 9110, 7.6.1 (what is not passed
on); RFC 7239 (`Forwarded`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

from lambdakit.harness.moto_state.http_apis import Integration
from lambdakit.harness.routing.arns import with_stage_variables
from lambdakit.harness.routing.exchange import Exchange, OwnAnswer
from lambdakit.harness.routing.integrations import Integrated
from lambdakit.harness.routing.outgoing_http import (
    Address,
    AnswerTooLarge,
    Bound,
    NothingCame,
    address_of,
    not_sent_to,
    sent,
)
from lambdakit.harness.wire import Response

_VARIABLE: Final = re.compile(r"\{([^{}+]+)\+?\}")


class HttpProxy:
    """Sends requests on. localize: a URL of a front door here in place of AWS's, for any other URL itself.

    bound: the servers that tests named for hosts; absence: none. endpoint_url: where the AWS APIs are served; absence:
    nowhere.
    """

    def __init__(
        self, localize: Callable[[str], str], bound: Bound = lambda: {}, endpoint_url: Callable[[], str] = str
    ) -> None:
        self._localize = localize
        self._bound = bound
        self._endpoint_url = endpoint_url

    def __call__(self, exchange: Exchange, integration: Integration) -> Integrated:
        """The answer of whoever listens there; see `Integrate`."""
        url = self._localize(with_stage_variables(integration.uri, exchange.stage_variables))
        is_private = integration.connection_type == "VPC_LINK"
        address = None if is_private else address_of(url, self._bound, self._endpoint_url())
        if address is None:
            raise OwnAnswer(503, "Service Unavailable", not_sent_to(url))
        parts = urlsplit(url)
        target = _target(exchange, parts.path, parts.query)
        return Integrated(response=_sent(exchange, integration, address, target))


def _target(exchange: Exchange, path: str, query: str) -> str:
    if exchange.is_path_mapped:
        path = exchange.path
    path = _VARIABLE.sub(
        lambda match: quote(exchange.path_parameters.get(match[1], ""), safe="/-._~!$&'()*+,;=:@"), path
    )
    queries = "&".join(part for part in (query, exchange.request.query) if part)
    return (path or "/") + (f"?{queries}" if queries else "")


def _sent(exchange: Exchange, integration: Integration, address: Address, target: str) -> Response:
    request = exchange.request
    method = integration.method if integration.method not in ("", "ANY") else request.method
    forwarded = f"by=127.0.0.1;for={request.peer[0]};host={exchange.domain_name};proto=https"
    try:
        return sent(
            address,
            method,
            target,
            headers=[*request.headers.items, ("Forwarded", forwarded), ("Via", _VIA)],
            body=request.body,
            limit_seconds=integration.timeout_seconds,
        )
    except NothingCame as problem:
        raise OwnAnswer(503, "Service Unavailable", str(problem)) from None
    except AnswerTooLarge as problem:
        raise OwnAnswer(500, "Internal Server Error", str(problem)) from None


_VIA: Final = "HTTP/1.1 AmazonAPIGateway"
