"""HTTP proxy integrations: the request goes on to a URL, on this machine only.

Source: API Gateway Developer Guide, "Create HTTP proxy integrations for HTTP APIs"; RFC 9110, 7.6.1 (what is not passed
on); RFC 7239 (`Forwarded`).
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

from lambdakit.harness.moto_state.http_apis import Integration
from lambdakit.harness.routing.arns import with_stage_variables
from lambdakit.harness.routing.exchange import Exchange, OwnAnswer
from lambdakit.harness.routing.integrations import Integrated
from lambdakit.harness.wire import Response
from lambdakit.limits import HTTP_API_PAYLOAD_BYTES_MAX

_VARIABLE: Final = re.compile(r"\{([^{}+]+)\+?\}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_OF_CONNECTION: Final = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)


class HttpProxy:
    """Sends requests on. localize: a URL of a front door here in place of AWS's, for any other URL itself."""

    def __init__(self, localize: Callable[[str], str]) -> None:
        self._localize = localize

    def __call__(self, exchange: Exchange, integration: Integration) -> Integrated:
        """The answer of whoever listens there; see `Integrate`."""
        url = self._localize(with_stage_variables(integration.uri, exchange.stage_variables))
        parts = urlsplit(url)
        if integration.connection_type == "VPC_LINK" or parts.scheme != "http" or parts.hostname not in _LOOPBACK:
            problem = (
                f"the harness sends requests to loopback addresses and its own APIs only, not to {url}: "
                "leave the route out, or have what runs there listen on http://127.0.0.1:PORT"
            )
            raise OwnAnswer(503, "Service Unavailable", problem)
        target = _target(exchange, parts.path, parts.query)
        return Integrated(response=_sent(exchange, integration, parts.hostname, parts.port or 80, target))


def _target(exchange: Exchange, path: str, query: str) -> str:
    if exchange.is_path_mapped:
        path = exchange.path
    path = _VARIABLE.sub(
        lambda match: quote(exchange.path_parameters.get(match[1], ""), safe="/-._~!$&'()*+,;=:@"), path
    )
    queries = "&".join(part for part in (query, exchange.request.query) if part)
    return (path or "/") + (f"?{queries}" if queries else "")


def _sent(exchange: Exchange, integration: Integration, host: str, port: int, target: str) -> Response:
    request = exchange.request
    method = integration.method if integration.method not in ("", "ANY") else request.method
    forwarded = f"by=127.0.0.1;for={request.peer[0]};host={exchange.domain_name};proto=https"
    headers = [(name, value) for name, value in request.headers.items if name.lower() not in _OF_CONNECTION]
    connection = http.client.HTTPConnection(host, port, timeout=integration.timeout_seconds)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", f"{host}:{port}"), *headers, ("Forwarded", forwarded), ("Via", _VIA)]:
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        body = answer.read(HTTP_API_PAYLOAD_BYTES_MAX + 1)
    except TimeoutError:
        problem = f"nothing came from {host}:{port} within {integration.timeout_seconds:g} seconds"
        raise OwnAnswer(503, "Service Unavailable", problem) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OwnAnswer(503, "Service Unavailable", f"{host}:{port}: {error or type(error).__name__}") from None
    finally:
        connection.close()
    if len(body) > HTTP_API_PAYLOAD_BYTES_MAX:
        raise OwnAnswer(500, "Internal Server Error", "the answer is over 10 MB")
    kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_CONNECTION]
    return Response(status=answer.status, headers=kept, body=body)


_VIA: Final = "HTTP/1.1 AmazonAPIGateway"
