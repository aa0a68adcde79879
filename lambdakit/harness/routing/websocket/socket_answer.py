"""What a WebSocket API says by itself, in place of an integration's answer.

Source: API Gateway Developer Guide, "Manage connected users and client apps: $connect and $disconnect routes" (401 and
403). No page lists the other texts and statuses: they are those of REST APIs, with the two ids that clients are told.
"""

from __future__ import annotations

import json

FORBIDDEN = (403, "Forbidden")
UNAUTHORIZED = (401, "Unauthorized")
THROTTLED = (429, "Too Many Requests")
FAILED = (500, "Internal server error")
BAD_GATEWAY = (502, "Internal server error")
TIMED_OUT = (504, "Endpoint request timed out")


class SocketRefused(Exception):
    """The API answers for itself. kind: the status of a handshake, and the message. problem: why, for the trace."""

    def __init__(self, kind: tuple[int, str], problem: str) -> None:
        super().__init__(problem)
        self.status, self.message = kind
        self.problem = problem


def own_message(message: str, connection_id: str, request_id: str) -> bytes:
    """What a client is sent."""
    said = {"message": message, "connectionId": connection_id, "requestId": request_id}
    return json.dumps(said).encode()
