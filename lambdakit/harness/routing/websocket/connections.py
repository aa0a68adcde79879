"""The open connections of a WebSocket API, by their ids, and how long each may last.

Source: API Gateway Developer Guide, "Quotas for configuring and running a WebSocket API" (idle connections, duration).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.routing.websocket.connection import WebSocketConnection
from lambdakit.harness.routing.websocket.socket_exchange import SocketClient
from lambdakit.limits import WEBSOCKET_CONNECTION_SECONDS_MAX, WEBSOCKET_IDLE_SECONDS_MAX

# Developer Guide, "Amazon API Gateway quotas": when. Code and reason are as its users tell; no page says them.
_GOING_AWAY: Final = (1001, "Going away")
_LEAVE_SECONDS: Final = 0.5  # for the clients of connections that end with their API, all together


class OpenConnection:
    """A client and its connection. last_active: when anything was last sent or received."""

    def __init__(self, client: SocketClient, clock: Scheduler) -> None:
        self.client = client
        self.socket: WebSocketConnection | None = None
        self.last_active = client.connected_at
        self._clock = clock
        self._timers: list[Timer] = []

    def is_active(self) -> None:
        """Something was sent or received."""
        self.last_active = self._clock.now()

    def watch(self) -> None:
        """Ends the connection when its time has come.

        Nobody waits for that: who moves the clock until nothing is to come does not end every connection by it.
        """
        since = self.client.connected_at
        self._timers = [
            self._at(since + timedelta(seconds=WEBSOCKET_CONNECTION_SECONDS_MAX), self._end, "the most that"),
            self._at(since + timedelta(seconds=WEBSOCKET_IDLE_SECONDS_MAX), self._end_if_idle, "the idle time-out of"),
        ]

    def unwatch(self) -> None:
        """The connection has ended."""
        for timer in self._timers:
            timer.cancel()

    def _at(self, due: datetime, run: Callable[[], None], what: str) -> Timer:
        label = f"{what} connection {self.client.connection_id}"
        return self._clock.schedule(due, run, label=label, recurring=True)

    def _end_if_idle(self) -> None:
        due = self.last_active + timedelta(seconds=WEBSOCKET_IDLE_SECONDS_MAX)
        if due > self._clock.now():
            self._timers[1] = self._at(due, self._end_if_idle, "the idle time-out of")
        else:
            self._end()

    def _end(self) -> None:
        assert self.socket is not None
        self.socket.end(*_GOING_AWAY)


class OpenConnections:
    """Those of one API."""

    def __init__(self) -> None:
        self._open: dict[str, OpenConnection] = {}
        self._lock = threading.Lock()

    def add(self, connection: OpenConnection) -> None:
        """One more is open."""
        with self._lock:
            self._open[connection.client.connection_id] = connection

    def remove(self, connection_id: str) -> None:
        """One has ended."""
        with self._lock:
            connection = self._open.pop(connection_id, None)
        if connection is not None:
            connection.unwatch()

    def find(self, connection_id: str, stage: str) -> OpenConnection | None:
        """An open connection of a stage; None for one that is not there, or that was made through another."""
        connection = self._open.get(connection_id)
        return None if connection is None or connection.client.stage != stage else connection

    def all(self) -> Sequence[OpenConnection]:
        """Every open connection."""
        with self._lock:
            return list(self._open.values())

    def end(self, connection: OpenConnection) -> None:
        """Begins to end a connection; nobody is told."""
        assert connection.socket is not None
        self.remove(connection.client.connection_id)
        connection.socket.forget(*_GOING_AWAY)

    def end_all(self) -> None:
        """Ends every connection; nobody is told."""
        ending = self.all()
        for connection in ending:
            self.end(connection)
        deadline = time.monotonic() + _LEAVE_SECONDS
        for connection in ending:
            assert connection.socket is not None
            connection.socket.leave(deadline - time.monotonic())
