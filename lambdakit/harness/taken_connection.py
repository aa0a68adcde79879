"""A connection on which HTTP is over, such as one that speaks WebSocket from then on.

Its own thread waits for what the client sends; any thread may send. Nobody waits for a client that does not read: what
it does not take at once is kept, and a thread that lives as long as something is kept sends it as it is taken.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading

_RECEIVE_BYTES = 256 * 1024


class TakenSocket:
    """Bytes either way on `connection`.

    head: what tells the client. came_early: what it sent before it knew. name: of the thread.
    """

    def __init__(self, connection: socket.socket, came_early: bytes, *, head: bytes = b"", name: str) -> None:
        self._connection = connection
        self._early = came_early
        self._name = name
        self._pending = bytearray(head)
        self._is_begun = False
        self._sender: threading.Thread | None = None
        self._ends = False
        self._is_cut = False
        self._lock = threading.Lock()
        self._readable = select.poll()
        self._readable.register(connection.fileno(), select.POLLIN)

    @property
    def is_begun(self) -> bool:
        """Whether the client has been told."""
        return self._is_begun

    @property
    def waiting(self) -> int:
        """Bytes that were given to `send` and that the client has not taken yet."""
        return len(self._pending)

    def wait(self) -> None:
        """Comes back once something can be received, or the connection has ended."""
        if not self._is_begun:
            self.send(b"")
        if not self._early and not self._is_cut:
            self._readable.poll()

    def receive(self) -> bytes | None:
        """What has come; None when nothing has, and nothing at all once the client has ended its side."""
        early, self._early = self._early, b""
        if early:
            return early
        try:
            return self._connection.recv(_RECEIVE_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def send(self, data: bytes) -> None:
        """Takes what is to be sent; it goes out as the client takes it, in order."""
        with self._lock:
            if self._ends or self._is_cut:
                return
            self._pending += data
            self._send_on_locked()

    def finish(self) -> None:
        """Ends our side once everything is sent."""
        with self._lock:
            self._ends = True
            self._send_on_locked()

    def cut(self) -> None:
        """Ends both sides at once."""
        with self._lock:
            self._is_cut = True
            self._pending.clear()
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ends both sides and joins the thread. Idempotent."""
        self.cut()
        sender = self._sender
        if sender is not None:
            sender.join()

    def _send_on_locked(self) -> None:
        self._is_begun = True
        if self._sender is None and not self._send_now_locked():
            self._sender = threading.Thread(target=self._send_rest, name=self._name, daemon=True)
            self._sender.start()

    def _send_rest(self) -> None:
        writable = select.poll()
        with contextlib.suppress(OSError, ValueError):  # the connection was closed meanwhile
            writable.register(self._connection.fileno(), select.POLLOUT)
            while True:
                writable.poll()
                with self._lock:
                    if self._send_now_locked():
                        self._sender = None
                        return

    def _send_now_locked(self) -> bool:
        """Whether nothing is left to send; what cannot be sent because the client is gone is let go."""
        try:
            while self._pending:
                del self._pending[: self._connection.send(self._pending, socket.MSG_DONTWAIT)]
            if self._ends:
                self._connection.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return False
        except OSError:
            self._pending.clear()
        return True
