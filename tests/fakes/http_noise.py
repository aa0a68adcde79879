"""Requests that mean nothing, and what a connection answers to them."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from hypothesis import strategies as st

_SECONDS: Final = 60
_TEXT: Final = st.text(max_size=30)

METHODS: Final = st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "FOO"])
PATHS: Final = st.lists(
    st.sampled_from(["items", "rest", "..", ".", "", "%2e%2e", "%", "%ff", "%00", "a%20b", "{id}", "$default"])
    | st.text(alphabet="abc%~;=+@:!$&'()*,-._", max_size=8),
    max_size=5,
).map(lambda parts: "/" + "/".join(parts))
QUERIES: Final = st.text(alphabet="abc=&%+;?/\\[]{}", max_size=20)
_VALUES: Final = st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\r\n\0"))
_FIELD: Final = st.tuples(
    st.sampled_from(
        [
            *("Content-Type", "Origin", "Cookie", "Accept", "X-Amzn-Trace-Id", "X-Forwarded-For", "Authorization"),
            *("TE", "Expect", "Range", "Access-Control-Request-Method", "If-None-Match", "X-Mine", "X-Api-Key"),
        ]
    ),
    _VALUES,
)
_CONNECTION_FIELD: Final = st.tuples(
    st.sampled_from(
        ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol"],
    ),
    st.sampled_from([b"websocket", b"Upgrade", b"13", b"close", b"dGhlIHNhbXBsZSBub25jZQ=="]) | _VALUES,
)
FIELDS: Final = st.lists(_FIELD, max_size=6)
"""Header fields that leave the connection as it is."""
FIELDS_AND_UPGRADES: Final = st.lists(_FIELD | _CONNECTION_FIELD, max_size=6)
"""Header fields among which the connection may be ended, or asked to speak another protocol."""
BODIES: Final = (
    st.binary(max_size=200)
    | st.just(b"{")
    | st.recursive(st.none() | _TEXT, st.lists).map(lambda value: json.dumps(value).encode())
)


def noise(method: str, path: str, query: str, fields: Sequence[tuple[str, bytes]], body: bytes) -> bytes:
    """A request as it goes over the wire."""
    head = f"{method} {path}?{query} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n".encode()
    return head + b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields) + b"\r\n" + body


def answers_to(url: str, data: bytes) -> bytes:
    """All that a connection answers to bytes, until it closes; nothing more is sent after them."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=_SECONDS) as connection:
        with contextlib.suppress(OSError):  # it has seen enough, and answered
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                received += part
        return received
