"""The opening handshake: whether a request asks for a WebSocket connection, and what accepts it.

Source: RFC 6455, section 4.2.
"""

from __future__ import annotations

from typing import Final

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader
from websockets.http11 import Request as HandshakeRequest
from websockets.server import ServerProtocol

from lambdakit.harness.routing.exchange import OwnAnswer
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

_PROTOCOL_HEADER: Final = "sec-websocket-protocol"
_MESSAGES: Final = {400: "Bad Request", 405: "Method Not Allowed", 426: "Upgrade Required"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """A request that is in order. accept: what shows the client that it was understood."""

    accept: str

    def headers(self, subprotocol: str) -> list[tuple[str, str]]:
        """What the answer says, beside the upgrade itself. subprotocol: empty for none."""
        chosen = [("Sec-WebSocket-Protocol", subprotocol)] if subprotocol else []
        return [("Sec-WebSocket-Accept", self.accept), *chosen]


def read_handshake(request: Request) -> Handshake:
    """What `request` asks for. OwnAnswer when it asks for no WebSocket connection, or not as it has to."""
    # API Gateway takes part in no extension, and the function behind `$connect` chooses the sub-protocol.
    kept = [(name, value) for name, value in request.headers.items if name.lower() != _PROTOCOL_HEADER]
    try:
        headers = Headers(kept)
    except InvalidHeader as malformed:
        raise OwnAnswer(400, _MESSAGES[400], str(malformed)) from None
    asked = HandshakeRequest(path=request.target, headers=headers, method=request.method, protocol=request.http_version)
    answer = ServerProtocol().accept(asked)
    if answer.status_code != 101:
        problem = (answer.body or b"").decode("utf-8", "replace").partition("\n")[0]
        extra = [("Upgrade", "websocket")] if answer.status_code == 426 else []
        raise OwnAnswer(
            answer.status_code, _MESSAGES.get(answer.status_code, answer.reason_phrase), problem, headers=extra
        )
    return Handshake(accept=answer.headers["Sec-WebSocket-Accept"])
