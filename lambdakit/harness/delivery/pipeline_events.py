"""What CodePipeline puts on the default bus: pipelines, stages and actions that have another state.

Source: AWS CodePipeline User Guide, "Monitoring CodePipeline events" (the types, states and details of events).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.delivery.pipeline_execution import ActionRun, Artifact, Execution
from lambdakit.records import dataclass

SOURCE: Final = "aws.codepipeline"
_STATES: Final[Mapping[str, str]] = {"InProgress": "STARTED", "Abandoned": "ABANDONED", "Cancelled": "CANCELED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineEvent:
    """An event for the bus."""

    execution: Execution
    detail_type: str
    detail: Mapping[str, Any]
    time: datetime


def pipeline_changed(execution: Execution, at: datetime, *, state: str = "") -> PipelineEvent:
    """A run has another state. state: absence is its own."""
    detail = _detail(execution, execution.started, state or execution.status)
    if (state or execution.status) == "STARTED":
        detail["execution-trigger"] = {
            "trigger-type": execution.trigger.kind,
            "trigger-detail": execution.trigger.detail,
        }
    return PipelineEvent(
        execution=execution, detail_type="CodePipeline Pipeline Execution State Change", detail=detail, time=at
    )


def stage_changed(execution: Execution, stage: str, at: datetime, state: str) -> PipelineEvent:
    """A stage of a run has another state."""
    detail = {**_detail(execution, execution.started, state), "stage": stage}
    return PipelineEvent(
        execution=execution, detail_type="CodePipeline Stage Execution State Change", detail=detail, time=at
    )


def action_changed(execution: Execution, run: ActionRun, at: datetime) -> PipelineEvent:
    """An action of a run has another state."""
    detail = {
        **_detail(execution, run.started, run.status),
        "stage": run.stage,
        "action": run.action.name,
        "action-execution-id": run.id,
        "region": execution.pipeline.region_of(run.action),
        "type": run.action.type_id,
        "input-artifacts": _artifacts(run.inputs),
    }
    if run.status != "InProgress":
        outcome = run.outcome
        result = {
            "external-execution-summary": outcome.summary,
            "external-execution-id": outcome.external_id,
            "error-code": outcome.error_code,
        }
        detail["execution-result"] = {name: value for name, value in result.items() if value}
        detail["output-artifacts"] = _artifacts(run.outputs)
    return PipelineEvent(
        execution=execution, detail_type="CodePipeline Action Execution State Change", detail=detail, time=at
    )


def _detail(execution: Execution, since: datetime, state: str) -> dict[str, Any]:
    return {
        "pipeline": execution.pipeline.name,
        "execution-id": execution.id,
        "start-time": iso_milliseconds(since),
        "state": _STATES.get(state, state.upper()),
        "version": float(execution.pipeline.version),
        "pipeline-execution-attempt": float(execution.attempt),
    }


def _artifacts(artifacts: Sequence[Artifact]) -> list[dict[str, Any]]:
    return [{"name": one.name, "s3location": {"bucket": one.bucket, "key": one.key}} for one in artifacts]
