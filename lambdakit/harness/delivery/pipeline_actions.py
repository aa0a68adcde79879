"""What the actions of a pipeline do. Those of services that run nowhere here fail, by name.

Source: AWS CodePipeline User Guide, "Action structure reference": "Amazon S3 source action reference", "Amazon S3
deploy action reference", "AWS Lambda invoke action reference"; "Add a manual approval action to a stage".
"""

from __future__ import annotations

import functools
import io
import json
import secrets
import threading
import uuid
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.clock import Scheduler, Timer, iso_milliseconds
from lambdakit.harness.delivery.pipeline_execution import (
    IN_PROGRESS,
    ActionFailed,
    ActionRun,
    Artifact,
    Outcome,
    Work,
)
from lambdakit.harness.delivery.pipeline_jobs import PipelineJobs
from lambdakit.harness.delivery.pipeline_structure import resolve
from lambdakit.harness.invocation.shipment import Clients
from lambdakit.trace import EventNotDelivered, TraceLog

# User Guide, "Quotas in AWS CodePipeline": an approval that nobody gives.
_APPROVAL: Final = timedelta(days=7)
_PIPELINE_NAME_LENGTH: Final = 20
_ARTIFACT_NAME_LENGTH: Final = 10


class PipelineActions:
    """Does actions. ended: told what came of those that wait. clients: of a role, which is the pipeline's own."""

    def __init__(
        self,
        jobs: PipelineJobs,
        clients: Clients,
        *,
        ended: Callable[[Work, Outcome], None],
        clock: Scheduler,
        trace: TraceLog,
    ) -> None:
        self._jobs = jobs
        self._clients = clients
        self._ended = ended
        self._clock = clock
        self._trace = trace
        self._approvals: dict[str, tuple[Work, Timer]] = {}
        self._lock = threading.Lock()
        self._kinds: Mapping[tuple[str, str, str], Callable[[Work], Outcome | None]] = {
            ("Invoke", "AWS", "Lambda"): self._invoke,
            ("Source", "AWS", "S3"): self._take,
            ("Deploy", "AWS", "S3"): self._put,
            ("Approval", "AWS", "Manual"): self._ask,
        }

    def perform(self, work: Work) -> Outcome | None:
        """Does an action; None when it waits for somebody. ActionFailed when it fails."""
        action, execution, run = work.action, work.execution, work.run
        store = work.pipeline.store_of(action)
        try:
            run.configuration = {
                name: resolve(value, execution.variables) for name, value in action.configuration.items()
            }
        except ValueError as unknown:
            raise ActionFailed("ConfigurationError", f"The variable {unknown} cannot be resolved.") from None
        missing = [name for name in action.inputs if name not in execution.artifacts]
        if missing:
            raise ActionFailed("ConfigurationError", f"There is no artifact {missing[0]} from an action before.")
        run.inputs = [execution.artifacts[name] for name in action.inputs]
        run.outputs = [
            Artifact(name=name, bucket=store.bucket, key=_key(work.pipeline.name, name)) for name in action.outputs
        ]
        perform = self._kinds.get((action.category, action.owner, action.provider))
        if perform is None:
            raise self._not_served(work)
        try:
            self._assume(work)
            return perform(work)
        except ClientError as error:
            told = error.response["Error"]
            denied = "AccessDenied" in told["Code"]
            code = "PermissionError" if denied else "ConfigurationError"
            raise ActionFailed(code, f"{told.get('Message', '')} (Error Code: {told['Code']})") from None

    def answer(self, token: str, *, approved: bool, summary: str) -> None:
        """Ends an approval that waits under this token; nothing happens without one."""
        with self._lock:
            work, timer = self._approvals.pop(token, (None, None))
        if work is not None and timer is not None:
            timer.cancel()
            code = "" if approved else "JobFailed"
            self._ended(work, Outcome(summary=summary, error_code=code))

    def abandon(self, run: ActionRun) -> None:
        """Waits for an action no more."""
        self._jobs.abandon(run)
        with self._lock:
            _, timer = self._approvals.pop(run.token, (None, None))
        if timer is not None:
            timer.cancel()

    def forget(self) -> None:
        """Waits for nothing any more."""
        with self._lock:
            held, self._approvals = self._approvals, {}
        for _, timer in held.values():
            timer.cancel()
        self._jobs.forget()

    def _assume(self, work: Work) -> None:
        """The pipeline's role takes on the action's own, which it has to be allowed to.

        Source: User Guide, "Create a pipeline in CodePipeline that uses resources from another AWS account".
        """
        pipeline, action = work.pipeline, work.action
        if action.role_arn and action.role_arn != pipeline.role_arn:
            sts = self._clients("sts", pipeline.region_of(action), role=pipeline.role_arn)
            sts.assume_role(RoleArn=action.role_arn, RoleSessionName=work.execution.id)

    def _client(self, work: Work, service: str) -> Any:
        pipeline = work.pipeline
        return self._clients(service, pipeline.region_of(work.action), role=pipeline.role_of(work.action))

    def _invoke(self, work: Work) -> None:
        self._jobs.begin(work)

    def _take(self, work: Work) -> Outcome:
        """Takes an object of a bucket as the artifact."""
        settings, s3 = work.run.configuration, self._client(work, "s3")
        bucket, key = settings.get("S3Bucket", ""), settings.get("S3ObjectKey", "")
        found = s3.get_object(Bucket=bucket, Key=key)
        body, version = found["Body"].read(), str(found.get("VersionId") or "")
        etag = str(found["ETag"]).strip('"')
        for artifact in work.run.outputs:
            s3.put_object(Bucket=artifact.bucket, Key=artifact.key, Body=body, **_encryption(work))
        revision = version if version not in ("", "null") else etag
        work.run.outputs = [
            Artifact(name=one.name, bucket=one.bucket, key=one.key, revision=revision) for one in work.run.outputs
        ]
        variables = {"BucketName": bucket, "ETag": etag, "ObjectKey": key, "VersionId": version or "null"}
        return Outcome(
            summary=f"Amazon S3 version id: {version or 'null'}",
            external_id=revision,
            variables=variables,
            revision=revision,
        )

    def _put(self, work: Work) -> Outcome:
        """Puts the artifact into a bucket: what is in it, or itself."""
        settings, s3 = work.run.configuration, self._client(work, "s3")
        bucket, key = settings.get("BucketName", ""), settings.get("ObjectKey", "")
        if not work.run.inputs:
            raise ActionFailed("ConfigurationError", "The action has no input artifact.")
        source = work.run.inputs[0]
        body = s3.get_object(Bucket=source.bucket, Key=source.key)["Body"].read()
        if settings.get("Extract", "").lower() == "true":
            try:
                archive = zipfile.ZipFile(io.BytesIO(body))
            except zipfile.BadZipFile:
                raise ActionFailed("ConfigurationError", f"The artifact {source.name} is no ZIP file.") from None
            prefix = f"{key.strip('/')}/" if key.strip("/") else ""
            with archive:
                for name in archive.namelist():
                    if not name.endswith("/"):
                        s3.put_object(Bucket=bucket, Key=prefix + name, Body=archive.read(name))
        else:
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        return Outcome(summary="Deployment Succeeded")

    def _ask(self, work: Work) -> None:
        """Waits for an approval, and tells a topic of it."""
        minutes = work.action.timeout_minutes
        due = self._clock.now() + (_APPROVAL if minutes is None else timedelta(minutes=minutes))
        token = str(uuid.uuid4())
        timer = self._clock.schedule(due, functools.partial(self._nobody, token), label=f"approval of {work.what}")
        with self._lock:
            self._approvals[token] = work, timer
        work.run.token = token
        topic = work.run.configuration.get("NotificationArn", "")
        if topic:
            subject = f"APPROVAL NEEDED: AWS CodePipeline {work.pipeline.name} for action {work.action.name}"
            approval = {
                "pipelineName": work.pipeline.name,
                "stageName": work.run.stage,
                "actionName": work.action.name,
                "token": token,
                "expires": iso_milliseconds(due),
                "externalEntityLink": work.run.configuration.get("ExternalEntityLink"),
                "customData": work.run.configuration.get("CustomData"),
            }
            message = {"region": work.pipeline.region_of(work.action), "approval": approval}
            self._client(work, "sns").publish(TopicArn=topic, Subject=subject[:100], Message=json.dumps(message))
        if work.run.status != IN_PROGRESS:  # stopped meanwhile
            self.abandon(work.run)

    def _nobody(self, token: str) -> None:
        self.answer(token, approved=False, summary="The approval action has timed out.")

    def _not_served(self, work: Work) -> ActionFailed:
        action = work.action
        reason = f"actions of {action.provider} ({action.category}) run nowhere here: only those of Lambda, of S3 and "
        reason += "manual approvals do"
        self._trace.append(
            EventNotDelivered(
                source=work.pipeline.arn,
                target=action.provider,
                what=work.what,
                reason=reason,
                attempts=0,
                settled="dropped",
            )
        )
        return ActionFailed("JobFailed", reason)


def _key(pipeline: str, artifact: str) -> str:
    """User Guide, "Input and output artifacts": the names are cut."""
    random = secrets.token_hex(4)[:7]
    return f"{pipeline[:_PIPELINE_NAME_LENGTH]}/{artifact[:_ARTIFACT_NAME_LENGTH]}/{random}"


def _encryption(work: Work) -> dict[str, str]:
    key_id = work.pipeline.store_of(work.action).key_id
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}
