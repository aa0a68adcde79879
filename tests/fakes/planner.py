"""Schedules of EventBridge Scheduler that a test makes, taken away at the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.fakes.event_bus import ROLE
from tests.fakes.wired_harness import WiredHarness

OFF = {"Mode": "OFF"}


class Planner:
    """Schedules of a test, taken away at the end."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self.scheduler = harness, harness.aws("scheduler")
        self._made: list[str] = []

    def schedule(self, name: str, expression: str, target: dict[str, Any], **settings: Any) -> str:
        """A schedule's ARN."""
        given = {"FlexibleTimeWindow": OFF, **settings}
        made = self.scheduler.create_schedule(
            Name=name, ScheduleExpression=expression, Target={"RoleArn": ROLE, **target}, **given
        )
        self._made.append(name)
        return str(made["ScheduleArn"])

    @property
    def now(self) -> datetime:
        """What the harness's clock shows."""
        answer = self.harness.call("POST", "clock", {"advance_seconds": 0})
        return datetime.fromisoformat(answer.json()["now"])

    def advance(self, step: timedelta) -> None:
        """Moves the clock."""
        answer = self.harness.call("POST", "clock", {"advance_seconds": step.total_seconds()})
        assert answer.status == 200, answer.body
        self.harness.drain()

    def names(self) -> list[str]:
        """Those that are there."""
        return [schedule["Name"] for schedule in self.scheduler.list_schedules()["Schedules"]]

    def remove(self) -> None:
        """Takes them away."""
        for name in set(self._made) & set(self.names()):
            self.scheduler.delete_schedule(Name=name)


def at(moment: datetime) -> str:
    """An expression for one time."""
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"
