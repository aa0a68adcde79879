"""One subscriber's portions on their way to it, one at a time.

Nothing blocks and nothing runs by itself: whoever holds the environment polls the selector and calls `advance`.

    idle -> connecting -> sending -> (HTTP) reading the answer -> idle
                                  -> (TCP)  idle, the connection stays
    any trouble -> waiting to try again, with the same portion

Over HTTP each portion has a connection of its own, and counts as received once the answer says so; over TCP once it is
written. Source: AWS Lambda Developer Guide, "Accessing real-time telemetry data for extensions using the Telemetry
API", section "Specifying a destination protocol": retries with backoff when nobody listens or the answer is an error.
"""

from __future__ import annotations

import errno
import math
import re
import selectors
import socket
import time
from collections.abc import Callable, Sequence

from lambdakit.harness.listener import LOOPBACK
from lambdakit.harness.runtime.loopback_sockets import LoopbackSockets
from lambdakit.harness.runtime.telemetry_subscription import Subscription

_RECEIVE_BYTES = 64 * 1024
_ANSWER_BYTES_MAX = 1024 * 1024
_RETRY_SECONDS_MIN = 0.02
_RETRY_SECONDS_MAX = 1.0
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)


class TelemetryDelivery:
    """Sends to one subscriber. now: seconds that only grow."""

    def __init__(self, subscription: Subscription, *, now: Callable[[], float] = time.perf_counter) -> None:
        self._subscription = subscription
        self._now = now
        self._selector: selectors.BaseSelector | None = None
        self._sockets: LoopbackSockets | None = None
        self._connection: socket.socket | None = None
        self._message: bytes | None = None  # the portion under way; None when there is none
        self._unsent = memoryview(b"")
        self._answer = b""
        self._retry_at = -math.inf
        self._pause = _RETRY_SECONDS_MIN

    @property
    def idle(self) -> bool:
        """Whether the next portion can be sent."""
        return self._message is None

    @property
    def due(self) -> float:
        """When `advance` has something to do that no socket tells of; infinite when it has not."""
        return self._retry_at if self._message is not None and self._connection is None else math.inf

    def attach(self, selector: selectors.BaseSelector, sockets: LoopbackSockets) -> None:
        """From now on there are processes to send to."""
        self._selector, self._sockets = selector, sockets
        self._retry_at, self._pause = -math.inf, _RETRY_SECONDS_MIN

    def change(self, subscription: Subscription) -> None:
        """From now on to another place; a portion under way is sent again if need be."""
        self._hang_up()
        self._subscription = subscription
        self._retry_at, self._pause = -math.inf, _RETRY_SECONDS_MIN

    def detach(self) -> None:
        """The processes are gone; what they did not acknowledge is sent again to those that follow. Idempotent."""
        self._hang_up()
        self._selector = self._sockets = None

    def send(self, portion: Sequence[bytes]) -> None:
        """Begins with a portion; only while idle."""
        if self._subscription.method:
            self._hang_up()  # the listener has not closed the last portion's connection
        self._message = _message(self._subscription, portion)
        self._unsent = memoryview(self._message)
        self.advance()

    def advance(self) -> None:
        """Does what the time has come for."""
        if self._message is None or self._selector is None or self._now() < self._retry_at:
            return
        if self._connection is None:
            self._connect()
        elif self._unsent and not self._subscription.method:
            self._write()  # the TCP connection of the last portion

    def _connect(self) -> None:
        assert self._message is not None and self._sockets is not None and self._selector is not None
        connection = self._sockets.take()
        if connection is None:
            self._try_again()
            return
        self._connection = connection
        self._unsent, self._answer = memoryview(self._message), b""
        if connection.connect_ex((LOOPBACK, self._subscription.port)) not in (0, errno.EINPROGRESS):
            self._try_again()
            return
        self._selector.register(connection, selectors.EVENT_WRITE, self._write)

    def _write(self) -> None:
        assert self._connection is not None and self._selector is not None
        try:
            while self._unsent:
                self._unsent = self._unsent[self._connection.send(self._unsent) :]
        except BlockingIOError:
            self._selector.modify(self._connection, selectors.EVENT_WRITE, self._write)
            return
        except OSError:
            self._try_again()
            return
        self._selector.modify(self._connection, selectors.EVENT_READ, self._read)
        if not self._subscription.method:
            self._received()

    def _read(self) -> None:
        assert self._connection is not None
        try:
            data = self._connection.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not self._subscription.method:
            if not data:
                self._hang_up()
            return
        self._answer += data
        if self._message is None:
            if not data:
                self._hang_up()
        elif not data or _is_whole(self._answer) or len(self._answer) > _ANSWER_BYTES_MAX:
            self._settle(ended=not data)

    def _settle(self, *, ended: bool) -> None:
        status = self._answer.split(b" ", 2)[1:2]
        if status and status[0].isdigit() and int(status[0]) < 400:
            if ended:
                self._hang_up()  # else the listener closes in its own time
            self._received()
        else:
            self._try_again()

    def _received(self) -> None:
        self._message, self._unsent = None, memoryview(b"")
        self._pause = _RETRY_SECONDS_MIN

    def _try_again(self) -> None:
        self._hang_up()
        self._retry_at = self._now() + self._pause
        self._pause = min(2 * self._pause, _RETRY_SECONDS_MAX)

    def _hang_up(self) -> None:
        if self._connection is None:
            return
        assert self._selector is not None and self._sockets is not None
        if self._connection in self._selector.get_map():
            self._selector.unregister(self._connection)
        self._sockets.give_back(self._connection)
        self._connection = None


def _message(subscription: Subscription, portion: Sequence[bytes]) -> bytes:
    """A request with an array of events, or a line for each."""
    if not subscription.method:
        return b"".join(record + b"\n" for record in portion)
    body = b"[" + b",".join(portion) + b"]"
    head = (
        f"{subscription.method} {subscription.target} HTTP/1.1\r\n"
        f"Host: {subscription.host}:{subscription.port}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


def _is_whole(answer: bytes) -> bool:
    """Whether there is nothing more to come, before the connection ends."""
    head, found, body = answer.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n")
    return bool(found) and length is not None and len(body) >= int(length[1])
