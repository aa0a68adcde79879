"""What is known of a connection, and of one request on it: that it begins, a message, that it has ended.

Source: API Gateway Developer Guide, "WebSocket API mapping template reference for API Gateway".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Final, Literal

from lambdakit.arn import partition_of
from lambdakit.clock import milliseconds
from lambdakit.harness.routing.exchange import NOBODY_ASKED, Authorized
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

EventType = Literal["CONNECT", "MESSAGE", "DISCONNECT"]

_IDENTITY: Final = {"accessKey": "accessKey", "accountId": "accountId", "callerId": "caller", "userId": "user"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketClient:
    """Who is connected. authorized: what `$connect` found out, which counts for as long as the connection lasts."""

    connection_id: str
    connected_at: datetime
    domain_name: str
    stage: str
    source_ip: str
    user_agent: str
    authorized: Authorized = NOBODY_ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketExchange:
    """request: the one that asked for the connection, at `$connect` only. body, message_id: of a message.

    ended: close code and reason, at `$disconnect` only. at: when it came, by the harness's clock.
    """

    client: SocketClient
    event_type: EventType
    route_key: str
    request_id: str
    api_id: str
    account_id: str
    region: str
    at: datetime
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    request: Request | None = None
    body: str = ""
    message_id: str = ""
    ended: tuple[int, str] | None = None
    trace_id: str = ""

    def route_arn(self) -> str:
        """What policies and permissions call the route.

        Source: API Gateway Developer Guide, "Control access to WebSocket APIs with IAM authorization".
        """
        place = f"arn:{partition_of(self.region)}:execute-api:{self.region}:{self.account_id}"
        return f"{place}:{self.api_id}/{self.client.stage}/{self.route_key}"


def request_context(exchange: SocketExchange) -> dict[str, Any]:
    """What stands in an event below `requestContext`, and in templates and logs below `$context`."""
    client = exchange.client
    context: dict[str, Any] = {
        "routeKey": exchange.route_key,
        **_authorizer(client.authorized),
        **({"messageId": exchange.message_id} if exchange.message_id else {}),
        "eventType": exchange.event_type,
        "extendedRequestId": exchange.request_id,
        "requestTime": exchange.at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "messageDirection": "IN",
        "stage": client.stage,
        "connectedAt": milliseconds(client.connected_at),
        "requestTimeEpoch": milliseconds(exchange.at),
        "identity": {**_signer(client.authorized), "userAgent": client.user_agent, "sourceIp": client.source_ip},
        "requestId": exchange.request_id,
        "domainName": client.domain_name,
        "connectionId": client.connection_id,
        "apiId": exchange.api_id,
    }
    if exchange.ended is not None:
        code, reason = exchange.ended
        context |= {"disconnectStatusCode": code, "disconnectReason": reason}
    return context


def _authorizer(authorized: Authorized) -> dict[str, Any]:
    if authorized.kind != "lambda":
        return {}
    return {"authorizer": {"principalId": authorized.principal_id, **(authorized.facts or {})}}


def _signer(authorized: Authorized) -> dict[str, Any]:
    if authorized.kind != "iam" or authorized.facts is None:
        return {}
    facts = authorized.facts
    return {**{name: facts[source] for source, name in _IDENTITY.items()}, "userArn": facts["userArn"]}
