"""An answer that is sent while it is made.

What makes it writes to it in the thread of the connection. Nothing here waits for the client until the answer is
complete: what makes it can see how much is waiting, and go on with other things until the socket takes more.
Source: RFC 9112, 6.3 and 7.1 (how an answer of unknown length ends), 8 (how a client sees that one was cut).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence

from lambdakit.harness.wire import Request, Response, may_have_body, response_head, streamed_head

_TLS_SEND_BYTES = 64 * 1024  # it counts nothing as sent before all of it is


class StreamedAnswer:
    """The answer to `request` on `connection`: `begin` and any number of `write`s, or one `respond`.

    keeps_alive: whether the client asked to keep the connection.
    status: the one that was sent; 0 before.
    client_left: whether the client is known to have gone; what is written from then on is let go.
    """

    def __init__(self, connection: socket.socket, request: Request, *, keeps_alive: bool) -> None:
        self._connection = connection
        self._is_head = request.method == "HEAD"
        # HTTP/1.0 knows no chunks: there the end of the connection is the end of the answer.
        self._speaks_chunks = request.http_version != "HTTP/1.0"
        self._keeps_alive = keeps_alive
        self._pending = bytearray()
        self._has_body = False
        self._is_cut = False
        self._ends_with = b""
        self.status = 0
        self.client_left = False

    @property
    def waiting(self) -> int:
        """Bytes that were written and that could not be sent yet."""
        return len(self._pending)

    def fileno(self) -> int:
        """The descriptor that turns writable when more can be sent; -1 when it is closed."""
        return self._connection.fileno()

    def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Sends status line and headers, once."""
        assert self.status == 0
        self.status = status
        self._has_body = may_have_body(status) and not self._is_head
        self._keeps_alive = self._keeps_alive and (self._speaks_chunks or not may_have_body(status))
        if self._has_body and self._speaks_chunks:
            self._ends_with = b"0\r\n\r\n"
        head = streamed_head(status, headers, chunked=self._speaks_chunks, keeps_alive=self._keeps_alive)
        self._send(head)

    def respond(self, response: Response) -> None:
        """Sends a whole answer instead of one in parts."""
        assert self.status == 0
        self.status = response.status
        has_body = may_have_body(response.status) and not self._is_head
        head = response_head(response, keeps_alive=self._keeps_alive, to_head=self._is_head)
        self._send(head + response.body if has_body else head)

    def write(self, data: bytes) -> None:
        """Takes the next part of the body, and sends what can be sent at once."""
        if not data or not self._has_body:
            return  # an empty chunk would be the last one
        self._send(b"%x\r\n%b\r\n" % (len(data), data) if self._speaks_chunks else data)

    def send_waiting(self) -> None:
        """Sends what is waiting, as far as the socket takes it now."""
        while self._pending:
            try:
                sent = self._send_now()
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return
            except OSError:
                self._leave()
                return
            del self._pending[:sent]

    def cut(self) -> None:
        """Ends the connection where the answer stands, so that the client sees that it is not complete."""
        self._is_cut = True

    def finish(self) -> bool:
        """Sends the rest, however long the client takes; whether the connection can serve another request."""
        with contextlib.suppress(OSError):
            if not self.client_left:
                rest = self._pending if self._is_cut else self._pending + self._ends_with
                if rest:
                    self._connection.sendall(rest)
                return self._keeps_alive and not self._is_cut
        self._leave()
        return False

    def _send(self, data: bytes) -> None:
        if not self.client_left:
            self._pending += data
            self.send_waiting()

    def _send_now(self) -> int:
        if not isinstance(self._connection, ssl.SSLSocket):
            return self._connection.send(self._pending, socket.MSG_DONTWAIT)
        # TLS knows no such flag, and what it could not send it wants to be given again, from the same byte on.
        self._connection.setblocking(False)
        try:
            return self._connection.send(self._pending[:_TLS_SEND_BYTES])
        finally:
            self._connection.setblocking(True)

    def _leave(self) -> None:
        self.client_left = True
        self._pending.clear()
