"""Runs of pipelines: stages in order, and within a stage its actions by their run order.

    start -> enters a stage, or waits for the run that is in it -> the actions of one run order, at the same time
          -> the next run order -> the next stage -> ... -> Succeeded
    an action fails -> its stage and the run fail, once those beside it have ended -> the stage is free again

Whatever follows from a change is done outside the lock: events are put on the bus, actions begin on other threads.

Source: AWS CodePipeline User Guide, "How pipeline executions work", "Stop a pipeline execution in CodePipeline" and
"Configure a stage retry".
"""

from __future__ import annotations

import functools
import logging
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Final

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.alarm_actions import PutAwsEvent
from lambdakit.harness.delivery.pipeline_events import (
    SOURCE,
    PipelineEvent,
    action_changed,
    pipeline_changed,
    stage_changed,
)
from lambdakit.harness.delivery.pipeline_execution import (
    ABANDONED,
    FAILED,
    IN_PROGRESS,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    ActionFailed,
    ActionRun,
    Execution,
    Outcome,
    StageRun,
    Trigger,
    Work,
)
from lambdakit.harness.delivery.pipeline_structure import PARALLEL, SUPERSEDED, Pipeline
from lambdakit.records import dataclass

logger = logging.getLogger(__name__)

_STARTED: Final = "STARTED"
_RESUMED: Final = "RESUMED"
_Key = tuple[str, str, str]

# Does an action: what it came to; None when that is told later, to `PipelineRuns.ended`. ActionFailed when it failed.
Perform = Callable[[Work], Outcome | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Then:
    """What follows from a change."""

    events: list[PipelineEvent] = field(default_factory=list)
    begun: list[Work] = field(default_factory=list)


class PipelineRuns:
    """All runs. submit: runs a job on another thread. abandon: told of each action that is given up."""

    def __init__(
        self,
        *,
        perform: Perform,
        abandon: Callable[[ActionRun], None],
        clock: Scheduler,
        activity: Activity,
        submit: Callable[[Callable[[], None]], None],
        put_event: PutAwsEvent | None,
    ) -> None:
        self.lock = threading.RLock()
        self._perform = perform
        self._abandon = abandon
        self._clock = clock
        self._activity = activity
        self._submit = submit
        self._put_event = put_event
        self._held: dict[_Key, list[Execution]] = {}
        self._inside: dict[tuple[_Key, int], Execution] = {}
        self._waiting: dict[tuple[_Key, int], list[Execution]] = {}

    def start(self, pipeline: Pipeline, trigger: Trigger, variables: Mapping[str, str]) -> Execution:
        """A new run. Returns at once."""
        now = self._clock.now()
        identity = str(uuid.uuid4())
        execution = Execution(id=identity, pipeline=pipeline, trigger=trigger, started=now, updated=now)
        execution.variables["codepipeline"] = {"PipelineExecutionId": identity}
        execution.variables["variables"] = dict(variables)
        then = _Then()
        with self.lock:
            self._held.setdefault(pipeline.key, []).append(execution)
            then.events.append(pipeline_changed(execution, now, state=_STARTED))
            self._enter_locked(execution, 0, then)
        self._go(then)
        return execution

    def ended(self, work: Work, outcome: Outcome) -> None:
        """An action has ended; nothing happens when it is not under way any more."""
        execution, run, then = work.execution, work.run, _Then()
        with self.lock:
            if run.status != IN_PROGRESS or execution not in self._held.get(execution.pipeline.key, ()):
                return
            self._settle_locked(execution, run, FAILED if outcome.error_code else SUCCEEDED, outcome, then)
            self._next_locked(execution, then)
        self._go(then)

    def stop(self, execution: Execution, *, abandon: bool, reason: str) -> None:
        """Stops a run that is under way: at once, or when its actions have ended."""
        now, then, given_up = self._clock.now(), _Then(), []
        with self.lock:
            execution.status, execution.stop_reason, execution.updated = STOPPING, reason, now
            then.events.append(pipeline_changed(execution, now))
            stage = execution.stages.get(execution.pipeline.stages[execution.at].name)
            for waiting in self._waiting.values():
                if execution in waiting:
                    waiting.remove(execution)
            if stage is not None and stage.status == IN_PROGRESS and abandon:
                for run in list(stage.actions.values()):
                    if run.status == IN_PROGRESS:
                        given_up.append(run)
                        self._settle_locked(execution, run, ABANDONED, Outcome(), then)
            self._next_locked(execution, then)
        for run in given_up:
            self._abandon(run)
        self._go(then)

    def retry(self, execution: Execution, *, all_actions: bool) -> None:
        """Does the stage that a run failed in again: what failed there, or all of it."""
        now, then = self._clock.now(), _Then()
        with self.lock:
            stage = execution.stage
            if all_actions:
                stage.actions.clear()
            for name in [name for name, run in stage.actions.items() if run.status != SUCCEEDED]:
                del stage.actions[name]
            stage.status = execution.status = IN_PROGRESS
            execution.attempt += 1
            execution.updated, execution.summary = now, ""
            self._inside[execution.pipeline.key, execution.at] = execution
            then.events.append(pipeline_changed(execution, now, state=_RESUMED))
            then.events.append(stage_changed(execution, stage.stage.name, now, _RESUMED))
            self._next_locked(execution, then)
        self._go(then)

    def of(self, key: _Key) -> Sequence[Execution]:
        """The runs of a pipeline, the first one first."""
        with self.lock:
            return list(self._held.get(key, ()))

    def forget(self, key: _Key | None = None) -> None:
        """Drops the runs of a pipeline, and what is under way of them. Absence: of all."""
        with self.lock:
            gone = [one for one in list(self._held) if key in (None, one)]
            runs = [run for one in gone for execution in self._held.pop(one) for run in execution.history]
            for held in (self._inside, self._waiting):
                for place in [place for place in held if place[0] in gone]:
                    del held[place]
            under_way = [run for run in runs if run.status == IN_PROGRESS]
            for run in under_way:
                run.status = ABANDONED
        for run in under_way:
            self._abandon(run)

    def _enter_locked(self, execution: Execution, at: int, then: _Then) -> None:
        """Takes a run into a stage, or has it wait there."""
        pipeline, now = execution.pipeline, self._clock.now()
        execution.at, execution.updated = at, now
        place = pipeline.key, at
        if pipeline.mode != PARALLEL and place in self._inside:
            waiting = self._waiting.setdefault(place, [])
            if pipeline.mode == SUPERSEDED:
                for older in waiting:
                    older.status, older.updated = "Superseded", now
                    then.events.append(pipeline_changed(older, now))
                waiting.clear()
            waiting.append(execution)
            return
        self._inside[place] = execution
        stage = pipeline.stages[at]
        execution.stages[stage.name] = StageRun(stage=stage)
        then.events.append(stage_changed(execution, stage.name, now, _STARTED))
        self._next_locked(execution, then)

    def _next_locked(self, execution: Execution, then: _Then) -> None:
        """Begins what is to be done next in the stage, or leaves it."""
        stage = execution.stages.get(execution.pipeline.stages[execution.at].name)
        if stage is None or stage.status != IN_PROGRESS:
            if execution.status == STOPPING:  # between two stages
                self._finish_locked(execution, STOPPED, "", then)
            return
        runs = stage.actions.values()
        if any(run.status == IN_PROGRESS for run in runs):
            return
        failed = next((run for run in runs if run.status in (FAILED, ABANDONED)), None)
        todo = [action for action in stage.stage.actions if action.name not in stage.actions]
        if execution.status == STOPPING:
            self._leave_locked(execution, stage, STOPPED, then)
            self._finish_locked(execution, STOPPED, "", then)
        elif failed is not None:
            self._leave_locked(execution, stage, FAILED, then)
            self._finish_locked(execution, FAILED, failed.outcome.summary, then)
        elif todo:
            first = min(action.run_order for action in todo)
            for action in todo:
                if action.run_order == first:
                    now = self._clock.now()
                    run = ActionRun(
                        id=str(uuid.uuid4()), action=action, stage=stage.stage.name, started=now, updated=now
                    )
                    stage.actions[action.name] = run
                    execution.history.append(run)
                    then.events.append(action_changed(execution, run, now))
                    then.begun.append(Work(execution=execution, run=run))
        else:
            at = execution.at
            self._leave_locked(execution, stage, SUCCEEDED, then)
            if at + 1 < len(execution.pipeline.stages):
                self._enter_locked(execution, at + 1, then)
            else:
                self._finish_locked(execution, SUCCEEDED, "", then)

    def _settle_locked(self, execution: Execution, run: ActionRun, status: str, outcome: Outcome, then: _Then) -> None:
        now = self._clock.now()
        run.status, run.outcome, run.updated, execution.updated = status, outcome, now, now
        if status == SUCCEEDED:
            execution.artifacts |= {one.name: one for one in run.outputs}
            if run.action.namespace:
                execution.variables[run.action.namespace] = outcome.variables
        then.events.append(action_changed(execution, run, now))

    def _leave_locked(self, execution: Execution, stage: StageRun, status: str, then: _Then) -> None:
        """The stage is over, and free for who waits for it."""
        stage.status = status
        then.events.append(stage_changed(execution, stage.stage.name, self._clock.now(), status))
        place = execution.pipeline.key, execution.at
        if self._inside.get(place) is execution:
            del self._inside[place]
            waiting = self._waiting.get(place)
            if waiting:
                self._enter_locked(waiting.pop(0), place[1], then)

    def _finish_locked(self, execution: Execution, status: str, summary: str, then: _Then) -> None:
        now = self._clock.now()
        execution.status, execution.summary, execution.updated = status, summary, now
        then.events.append(pipeline_changed(execution, now))

    def _go(self, then: _Then) -> None:
        for work in then.begun:
            self._activity.begin(work.what)
        for event in then.events:
            self._put(event)
        for work in then.begun:
            self._submit(functools.partial(self._do, work))

    def _do(self, work: Work) -> None:
        outcome = None
        try:
            if work.run.status == IN_PROGRESS:
                outcome = self._perform(work)
        except ActionFailed as failed:
            outcome = Outcome(error_code=failed.code, summary=failed.message)
        except Exception as broken:  # the boundary of a thread: the run must not stay under way for ever
            logger.exception("%s broke", work.what)
            outcome = Outcome(error_code="InternalError", summary=f"{type(broken).__name__}: {broken}")
        try:
            if outcome is not None:
                self.ended(work, outcome)
        finally:
            self._activity.end(work.what)

    def _put(self, event: PipelineEvent) -> None:
        if self._put_event is None:
            return
        pipeline = event.execution.pipeline
        self._put_event(
            account_id=pipeline.place[0],
            region=pipeline.place[1],
            source=SOURCE,
            detail_type=event.detail_type,
            detail=event.detail,
            resources=[pipeline.arn],
            time=event.time,
        )
