"""Waiting until every event in flight has come to rest, and moving the harness's clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from lambdakit.errors import Diagnostic, DrainTimeout, HarnessError
from lambdakit.records import dataclass
from lambdakit.session.control_api import ControlApi
from lambdakit.session.event_text import tail_text
from lambdakit.session.trace_view import TraceView

_TAIL_LENGTH: Final = 20
_REST_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledWork:
    """Something that will happen once the clock gets there.

    what: in words. due: on the harness's clock. recurring: another one follows it for ever, as with a schedule.
    """

    what: str
    due: datetime
    recurring: bool = False


class RemoteClock:
    """The harness's clock. The functions' own is never moved."""

    def __init__(self, control: ControlApi, trace: TraceView) -> None:
        self._control = control
        self._trace = trace

    def now(self) -> datetime:
        """The harness's time."""
        answer = self._control.get("/_lambdakit/clock")
        return datetime.fromisoformat(answer["now"])

    def advance(
        self,
        step: timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        timeout: float = _REST_SECONDS,
    ) -> datetime:
        """Moves the clock forward by the sum of what is given, and returns the new time.

        What comes due meanwhile happens at its own time, in order, and each waits until what the one before set off
        has come to rest. timeout: seconds for each such wait; DrainTimeout, with the trace's tail, when one takes
        longer, and the clock then stays where it is.
        HarnessError for a negative sum, as time never runs back, and for one beyond the year 9999.
        """
        try:
            total = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) + (step or timedelta())
        except (OverflowError, ValueError) as error:
            raise _wrong_step(f"no length of time: {error}", hint="pass a smaller step") from None
        if total < timedelta():
            problem = f"the clock cannot be moved back: {total.total_seconds():g} s"
            raise _wrong_step(problem, hint="pass a step of zero or more")
        body = {"advance_seconds": total.total_seconds(), "timeout_seconds": timeout}
        try:
            answer = self._control.post("/_lambdakit/clock", body)
        except DrainTimeout as error:
            raise DrainTimeout(*error.diagnostics[:-1], _with_tail(error.diagnostics[-1], self._trace)) from None
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
        ScheduledWork(what=item["what"], due=datetime.fromisoformat(item["due"]), recurring=item["recurring"])
        for item in answer["scheduled"]
    )


def _wrong_step(problem: str, *, hint: str) -> HarnessError:
    return HarnessError(Diagnostic(pointer="clock.advance", problem=problem, code="LK542", hint=hint))


def _with_tail(diagnostic: Diagnostic, trace: TraceView) -> Diagnostic:
    tail = f"the last of the trace:\n{tail_text(trace.events, length=_TAIL_LENGTH)}"
    return replace(diagnostic, hint=f"{diagnostic.hint}\n  {tail}" if diagnostic.hint else tail)
