"""One run of a pipeline: how far it has come, and what its actions gave.

A record that `PipelineRuns` owns; whoever else reads it does so in the owner's lock.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from lambdakit.harness.delivery.pipeline_structure import Action, Pipeline, Stage
from lambdakit.records import dataclass

IN_PROGRESS: Final = "InProgress"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
ABANDONED: Final = "Abandoned"
STOPPING: Final = "Stopping"
STOPPED: Final = "Stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Where an artifact lies. revision: of its source; empty where nobody said."""

    name: str
    bucket: str
    key: str
    revision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an action came to. error_code: empty when it succeeded. revision: of what its artifacts were made from."""

    summary: str = ""
    external_id: str = ""
    error_code: str = ""
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    revision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What started a run. kind: such as `StartPipelineExecution`. detail: the rule or schedule; empty otherwise."""

    kind: str
    detail: str = ""


@dataclasses.dataclass(eq=False, slots=True, kw_only=True)
class ActionRun:
    """One time that an action is done. configuration: with its variables. token: of an approval that waits."""

    id: str
    action: Action
    stage: str
    started: datetime
    updated: datetime
    status: str = IN_PROGRESS
    outcome: Outcome = dataclasses.field(default_factory=Outcome)
    configuration: Mapping[str, str] = dataclasses.field(default_factory=dict)
    inputs: Sequence[Artifact] = ()
    outputs: Sequence[Artifact] = ()
    token: str = ""
    percent: int | None = None


@dataclasses.dataclass(eq=False, slots=True, kw_only=True)
class StageRun:
    """A stage that a run has come to. actions: the last run of each, by name."""

    stage: Stage
    status: str = IN_PROGRESS
    actions: dict[str, ActionRun] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(eq=False, slots=True, kw_only=True)
class Execution:
    """A run. at: which stage it is in, from 0. variables: of each namespace, by name. history: the last is the newest.

    attempt: counted from 1; one more with each retry of a stage.
    """

    id: str
    pipeline: Pipeline
    trigger: Trigger
    started: datetime
    updated: datetime
    status: str = IN_PROGRESS
    summary: str = ""
    stop_reason: str = ""
    at: int = 0
    attempt: int = 1
    stages: dict[str, StageRun] = dataclasses.field(default_factory=dict)
    artifacts: dict[str, Artifact] = dataclasses.field(default_factory=dict)
    variables: dict[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    history: list[ActionRun] = dataclasses.field(default_factory=list)

    @property
    def stage(self) -> StageRun:
        """The stage it is in."""
        return self.stages[self.pipeline.stages[self.at].name]

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it unless a stage is tried again."""
        return self.status not in (IN_PROGRESS, STOPPING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An action that is to be done now."""

    execution: Execution
    run: ActionRun

    @property
    def pipeline(self) -> Pipeline:
        """Whose it is."""
        return self.execution.pipeline

    @property
    def action(self) -> Action:
        """What is done."""
        return self.run.action

    @property
    def what(self) -> str:
        """What it is, for people."""
        return f"action {self.action.name} of pipeline {self.pipeline.name}"


class RunRefused(Exception):
    """A pipeline that cannot be run. code: as the API names it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ActionFailed(Exception):
    """An action that did not come to its end. code: as the service names such failures."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
