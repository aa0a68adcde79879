"""A kept HTTP connection with nothing on top, so that a measurement holds little of the client."""

from __future__ import annotations

import socket


class HttpConnection:
    """One connection to `address`."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb")

    def get(self, path: str) -> bytes:
        """The body of the answer. RuntimeError for any status but 200."""
        return self._call(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def post(self, path: str, body: bytes) -> bytes:
        """The body of the answer. RuntimeError for any status but 200."""
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        return self._call(head.encode() + body)

    def close(self) -> None:
        """Closes it."""
        self._reader.close()
        self._socket.close()

    def _call(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        first, length = self._reader.readline(), 0
        while (line := self._reader.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = self._reader.read(length)
        if first.split()[1:2] != [b"200"]:
            raise RuntimeError(f"{first!r}: {body[:500]!r}")
        return body
