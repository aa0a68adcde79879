"""A client of a real-time endpoint: its connection, and what it has subscribed to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.clock import Timer
from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.execution.operation import Operation
from lambdakit.harness.routing.graphql.realtime.filters import fits_arguments, fits_filter
from lambdakit.harness.routing.graphql.realtime.messages import message
from lambdakit.harness.routing.websocket.connection import NotTaken, WebSocketConnection
from lambdakit.harness.wire import Request
from lambdakit.limits import APPSYNC_MESSAGE_BYTES_MAX
from lambdakit.records import dataclass

LEAVE_SECONDS: Final = 0.5  # for the clients of connections that end, all together


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

    def takes(self, payload: Any) -> bool:
        """Whether its client is told of a mutation's result. With a filter, arguments do not choose."""
        return fits_arguments(self.arguments, payload) if self.filter is None else fits_filter(self.filter, payload)

    def is_ended_by(self, payload: Any) -> bool:
        """Whether an invalidation's payload ends it."""
        return self.invalidation_filter is not None and fits_filter(self.invalidation_filter, payload)


class Subscriber:
    """One client. request: its handshake. environment: where it comes from; empty for outside."""

    def __init__(self, request: Request, environment: str) -> None:
        self.request = request
        self.environment = environment
        self.socket: WebSocketConnection | None = None
        self.keep_alive: Timer | None = None
        self.initialized = False
        self._subscriptions: dict[str, Subscription] = {}
        self._messages: deque[str] = deque()  # the first one is handled
        self._lock = threading.Lock()

    def send(self, kind: str, identity: str | None = None, payload: object = None) -> str:
        """Says something to the client. Why it cannot be told; empty when it is, or when the connection has ended.

        Source: AWS General Reference, "AWS AppSync endpoints and quotas" (subscription payload size: of a message that
        is received). No page says what becomes of a larger one, or of one for a client that does not read.
        """
        assert self.socket is not None
        said = message(kind, identity, payload)
        if len(said) > APPSYNC_MESSAGE_BYTES_MAX:
            return f"a message of {len(said):,} bytes is not sent: {APPSYNC_MESSAGE_BYTES_MAX:,} are allowed"
        try:
            self.socket.send(said)
        except NotTaken:
            return "the client does not read the messages before it"
        return ""

    def put(self, text: str) -> bool:
        """The client has said something. True when it is its turn, and not after that of what came before."""
        with self._lock:
            self._messages.append(text)
            return len(self._messages) == 1

    def first(self) -> str:
        """What the client has said whose turn it is."""
        return self._messages[0]

    def handled(self) -> bool:
        """It has been handled. True when the next one's turn has come."""
        with self._lock:
            self._messages.popleft()
            return bool(self._messages)

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

    def leave(self, seconds: float) -> None:
        """Waits a little for the client's own end."""
        if self.socket is not None:
            self.socket.leave(seconds)
