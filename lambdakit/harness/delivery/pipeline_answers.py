"""Runs of pipelines as the API shows them.

Source: AWS CodePipeline API Reference, "PipelineExecution", "PipelineExecutionSummary", "StageState", "ActionState" and
"ActionExecutionDetail".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lambdakit.harness.delivery.pipeline_execution import (
    IN_PROGRESS,
    ActionRun,
    Artifact,
    Execution,
    StageRun,
)
from lambdakit.harness.delivery.pipeline_structure import Pipeline, Stage


def described(execution: Execution) -> dict[str, Any]:
    """`PipelineExecution`."""
    pipeline = execution.pipeline
    shown = {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.version,
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "artifactRevisions": [
            {"name": one.name, "revisionId": one.revision, "created": execution.started.timestamp()}
            for one in execution.artifacts.values()
            if one.revision
        ],
        "variables": [
            {"name": name, "resolvedValue": value} for name, value in execution.variables["variables"].items()
        ],
        "trigger": {"triggerType": execution.trigger.kind, "triggerDetail": execution.trigger.detail},
        "executionMode": pipeline.mode,
        "executionType": "STANDARD",
    }
    return shown | ({"statusSummary": execution.summary} if execution.summary else {})


def summary(execution: Execution) -> dict[str, Any]:
    """`PipelineExecutionSummary`."""
    sources = [run for run in execution.history if run.action.category == "Source" and run.outcome.revision]
    shown = {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "startTime": execution.started.timestamp(),
        "lastUpdateTime": execution.updated.timestamp(),
        "sourceRevisions": [
            {
                "actionName": run.action.name,
                "revisionId": run.outcome.revision,
                "revisionSummary": run.outcome.summary,
            }
            for run in sources
        ],
        "trigger": {"triggerType": execution.trigger.kind, "triggerDetail": execution.trigger.detail},
        "executionMode": execution.pipeline.mode,
        "executionType": "STANDARD",
    }
    if execution.summary:
        shown["statusSummary"] = execution.summary
    if execution.stop_reason:
        shown["stopTrigger"] = {"reason": execution.stop_reason}
    return shown


def stage_state(stage: Stage, executions: Sequence[Execution]) -> dict[str, Any]:
    """`StageState`, of the run that came there last. executions: the pipeline's, the first one first."""
    shown: dict[str, Any] = {
        "stageName": stage.name,
        "inboundTransitionState": {"enabled": True},
        "actionStates": [{"actionName": action.name} for action in stage.actions],
    }
    waiting = [one for one in executions if _waits(one, stage)]
    if waiting:
        inbound = {"pipelineExecutionId": waiting[-1].id, "status": waiting[-1].status, "type": "STANDARD"}
        shown |= {"inboundExecution": inbound, "inboundExecutions": [inbound]}
    latest = next((one for one in reversed(executions) if stage.name in one.stages), None)
    if latest is not None:
        run = latest.stages[stage.name]
        status = latest.status if latest.status == "Stopping" and run.status == IN_PROGRESS else run.status
        shown["latestExecution"] = {"pipelineExecutionId": latest.id, "status": status, "type": "STANDARD"}
        shown["actionStates"] = [_action_state(action.name, run) for action in stage.actions]
    return shown


def action_detail(execution: Execution, run: ActionRun) -> dict[str, Any]:
    """`ActionExecutionDetail`."""
    pipeline, action = execution.pipeline, run.action
    given: dict[str, Any] = {
        "actionTypeId": action.type_id,
        "configuration": dict(action.configuration),
        "resolvedConfiguration": dict(run.configuration),
        "region": pipeline.region_of(action),
        "inputArtifacts": _artifacts(run.inputs),
    }
    if action.role_arn:
        given["roleArn"] = action.role_arn
    if action.namespace:
        given["namespace"] = action.namespace
    return {
        "pipelineExecutionId": execution.id,
        "actionExecutionId": run.id,
        "pipelineVersion": pipeline.version,
        "stageName": run.stage,
        "actionName": action.name,
        "startTime": run.started.timestamp(),
        "lastUpdateTime": run.updated.timestamp(),
        "status": run.status,
        "input": given,
        "output": {
            "outputArtifacts": _artifacts(run.outputs),
            "executionResult": _result(run),
            "outputVariables": dict(run.outcome.variables),
        },
    }


def context(pipeline: Pipeline, execution: Execution, run: ActionRun) -> dict[str, Any]:
    """`PipelineContext` of a job."""
    return {
        "pipelineName": pipeline.name,
        "stage": {"name": run.stage},
        "action": {"name": run.action.name, "actionExecutionId": run.id},
        "pipelineArn": pipeline.arn,
        "pipelineExecutionId": execution.id,
    }


def _waits(execution: Execution, stage: Stage) -> bool:
    """Whether a run came to a stage and is not in it yet."""
    at = execution.pipeline.stages[execution.at].name
    return at == stage.name and stage.name not in execution.stages and not execution.is_over


def _action_state(name: str, stage: StageRun) -> dict[str, Any]:
    run = stage.actions.get(name)
    if run is None:
        return {"actionName": name}
    latest: dict[str, Any] = {
        "actionExecutionId": run.id,
        "status": run.status,
        "lastStatusChange": run.updated.timestamp(),
    }
    outcome = run.outcome
    if outcome.summary:
        latest["summary"] = outcome.summary
    if outcome.external_id:
        latest["externalExecutionId"] = outcome.external_id
    if run.token and run.status == IN_PROGRESS:
        latest["token"] = run.token
    if run.percent is not None:
        latest["percentComplete"] = run.percent
    if outcome.error_code:
        latest["errorDetails"] = {"code": outcome.error_code, "message": outcome.summary}
    shown: dict[str, Any] = {"actionName": name, "latestExecution": latest}
    if outcome.revision:
        created = run.updated.timestamp()
        shown["currentRevision"] = {"revisionId": outcome.revision, "revisionChangeId": run.id, "created": created}
    return shown


def _result(run: ActionRun) -> dict[str, Any]:
    outcome = run.outcome
    texts = {"externalExecutionId": outcome.external_id, "externalExecutionSummary": outcome.summary}
    shown: dict[str, Any] = {name: text for name, text in texts.items() if text}
    if outcome.error_code:
        shown["errorDetails"] = {"code": outcome.error_code, "message": outcome.summary}
    return shown


def _artifacts(artifacts: Sequence[Artifact]) -> list[dict[str, Any]]:
    return [{"name": one.name, "s3location": {"bucket": one.bucket, "key": one.key}} for one in artifacts]
