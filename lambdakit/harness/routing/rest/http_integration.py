"""HTTP and HTTP_PROXY integrations: a request goes on to a URL, on this machine only.

Source: API Gateway Developer Guide, "HTTP integrations for REST APIs in API Gateway".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from lambdakit.harness.moto_state.rest_definition import RestIntegration
from lambdakit.harness.routing.arns import with_stage_variables
from lambdakit.harness.routing.outgoing_http import (
    AnswerTooLarge,
    Bound,
    NothingCame,
    address_of,
    not_sent_to,
    sent,
)
from lambdakit.harness.routing.rest.backend import BackendAnswer, BackendRequest
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.refusal import Refused

_VARIABLE: Final = re.compile(r"\{([^{}+]+)\+?\}")
_SAFE: Final = "/-._~!$&'()*+,;=:@"


class HttpIntegration:
    """Sends requests on. localize: a URL of a front door here in place of AWS's, for any other URL itself.

    bound: the servers that tests named for hosts. endpoint_url: where the AWS APIs are served; empty for nowhere.
    """

    def __init__(self, localize: Callable[[str], str], bound: Bound, endpoint_url: Callable[[], str]) -> None:
        self._localize = localize
        self._bound = bound
        self._endpoint_url = endpoint_url

    def answer(self, exchange: RestExchange, integration: RestIntegration, request: BackendRequest) -> BackendAnswer:
        """The answer of whoever listens there. Refused without one."""
        uri = with_path(with_stage_variables(integration.uri, exchange.stage_variables), request.path)
        url = self._localize(uri)
        address = address_of(url, self._bound, self._endpoint_url())
        if address is None:
            raise Refused("INTEGRATION_FAILURE", not_sent_to(url))
        parts = urlsplit(url)
        query = "&".join(part for part in (parts.query, urlencode(request.query)) if part)
        try:
            response = sent(
                address,
                request.method,
                (parts.path or "/") + (f"?{query}" if query else ""),
                headers=[
                    *request.headers,
                    *_own_fields(exchange, request),
                ],
                body=request.body,
                limit_seconds=integration.timeout_seconds,
            )
        except NothingCame as problem:
            kind = "INTEGRATION_FAILURE" if problem.in_time else "INTEGRATION_TIMEOUT"
            raise Refused(kind, str(problem)) from None
        except AnswerTooLarge as problem:
            raise Refused("INTEGRATION_FAILURE", str(problem)) from None
        return BackendAnswer(status=response.status, headers=response.headers, body=response.body)


def with_path(uri: str, values: Mapping[str, str]) -> str:
    """A URI with its variables in place: `{name}`, `{name+}`; nothing for those without a value."""
    return _VARIABLE.sub(lambda match: quote(values.get(match[1], ""), safe=_SAFE), uri)


def _own_fields(exchange: RestExchange, request: BackendRequest) -> list[tuple[str, str]]:
    """What API Gateway says for itself where the request does not. No page lists these; backends get them."""
    api_id = exchange.api.api_id
    fields = {
        "User-Agent": f"AmazonAPIGateway_{api_id}",
        "Accept": "application/json",
        "X-Amzn-Apigateway-Api-Id": api_id,
        "X-Amzn-Trace-Id": exchange.request.headers.get("x-amzn-trace-id"),
    }
    return [(name, value) for name, value in fields.items() if value and not request.header(name.lower())]
