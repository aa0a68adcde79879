"""Waiting until every event in flight has come to rest, and moving the harness's clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from lambdakit.errors import Diagnostic, DrainTimeout, HarnessError
from lambdakit.session.control_api import ControlApi
from lambdakit.session.event_text import tail_text
from lambdakit.session.trace_view import TraceView

_TAIL_LENGTH: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledWork:
    """Something that will happen once the clock gets there. what: in words; due: on the harness's clock."""

    what: str
    due: datetime


class RemoteClock:
    """The harness's clock. The functions' own is never moved."""

    def __init__(self, control: ControlApi) -> None:
        self._control = control

    def now(self) -> datetime:
        """The harness's time."""
        return self._move(timedelta())

    def advance(
        self,
        step: timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime:
        """Moves the clock forward by the sum of what is given, and returns the new time.

        HarnessError for a negative sum: time never runs back.
        """
        total = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) + (step or timedelta())
        if total < timedelta():
            raise HarnessError(
                Diagnostic(
                    pointer="clock.advance",
                    problem=f"the clock cannot be moved back: {total.total_seconds():g} s",
                    code="LK542",
                    hint="pass a step of zero or more",
                )
            )
        return self._move(total)

    def _move(self, step: timedelta) -> datetime:
        answer = self._control.post("/_lambdakit/clock", {"advance_seconds": step.total_seconds()})
        return datetime.fromisoformat(answer["now"])


def drain(control: ControlApi, trace: TraceView, *, timeout_seconds: float, advance: bool) -> tuple[ScheduledWork, ...]:
    """What is scheduled for later, once all that can happen without moving the clock has happened.

    advance: also moves the clock from due time to due time until only recurring schedules remain.
    DrainTimeout, with the trace's tail, when it does not come to rest in time.
    """
    try:
        answer = control.post("/_lambdakit/drain", {"timeout_seconds": timeout_seconds, "advance": advance})
    except DrainTimeout as error:
        raise DrainTimeout(*error.diagnostics[:-1], _with_tail(error.diagnostics[-1], trace)) from None
    return tuple(
        ScheduledWork(what=item["what"], due=datetime.fromisoformat(item["due"])) for item in answer["scheduled"]
    )


def _with_tail(diagnostic: Diagnostic, trace: TraceView) -> Diagnostic:
    tail = f"the last of the trace:\n{tail_text(trace.events, length=_TAIL_LENGTH)}"
    return replace(diagnostic, hint=f"{diagnostic.hint}\n  {tail}" if diagnostic.hint else tail)
