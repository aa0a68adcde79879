"""Jobs that functions do for pipelines: the function is invoked with a job, and says later what came of it.

    an action begins -> a job, its function invoked as an event -> PutJobSuccessResult -> the action has succeeded
                                                                |-> with a continuation token: another job, later
                                                                |-> PutJobFailureResult -> it has failed
                                                                |-> neither for 20 minutes -> it has failed

Source: AWS CodePipeline User Guide, "Invoke an AWS Lambda function in a pipeline in CodePipeline" (the event),
"AWS Lambda invoke action reference", "Quotas in AWS CodePipeline" (20 minutes without a reply, which starts anew with
each one; 24 hours in sum).
"""

from __future__ import annotations

import dataclasses
import functools
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.function_calls import Caller, CallRefused, FunctionCalls
from lambdakit.harness.delivery.pipeline_execution import (
    FAILED,
    IN_PROGRESS,
    SUCCEEDED,
    ActionFailed,
    ActionRun,
    Artifact,
    Outcome,
    Work,
)
from lambdakit.harness.delivery.pipeline_structure import Place
from lambdakit.trace import EventDelivered, EventNotDelivered, TraceLog

_REPLY: Final = timedelta(minutes=20)
_IN_SUM: Final = timedelta(hours=24)
# The guide does not say how soon a continued job comes to its function again.
_AGAIN: Final = timedelta(seconds=30)
TIMED_OUT: Final = "TimedOut"
_DENIED: Final = "PermissionError"

Given = Mapping[str, Any]
# The credentials of a session of a role, as a job has them: the role's ARN, the session's name, account and region.
Credentials = Callable[[str, str, Place], Mapping[str, str]]
Ended = Callable[[Work, Outcome], None]


@dataclasses.dataclass(eq=False, slots=True, kw_only=True)
class Job:
    """A job. continuation: of the one before; empty for the first. status: as the API names it."""

    id: str
    work: Work
    continuation: str
    status: str = IN_PROGRESS
    timer: Timer | None = None


class PipelineJobs:
    """All jobs. ended: told what came of an action. submit: runs a job on another thread."""

    def __init__(
        self,
        calls: FunctionCalls,
        *,
        credentials: Credentials,
        ended: Ended,
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
        submit: Callable[[Callable[[], None]], None],
    ) -> None:
        self._calls = calls
        self._credentials = credentials
        self._ended = ended
        self._clock = clock
        self._activity = activity
        self._trace = trace
        self._submit = submit
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def begin(self, work: Work, continuation: str = "") -> None:
        """Invokes the action's function with a new job. ActionFailed when it cannot be."""
        function = work.run.configuration.get("FunctionName", "")
        if not function:
            raise ActionFailed("ConfigurationError", "The action configuration has no FunctionName.")
        job = Job(id=str(uuid.uuid4()), work=work, continuation=continuation)
        now = self._clock.now()
        due = min(now + _REPLY, work.run.started + _IN_SUM)
        with self._lock:
            self._jobs[job.id] = job
            job.timer = self._clock.schedule(due, functools.partial(self._no_reply, job), label=f"job of {work.what}")
        try:
            self._send(job, function)
        except ActionFailed:
            self._close(job, FAILED)
            raise

    def find(self, job_id: str, place: Place) -> Job | None:
        """A job of an account and region; None without it."""
        with self._lock:
            job = self._jobs.get(job_id)
        return job if job is not None and job.work.pipeline.place == place else None

    def succeeded(self, job: Job, given: Given) -> bool:
        """Takes the result of a job that is under way; False for one that is not."""
        continuation = str(given.get("continuationToken") or "")
        if not self._close(job, SUCCEEDED):
            return False
        details = given.get("executionDetails") or {}
        work = job.work
        if continuation:
            work.run.percent = details.get("percentComplete")
            self._continue(work, continuation)
            return True
        revision = given.get("currentRevision") or {}
        self._ended(
            work,
            Outcome(
                summary=str(details.get("summary") or ""),
                external_id=str(details.get("externalExecutionId") or ""),
                variables={str(name): str(value) for name, value in (given.get("outputVariables") or {}).items()},
                revision=str(revision.get("revision") or ""),
            ),
        )
        return True

    def failed(self, job: Job, given: Given) -> bool:
        """Takes the failure of a job that is under way; False for one that is not."""
        if not self._close(job, FAILED):
            return False
        details = given["failureDetails"]
        self._ended(
            job.work,
            Outcome(
                error_code=str(details["type"]),
                summary=str(details["message"]),
                external_id=str(details.get("externalExecutionId") or ""),
            ),
        )
        return True

    def abandon(self, run: ActionRun) -> None:
        """Nothing is expected of an action any more."""
        with self._lock:
            jobs = [job for job in self._jobs.values() if job.work.run is run]
        for job in jobs:
            self._close(job, FAILED)

    def forget(self) -> None:
        """Drops every job."""
        with self._lock:
            jobs, self._jobs = self._jobs, {}
        for job in jobs.values():
            self._close(job, FAILED)

    def data(self, job: Job) -> dict[str, Any]:
        """What a job's function is given."""
        work = job.work
        store = work.pipeline.store_of(work.action)
        place = work.pipeline.place[0], work.pipeline.region_of(work.action)
        session = work.execution.id
        data: dict[str, Any] = {
            "actionConfiguration": {"configuration": dict(work.run.configuration)},
            "inputArtifacts": [_artifact(one) for one in work.run.inputs],
            "outputArtifacts": [_artifact(one) for one in work.run.outputs],
            "artifactCredentials": self._credentials(work.pipeline.role_of(work.action), session, place),
        }
        if job.continuation:
            data["continuationToken"] = job.continuation
        if store.key_id:
            data["encryptionKey"] = {"id": store.key_id, "type": "KMS"}
        return data

    def _send(self, job: Job, function: str) -> None:
        work = job.work
        account_id, region = work.pipeline.place[0], work.pipeline.region_of(work.action)
        arn = (
            function
            if function.startswith("arn:")
            else f"arn:{partition_of(region)}:lambda:{region}:{account_id}:function:{function}"
        )
        event = {"CodePipeline.job": {"id": job.id, "accountId": account_id, "data": self.data(job)}}
        caller = Caller(role_arn=work.pipeline.role_of(work.action), session=work.execution.id)
        what = f"job of {work.what}"
        try:
            self._calls.send(arn, json.dumps(event).encode(), caller)
        except CallRefused as refused:
            self._trace.append(
                EventNotDelivered(
                    source=work.pipeline.arn,
                    target=arn,
                    what=what,
                    reason=f"{refused.code}: {refused.message}",
                    attempts=1,
                    settled="dropped",
                )
            )
            is_denied = refused.code == "AccessDeniedException"
            problem = (
                f"The provided role does not have permissions to perform this action. "
                f"Underlying error: {refused.message}"
            )
            raise ActionFailed(
                _DENIED if is_denied else "ConfigurationError", problem if is_denied else refused.message
            ) from None
        self._trace.append(EventDelivered(source=work.pipeline.arn, target=arn, what=what))

    def _continue(self, work: Work, continuation: str) -> None:
        def begin() -> None:
            self._activity.begin(work.what)
            self._submit(lambda: self._begin_again(work, continuation))

        label = f"continued job of {work.what}"
        self._clock.schedule(self._clock.now() + _AGAIN, begin, label=label)

    def _begin_again(self, work: Work, continuation: str) -> None:
        try:
            if work.run.status == IN_PROGRESS:
                self.begin(work, continuation)
        except ActionFailed as failed:
            self._ended(work, Outcome(error_code=failed.code, summary=failed.message))
        finally:
            self._activity.end(work.what)

    def _no_reply(self, job: Job) -> None:
        if self._close(job, TIMED_OUT):
            function = job.work.run.configuration.get("FunctionName", "")
            # The guide has no text for this.
            problem = (
                f"The AWS Lambda function {function} failed to return a result. Check the function to verify that it "
                "has permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult."
            )
            self._ended(job.work, Outcome(error_code="JobFailed", summary=problem))

    def _close(self, job: Job, status: str) -> bool:
        with self._lock:
            if job.status != IN_PROGRESS:
                return False
            job.status = status
            if job.timer is not None:
                job.timer.cancel()
            return True


def _artifact(artifact: Artifact) -> dict[str, Any]:
    location = {"s3Location": {"bucketName": artifact.bucket, "objectKey": artifact.key}, "type": "S3"}
    return {"location": location, "name": artifact.name, "revision": artifact.revision or None}
