"""Executions that stand still because somebody asked for it, and go on when somebody asks for that.

Source: AWS Lambda API Reference, "PauseDurableExecution", "ResumeDurableExecution" and "PauseDetails"; that the
checkpoint of an execution that is to pause gets no token is `aws-durable-execution-sdk-python` 3.0.0, state.py.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lambdakit.harness.durable.engine import Engine
from lambdakit.harness.durable.execution import DurableExecution, Pause, of_payload
from lambdakit.harness.durable.refusal import DurableRefused
from lambdakit.harness.durable.states import ExecutionStatus

# API PauseDurableExecution.ExecutionTimeoutPaused: "still times out 366 days after it started".
_LONGEST: Final = timedelta(days=366)


def pause(engine: Engine, execution: DurableExecution, *, reason: str, stops_timeout: bool) -> None:
    """Has an execution stand still: at once, or with the next checkpoint of the invocation that runs."""
    if execution.status is not ExecutionStatus.RUNNING:
        raise DurableRefused("ResourceConflictException", f"The durable execution is {execution.status}, not RUNNING")
    execution.pause = Pause(asked_at=engine.clock.now(), reason=reason, stops_timeout=stops_timeout)
    execution.status = ExecutionStatus.PAUSING
    if not execution.is_invoking:
        become_paused(engine, execution)


def become_paused(engine: Engine, execution: DurableExecution) -> None:
    """An execution that was to pause stands still now."""
    assert execution.pause is not None
    now = engine.clock.now()
    execution.status, execution.paused_at = ExecutionStatus.PAUSED, now
    if execution.pause.stops_timeout:
        if execution.time_limit is not None:
            execution.time_limit.cancel()
        execution.time_limit_at = execution.started_at + _LONGEST
        engine.limit_time(execution)
    execution.record(
        now,
        "ExecutionPaused",
        PauseRequestTimestamp=execution.pause.asked_at,
        Reason=of_payload(execution.pause.reason),
        ExecutionTimeoutPaused=execution.pause.stops_timeout,
    )


def resume(engine: Engine, execution: DurableExecution, *, reason: str) -> None:
    """Has an execution go on; its function is invoked if it was interrupted, or if something came meanwhile."""
    if execution.status not in (ExecutionStatus.PAUSING, ExecutionStatus.PAUSED):
        raise DurableRefused("ResourceConflictException", f"The durable execution is {execution.status}, not PAUSED")
    was_paused = execution.status is ExecutionStatus.PAUSED
    stopped, execution.status = execution.pause, ExecutionStatus.RUNNING
    execution.pause = None
    if not was_paused:
        return
    now = engine.clock.now()
    if stopped is not None and stopped.stops_timeout and execution.paused_at is not None:
        _give_back_time(engine, execution, now - execution.paused_at)
    execution.record(now, "ExecutionResumed", ResumeRequestTimestamp=now, Reason=of_payload(reason))
    if execution.changed or execution.was_interrupted:
        engine.wake(execution)


def _give_back_time(engine: Engine, execution: DurableExecution, rested: timedelta) -> None:
    execution.rested += rested
    if execution.time_limit is not None:
        execution.time_limit.cancel()
    limit = execution.own_time_limit_at + execution.rested
    execution.time_limit_at = min(limit, execution.started_at + _LONGEST)
    engine.limit_time(execution)
