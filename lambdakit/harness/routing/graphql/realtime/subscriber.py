"""A client of a real-time endpoint: its connection, and what it has subscribed to."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from lambdakit.clock import Timer
from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.execution.operation import Operation
from lambdakit.harness.routing.graphql.realtime.messages import message
from lambdakit.harness.routing.websocket.connection import NotTaken, WebSocketConnection
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

_LEAVE_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription. arguments: those that were given. filter, invalidation_filter: None where no code sets one."""

    identity: str
    field: str
    operation: Operation
    authorized: Authorized
    arguments: Mapping[str, Any]
    headers: Mapping[str, str]
    filter: Any = None
    invalidation_filter: Any = None


class Subscriber:
    """One client. request: its handshake. environment: where it comes from; empty for outside."""

    def __init__(self, request: Request, environment: str) -> None:
        self.request = request
        self.environment = environment
        self.socket: WebSocketConnection | None = None
        self.keep_alive: Timer | None = None
        self.initialized = False
        self._subscriptions: dict[str, Subscription] = {}
        self._lock = threading.Lock()

    def send(self, kind: str, identity: str | None = None, payload: object = None) -> None:
        """Says something to the client; a message that it does not read is let go."""
        assert self.socket is not None
        try:
            self.socket.send(message(kind, identity, payload))
        except NotTaken:
            return

    def add(self, subscription: Subscription) -> bool:
        """One more subscription; False when its id is taken."""
        with self._lock:
            return self._subscriptions.setdefault(subscription.identity, subscription) is subscription

    def has(self, identity: str) -> bool:
        """Whether there is a subscription with an id."""
        return identity in self._subscriptions

    def remove(self, identity: str) -> bool:
        """One subscription less; False when there was none."""
        with self._lock:
            return self._subscriptions.pop(identity, None) is not None

    def to(self, field: str) -> list[Subscription]:
        """Those to a field."""
        with self._lock:
            return [each for each in self._subscriptions.values() if each.field == field]

    def end(self, code: int, reason: str) -> None:
        """Closes the connection."""
        if self.keep_alive is not None:
            self.keep_alive.cancel()
        if self.socket is not None:
            self.socket.forget(code, reason)

    def leave(self) -> None:
        """Waits a little for the client's own end."""
        if self.socket is not None:
            self.socket.leave(_LEAVE_SECONDS)
