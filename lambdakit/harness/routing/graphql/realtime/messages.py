"""What is said over a real-time connection.

Source: AppSync Developer Guide, "Building a real-time WebSocket client" (the messages, their order, the time-out of
five minutes and the keep-alive messages).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.graphql.authorization.admission import Credentials
from lambdakit.harness.routing.graphql.errors import Body
from lambdakit.harness.wire import Headers, Request

SUBPROTOCOL: Final = "graphql-ws"
TIMEOUT_MS: Final = 300_000
KEEP_ALIVE_SECONDS: Final = 60
_HEADER_PREFIX: Final = "header-"


def message(kind: str, identity: str | None = None, payload: object = None) -> bytes:
    """A message to a client."""
    said = {
        **({"id": identity} if identity is not None else {}),
        "type": kind,
        **({"payload": payload} if payload is not None else {}),
    }
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def errors(found: Sequence[Body]) -> Body:
    """The payload of a message that tells of errors."""
    return {"errors": list(found)}


def connection_header(request: Request) -> Mapping[str, Any]:
    """What a handshake says of who connects, in its query or among its sub-protocols; nothing for nothing readable."""
    from urllib.parse import parse_qs

    texts = parse_qs(request.query).get("header", [])
    protocols = [each.strip() for value in request.headers.all("sec-websocket-protocol") for each in value.split(",")]
    texts += [each.removeprefix(_HEADER_PREFIX) for each in protocols if each.startswith(_HEADER_PREFIX)]
    for text in texts:
        try:
            plain = text.replace("-", "+").replace("_", "/").replace(" ", "+")
            found = json.loads(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def shown_by(header: Mapping[str, Any], request: Request, environment: str, *, path: str, body: bytes) -> Credentials:
    """What a header object shows of its sender.

    path, body: of the request that a signature in it is of, which nobody sends: `/graphql/connect` with an empty object
    for a connection, `/graphql` with the operation for a subscription.
    """
    fields = [(str(name), str(value)) for name, value in header.items()]
    headers = Headers(fields)
    return Credentials(
        authorization=headers.get("authorization"),
        api_key=headers.get("x-api-key"),
        headers={name.lower(): value for name, value in fields},
        signed=Request(method="POST", target=path, headers=headers, body=body, peer=request.peer),
        source_ip=request.peer[0],
        environment=environment,
    )
