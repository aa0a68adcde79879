"""The telemetry of one execution environment: who subscribed, what happened, and its way to the subscribers.

Events come in from the environment, requests from the Extensions API. Nothing runs by itself and nothing blocks: who
holds the environment polls the selector, for no longer than `wait_seconds`, and calls `pump`; so nothing is delivered
while it is frozen. Subscriptions outlive a reset, and what the processes before it did not get goes to those after it.
Source: AWS Lambda Developer Guide, "Accessing real-time telemetry data for extensions using the Telemetry API".
"""

from __future__ import annotations

import math
import selectors
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lambdakit.harness.runtime import platform_records
from lambdakit.harness.runtime.loopback_sockets import LoopbackSockets
from lambdakit.harness.runtime.telemetry_buffer import Dropped, TelemetryBuffer
from lambdakit.harness.runtime.telemetry_delivery import TelemetryDelivery
from lambdakit.harness.runtime.telemetry_events import TelemetryEvent, rendered
from lambdakit.harness.runtime.telemetry_subscription import Api, Subscription

_EARLY_EVENTS_MAX = 10_000  # as many as a subscriber buffers by default


class Telemetry:
    """Subscribers by the name of their extension.

    json_lines: whether the function logs in JSON. now: the time that events carry.
    """

    def __init__(self, *, json_lines: bool, now: Callable[[], datetime]) -> None:
        self._json_lines = json_lines
        self._now = now
        self._subscribers: dict[str, _Subscriber] = {}
        # What happens before the first one subscribes is kept for those that do: initStart comes before any extension.
        self._early: list[TelemetryEvent] | None = None
        self._selector: selectors.BaseSelector | None = None
        self._sockets = LoopbackSockets()

    @property
    def listened_to(self) -> bool:
        """Whether an event that happens now may reach anybody."""
        return bool(self._subscribers) or self._early is not None

    @property
    def pending(self) -> bool:
        """Whether something has not been received yet."""
        return any(subscriber.pending for subscriber in self._subscribers.values())

    def subscribe(self, name: str, subscription: Subscription) -> str:
        """Takes a subscription in the place of an earlier one, and returns its state as AWS names it.

        "Already subscribed" is what its extensions are told after a reset, or when they ask twice.
        """
        known = self._subscribers.get(name)
        if known is not None:
            known.change(subscription)
            return "Already subscribed"
        subscriber = _Subscriber(subscription, json_lines=self._json_lines, now=self._now)
        self._subscribers[name] = subscriber
        if self._selector is not None:
            subscriber.delivery.attach(self._selector, self._sockets)
        for event in self._early or ():
            subscriber.take(event)
        return "Subscribed"

    def api_of(self, name: str) -> Api | None:
        """Which API an extension subscribed with; None when it has not."""
        subscriber = self._subscribers.get(name)
        return None if subscriber is None else subscriber.subscription.api

    def emit(self, kind: str, record: str | Mapping[str, Any]) -> None:
        """Something happened. kind: as in `telemetry_events.TelemetryEvent`."""
        if not self.listened_to:
            return
        event = TelemetryEvent(at=self._now(), kind=kind, record=record)
        if self._early is not None and len(self._early) < _EARLY_EVENTS_MAX:
            self._early.append(event)
        for subscriber in self._subscribers.values():
            subscriber.take(event)

    def attach(self, selector: selectors.BaseSelector, sockets: LoopbackSockets) -> None:
        """Processes start: subscriptions are open, and deliveries can be made."""
        self._selector, self._sockets = selector, sockets
        self._early = []
        for subscriber in self._subscribers.values():
            subscriber.delivery.attach(selector, sockets)

    def close_subscriptions(self) -> None:
        """The init phase is over: nobody else can subscribe."""
        self._early = None
        self._sockets.keep(len(self._subscribers))

    def detach(self) -> None:
        """The processes are gone, and their sockets with them. Idempotent."""
        for subscriber in self._subscribers.values():
            subscriber.delivery.detach()
            subscriber.hurried = False
        self._selector, self._early = None, None
        self._sockets.close()

    def wait_seconds(self, limit: float) -> float:
        """How long nothing has to be done that no socket tells of; at most `limit`."""
        if not self._subscribers:
            return limit
        due = min(subscriber.due for subscriber in self._subscribers.values())
        return limit if due == math.inf else min(limit, max(0.0, due - time.perf_counter()))

    def pump(self) -> None:
        """Sends what is due, as far as that goes without waiting."""
        for subscriber in self._subscribers.values():
            subscriber.pump()

    def hurry(self) -> None:
        """From now on nothing waits in a buffer for its time-out: the environment is about to end."""
        for subscriber in self._subscribers.values():
            subscriber.hurried = True


class _Subscriber:
    """A subscription, what is collected for it, and its delivery. hurried: nothing waits for the time-out."""

    def __init__(self, subscription: Subscription, *, json_lines: bool, now: Callable[[], datetime]) -> None:
        self.subscription = subscription
        self.delivery = TelemetryDelivery(subscription)
        self.hurried = False
        self._json_lines = json_lines
        self._now = now
        self._buffer = TelemetryBuffer(
            max_items=subscription.max_items,
            max_bytes=subscription.max_bytes,
            timeout_seconds=subscription.timeout_seconds,
            on_dropped=self._loss,
        )

    @property
    def pending(self) -> bool:
        """Whether it has not received everything."""
        return not self._buffer.empty or not self.delivery.idle

    @property
    def due(self) -> float:
        """When `pump` has something to do."""
        if not self.delivery.idle:
            return self.delivery.due
        return -math.inf if self.hurried and not self._buffer.empty else self._buffer.due

    def change(self, subscription: Subscription) -> None:
        """Another subscription of the same extension; what was collected stays, as it was written."""
        self.subscription = subscription
        self.delivery.change(subscription)
        self._buffer.change(
            max_items=subscription.max_items,
            max_bytes=subscription.max_bytes,
            timeout_seconds=subscription.timeout_seconds,
        )

    def take(self, event: TelemetryEvent) -> None:
        """Collects an event, if it is for this one."""
        record = rendered(event, self.subscription, json_lines=self._json_lines)
        if record is not None:
            self._buffer.add(record, time.perf_counter())

    def pump(self) -> None:
        """Sends what is due."""
        now = time.perf_counter()
        if not self.delivery.idle:
            self.delivery.advance()
        elif self.due <= now:
            self.delivery.send(self._buffer.take(now))

    def _loss(self, dropped: Dropped) -> bytes:
        """The news of a loss, which its subscriber gets whatever it subscribed to."""
        record = platform_records.logs_dropped(dropped.records, dropped.size_bytes)
        event = TelemetryEvent(at=self._now(), kind="platform.logsDropped", record=record)
        return event.written(record)
