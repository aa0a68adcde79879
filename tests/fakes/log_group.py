"""A log group with one stream."""

from __future__ import annotations

import time
from typing import Any

from tests.fakes.wired_harness import WiredHarness


class LogGroup:
    """The group; whoever makes it takes it away."""

    def __init__(self, harness: WiredHarness, name: str) -> None:
        self.harness, self.name, self.logs = harness, name, harness.aws("logs")
        self.logs.create_log_group(logGroupName=name)
        self.logs.create_log_stream(logGroupName=name, logStreamName="s")

    def subscribe(self, destination: str, pattern: str = "", name: str = "f", **more: Any) -> None:
        """Puts a subscription filter."""
        self.logs.put_subscription_filter(
            logGroupName=self.name, filterName=name, filterPattern=pattern, destinationArn=destination, **more
        )

    def put(self, *messages: str) -> int:
        """Puts lines, and returns their time."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": message} for message in messages]
        self.logs.put_log_events(logGroupName=self.name, logStreamName="s", logEvents=events)
        self.harness.drain()
        return now
