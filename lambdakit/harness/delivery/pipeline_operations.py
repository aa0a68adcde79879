"""The operations of CodePipeline that start, stop and show runs, and take what jobs came to.

Source: AWS CodePipeline API Reference, of each operation; the service's model in botocore. Where the reference has no
text for an error, the text is ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lambdakit.harness.delivery.pipeline_actions import PipelineActions
from lambdakit.harness.delivery.pipeline_answers import action_detail, context, described, stage_state, summary
from lambdakit.harness.delivery.pipeline_execution import FAILED, IN_PROGRESS, STOPPING, Execution, RunRefused, Trigger
from lambdakit.harness.delivery.pipeline_jobs import Job, PipelineJobs
from lambdakit.harness.delivery.pipeline_runs import PipelineRuns
from lambdakit.harness.delivery.pipeline_structure import Pipeline, Place, read_pipeline
from lambdakit.harness.moto_state.pipelines import KeptPipeline, Pipelines

_JOB_ID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PAGE: Final = 100
_NO_PIPELINE: Final = "Account '{account_id}' does not have a pipeline with name '{name}'"
_VARIABLES_BYTES_MAX: Final = 122_880  # User Guide, "Quotas in AWS CodePipeline": 122 KB for the variables of an action

Given = Mapping[str, Any]


class PipelineOperations:
    """Answers requests. pipelines: what is kept of them."""

    def __init__(
        self,
        pipelines: Callable[[], Pipelines],
        runs: PipelineRuns,
        jobs: PipelineJobs,
        actions: PipelineActions,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._pipelines = pipelines
        self._runs = runs
        self._jobs = jobs
        self._actions = actions
        self._now = now
        self._started: dict[tuple[Place, str, str], str] = {}  # by client request token
        self._operations: Mapping[str, Callable[[Place, Given], Given]] = {
            "StartPipelineExecution": self._start,
            "StopPipelineExecution": self._stop,
            "RetryStageExecution": self._retry,
            "GetPipelineExecution": self._get,
            "ListPipelineExecutions": self._list,
            "ListActionExecutions": self._list_actions,
            "GetPipelineState": self._state,
            "PutApprovalResult": self._approve,
            "PutJobSuccessResult": self._job_succeeded,
            "PutJobFailureResult": self._job_failed,
            "GetJobDetails": self._job_details,
            "AcknowledgeJob": self._acknowledge,
            "PollForJobs": self._poll,
        }

    def serve(self, operation: str, place: Place, given: Given) -> Given:
        """The answer to an operation."""
        return self._operations[operation](place, given)

    def start(self, place: Place, name: str, trigger: Trigger, variables: Sequence[Given] = ()) -> Execution:
        """A new run of a pipeline. RunRefused when it cannot be run."""
        kept = self._pipelines().find(place, name)
        if kept is None:
            raise RunRefused("PipelineNotFoundException", _NO_PIPELINE.format(account_id=place[0], name=name))
        pipeline = read_pipeline(place, kept.declared)
        values = {str(one["name"]): str(one["value"]) for one in variables}
        unknown = [one for one in values if one not in pipeline.variables]
        if unknown:
            raise RunRefused("ValidationException", f"Pipeline variable '{unknown[0]}' is not declared")
        resolved = {**pipeline.variables, **values}
        missing = [one for one, value in resolved.items() if value is None]
        if missing:
            raise RunRefused("ValidationException", f"Pipeline variable '{missing[0]}' has no value")
        return self._runs.start(pipeline, trigger, {one: str(value) for one, value in resolved.items()})

    def forget(self) -> None:
        """No request is known any more."""
        self._started.clear()

    def _start(self, place: Place, given: Given) -> Given:
        name, token = str(given["name"]), str(given.get("clientRequestToken") or "")
        known = self._started.get((place, name, token)) if token else None
        if known is not None:
            return {"pipelineExecutionId": known}
        trigger = Trigger(kind="StartPipelineExecution")
        try:
            execution = self.start(place, name, trigger, given.get("variables") or ())
        except RunRefused as refused:
            raise self._refused(refused.code, refused.message) from None
        if token:
            self._started[place, name, token] = execution.id
        return {"pipelineExecutionId": execution.id}

    def _stop(self, place: Place, given: Given) -> Given:
        execution = self._found(place, given, "PipelineExecutionNotStoppableException")
        abandon = bool(given.get("abandon"))
        if execution.is_over:
            raise self._refused(
                "PipelineExecutionNotStoppableException",
                f"The pipeline execution {execution.id} is in state {execution.status} and cannot be stopped",
            )
        if execution.status == STOPPING and not abandon:
            raise self._refused(
                "DuplicatedStopRequestException", f"The pipeline execution {execution.id} is already being stopped"
            )
        self._runs.stop(execution, abandon=abandon, reason=str(given.get("reason") or ""))
        return {"pipelineExecutionId": execution.id}

    def _retry(self, place: Place, given: Given) -> Given:
        pipeline = self._pipeline(place, str(given["pipelineName"]))
        name = str(given["stageName"])
        if all(stage.name != name for stage in pipeline.stages):
            raise self._no_stage(place, name, pipeline.name)
        execution = self._found(place, given, "StageNotRetryableException")
        stage = execution.stages.get(name)
        if execution.status not in (FAILED, "Stopped") or stage is None or stage is not execution.stage:
            problem = f"Stage {name} of the pipeline execution {execution.id} has no failed action to retry"
            raise self._refused("StageNotRetryableException", problem)
        later = [one for one in self._runs.of(pipeline.key) if name in one.stages and one.started > execution.started]
        if later:
            problem = f"The pipeline execution {execution.id} is not the latest in the stage {name}"
            raise self._refused("NotLatestPipelineExecutionException", problem)
        self._runs.retry(execution, all_actions=given["retryMode"] == "ALL_ACTIONS")
        return {"pipelineExecutionId": execution.id}

    def _get(self, place: Place, given: Given) -> Given:
        execution = self._found(place, given, "PipelineExecutionNotFoundException")
        with self._runs.lock:
            return {"pipelineExecution": described(execution)}

    def _list(self, place: Place, given: Given) -> Given:
        pipeline = self._pipeline(place, str(given["pipelineName"]))
        stage = ((given.get("filter") or {}).get("succeededInStage") or {}).get("stageName")
        with self._runs.lock:
            found = [
                summary(one)
                for one in reversed(self._runs.of(pipeline.key))
                if stage is None or (stage in one.stages and one.stages[stage].status == "Succeeded")
            ]
        return self._page("pipelineExecutionSummaries", found, given)

    def _list_actions(self, place: Place, given: Given) -> Given:
        pipeline = self._pipeline(place, str(given["pipelineName"]))
        narrowed = given.get("filter") or {}
        latest = narrowed.get("latestInPipelineExecution") or {}
        wanted = narrowed.get("pipelineExecutionId") or latest.get("pipelineExecutionId")
        executions = self._runs.of(pipeline.key)
        if wanted and all(one.id != wanted for one in executions):
            raise self._no_execution(place, str(wanted), pipeline.name)
        with self._runs.lock:
            runs = [
                (execution, run)
                for execution in reversed(executions)
                if not wanted or execution.id == wanted
                for run in reversed(execution.history)
            ]
            found = [action_detail(execution, run) for execution, run in runs]
        return self._page("actionExecutionDetails", found, given)

    def _state(self, place: Place, given: Given) -> Given:
        name = str(given["name"])
        kept = self._kept(place, name)
        pipeline = read_pipeline(place, kept.declared)
        with self._runs.lock:
            executions = self._runs.of(pipeline.key)
            states = [stage_state(stage, executions) for stage in pipeline.stages]
        return {
            "pipelineName": name,
            "pipelineVersion": pipeline.version,
            "stageStates": states,
            "created": kept.created.timestamp(),
            "updated": kept.updated.timestamp(),
        }

    def _approve(self, place: Place, given: Given) -> Given:
        pipeline = self._pipeline(place, str(given["pipelineName"]))
        stage = next((one for one in pipeline.stages if one.name == given["stageName"]), None)
        if stage is None:
            raise self._no_stage(place, str(given["stageName"]), pipeline.name)
        name = str(given["actionName"])
        if all(action.name != name for action in stage.actions):
            raise self._refused(
                "ActionNotFoundException", f"Stage '{stage.name}' does not have an action with name '{name}'"
            )
        asked = [
            run
            for execution in self._runs.of(pipeline.key)
            for run in execution.history
            if run.token == given["token"] and (run.stage, run.action.name) == (stage.name, name)
        ]
        if not asked:
            raise self._refused("InvalidApprovalTokenException", "The approval token is not valid")
        if asked[0].status != IN_PROGRESS:
            raise self._refused("ApprovalAlreadyCompletedException", "The approval has already been completed")
        result = given["result"]
        self._actions.answer(
            asked[0].token, approved=result["status"] == "Approved", summary=str(result.get("summary") or "")
        )
        return {"approvedAt": self._now().timestamp()}

    def _job_succeeded(self, place: Place, given: Given) -> Given:
        job, variables = self._job(place, given), given.get("outputVariables") or {}
        if variables and given.get("continuationToken"):
            problem = "outputVariables can be included only when there is no continuation token on the request"
            raise self._refused("ValidationException", problem)
        if sum(len(f"{name}{value}".encode()) for name, value in variables.items()) > _VARIABLES_BYTES_MAX:
            problem = f"The output variables are larger than {_VARIABLES_BYTES_MAX} bytes"
            raise self._refused("OutputVariablesSizeExceededException", problem)
        if not self._jobs.succeeded(job, given):
            raise self._over(job)
        return {}

    def _job_failed(self, place: Place, given: Given) -> Given:
        job = self._job(place, given)
        if not self._jobs.failed(job, given):
            raise self._over(job)
        return {}

    def _job_details(self, place: Place, given: Given) -> Given:
        job = self._job(place, given)
        work = job.work
        data = self._jobs.data(job) | {
            "actionTypeId": work.action.type_id,
            "pipelineContext": context(work.pipeline, work.execution, work.run),
        }
        return {"jobDetails": {"id": job.id, "data": data, "accountId": place[0]}}

    def _acknowledge(self, place: Place, given: Given) -> Given:
        """A nonce comes with a polled job only, and none is ever polled here."""
        self._job(place, given)
        raise self._refused("InvalidNonceException", f"The nonce {given['nonce']} is not that of the job")

    def _poll(self, place: Place, given: Given) -> Given:
        """No action of one's own runs here, so no worker has anything to do."""
        del place
        kind = given["actionTypeId"]
        if kind.get("owner") == "AWS":
            problem = "Jobs of AWS's own actions cannot be polled for"
            raise self._refused("ValidationException", problem)
        names = f"{kind.get('category')} {kind.get('provider')} {kind.get('version')}"
        raise self._refused("ActionTypeNotFoundException", f"There is no action type {names}: none runs here")

    def _job(self, place: Place, given: Given) -> Job:
        job_id = str(given["jobId"])
        if re.fullmatch(_JOB_ID, job_id) is None:
            raise self._refused(
                "ValidationException",
                f"1 validation error detected: Value '{job_id}' at 'jobId' failed to satisfy constraint: Member must "
                f"satisfy regular expression pattern: {_JOB_ID}",
            )
        job = self._jobs.find(job_id, place)
        if job is None:
            raise self._refused("JobNotFoundException", f"No job exists with ID '{job_id}'")
        return job

    def _over(self, job: Job) -> Exception:
        return self._refused(
            "InvalidJobStateException", f"The job {job.id} is in state {job.status} and takes no result any more"
        )

    def _found(self, place: Place, given: Given, code: str) -> Execution:
        name, wanted = str(given["pipelineName"]), str(given["pipelineExecutionId"])
        pipeline = self._pipeline(place, name)
        found = next((one for one in self._runs.of(pipeline.key) if one.id == wanted), None)
        if found is None:
            raise self._no_execution(place, wanted, name, code)
        return found

    def _pipeline(self, place: Place, name: str) -> Pipeline:
        return read_pipeline(place, self._kept(place, name).declared)

    def _kept(self, place: Place, name: str) -> KeptPipeline:
        kept = self._pipelines().find(place, name)
        if kept is None:
            problem = _NO_PIPELINE.format(account_id=place[0], name=name)
            raise self._refused("PipelineNotFoundException", problem)
        return kept

    def _no_execution(
        self, place: Place, wanted: str, pipeline: str, code: str = "PipelineExecutionNotFoundException"
    ) -> Exception:
        return self._refused(
            code, f"Account '{place[0]}' does not have an execution '{wanted}' of the pipeline '{pipeline}'"
        )

    def _no_stage(self, place: Place, stage: str, pipeline: str) -> Exception:
        return self._refused(
            "StageNotFoundException", f"The pipeline '{pipeline}' of account '{place[0]}' has no stage '{stage}'"
        )

    def _refused(self, code: str, message: str) -> Exception:
        return self._pipelines().refuse(code, message)

    def _page(self, member: str, found: Sequence[Given], given: Given) -> Given:
        token = str(given.get("nextToken") or "0")
        if not token.isdecimal():
            raise self._refused("InvalidNextTokenException", "The next token was specified in an invalid format")
        begin, most = int(token), int(given.get("maxResults") or _PAGE)
        page: dict[str, Any] = {member: list(found[begin : begin + most])}
        return page | ({"nextToken": str(begin + most)} if begin + most < len(found) else {})
