"""API destinations: an event as an HTTP request, with what its connection adds to it.

Requests are made to addresses of this machine alone; of others the trace says that they were not made.

Source: Amazon EventBridge User Guide, "API destinations as targets in Amazon EventBridge" and "Connections for HTTP
targets in Amazon EventBridge"; EventBridge API Reference, "HttpParameters" (a connection's values go first).
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from lambdakit.arn import Arn
from lambdakit.harness.delivery.connection_authorization import authorization, pairs
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.rule_targets import HTTP_PARAMETERS
from lambdakit.harness.delivery.targets import Targets
from lambdakit.harness.moto_state.event_buses import ApiDestination, Buses

# User Guide, "API destinations as targets": the longest that a request may take, and what each of them carries.
SECONDS_MAX: Final = 5.0
_HEADERS: Final[Mapping[str, str]] = {
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
    "Content-Type": "application/json; charset=utf-8",
    "Range": "bytes=0-1048575",
    "Accept-Encoding": "gzip,deflate",
}
# The same page: 401 and 407, 409, 429 and those from 500 on are tried again.
_TRIED_AGAIN: Final = frozenset({401, 407, 409, 429})


class ApiDestinations:
    """Makes the requests."""

    def __init__(self, buses: Buses, targets: Targets) -> None:
        self._buses = buses
        self._targets = targets

    def outside(self, arn: str) -> str:
        """Why nothing is sent to a destination: it is not on this machine. Empty for one that is, or is not there."""
        destination = self._find(arn)
        if destination is None or _is_here(destination.endpoint):
            return ""
        return f"{destination.method} {destination.endpoint} leads off this machine, where nothing is sent from here"

    def send(self, delivery: Delivery, target: Arn) -> None:
        """Makes the request. NotDelivered when it is not answered as it should be."""
        self._targets.permit(delivery, "events:InvokeApiDestination", str(target))
        destination = self._find(str(target))
        if destination is None:
            raise NotDelivered("ResourceNotFoundException", f"{target} does not exist", is_final=True)
        of_target = delivery.parameters.get(HTTP_PARAMETERS) or {}
        of_connection = destination.parameters.get("InvocationHttpParameters") or {}
        headers = {
            **_HEADERS,
            **{str(name): str(value) for name, value in (of_target.get("HeaderParameters") or {}).items()},
            **pairs(of_connection.get("HeaderParameters")),
            **authorization(destination.authorization, destination.parameters, _ask_here),
        }
        query = {
            **{str(name): str(value) for name, value in (of_target.get("QueryStringParameters") or {}).items()},
            **pairs(of_connection.get("QueryStringParameters")),
        }
        body = _body(delivery.payload, pairs(of_connection.get("BodyParameters")))
        url = _filled(destination.endpoint, of_target.get("PathParameterValues") or ())
        status = _request(destination.method, url, query, headers, body)[0]
        if status >= 300:
            is_tried_again = status >= 500 or status in _TRIED_AGAIN
            raise NotDelivered(
                "ERROR_FROM_TARGET", f"{destination.endpoint} answered {status}", is_final=not is_tried_again
            )

    def _find(self, arn: str) -> ApiDestination | None:
        target = Arn.parse(arn)
        name = target.resource.removeprefix("api-destination/").partition("/")[0]
        return self._buses.api_destination(target.account, target.region, name)


def _ask_here(
    method: str, url: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> tuple[int, bytes]:
    """Asks for a token."""
    if not _is_here(url):
        raise NotDelivered("CONNECTION_FAILURE", f"{url} leads off this machine: no token", is_final=True)
    return _request(method, url, query, headers, body)


def _request(
    method: str, url: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> tuple[int, bytes]:
    """Status and body of the answer. NotDelivered when there is none."""
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *query.items()]
    path = (parts.path or "/") + (f"?{urlencode(pairs)}" if pairs else "")
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        # Nobody certifies a server of this machine.
        unverified = ssl.create_default_context()
        unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, parts.port, timeout=SECONDS_MAX, context=unverified)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=SECONDS_MAX)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read()
    except TimeoutError:
        raise NotDelivered("TIMEOUT", f"{url} did not answer within {SECONDS_MAX:g} s", is_final=False) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotDelivered("CONNECTION_FAILURE", f"{url}: {error}", is_final=False) from None
    finally:
        connection.close()


def _is_here(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _filled(endpoint: str, values: Iterable[object]) -> str:
    """An endpoint whose `*` are the path parameters, in their order."""
    for value in values:
        endpoint = endpoint.replace("*", quote(str(value), safe=""), 1)
    return endpoint


def _body(payload: bytes, more: Mapping[str, str]) -> bytes:
    """A body with the connection's own parameters; what is no object cannot take them."""
    if not more:
        return payload
    try:
        values = json.loads(payload)
    except ValueError:
        return payload
    return json.dumps({**values, **more}).encode() if isinstance(values, dict) else payload
