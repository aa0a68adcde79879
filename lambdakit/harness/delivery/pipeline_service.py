"""CodePipeline, put together: what starts a pipeline's runs, and who answers for them.

    StartPipelineExecution, a rule's or a schedule's target, an object of an S3 source, a new pipeline -> a run

AWS runs a new pipeline at once, and that run fails where there is nothing to take. Here it is run once all that its
first stage takes is there; otherwise the trace says why it was not.

Source: AWS CodePipeline User Guide, "Start a pipeline in CodePipeline", "Source actions and change detection methods".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.arn import Arn
from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.alarm_actions import PutAwsEvent
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.function_calls import FunctionCalls
from lambdakit.harness.delivery.pipeline_actions import PipelineActions
from lambdakit.harness.delivery.pipeline_execution import ActionRun, Outcome, RunRefused, Trigger, Work
from lambdakit.harness.delivery.pipeline_jobs import PipelineJobs
from lambdakit.harness.delivery.pipeline_operations import PipelineOperations
from lambdakit.harness.delivery.pipeline_runs import PipelineRuns
from lambdakit.harness.delivery.pipeline_structure import Action, Pipeline, Place, read_pipeline
from lambdakit.harness.delivery.targets import Clients, Targets
from lambdakit.harness.invocation.shipment import Clients as RoleClients
from lambdakit.harness.moto_state.buckets import ObjectChange
from lambdakit.harness.moto_state.pipelines import Pipelines
from lambdakit.trace import EventNotDelivered, TraceLog

SERVICE: Final = "codepipeline"
_CHECK: Final = "the check of a new pipeline's source"


class CodePipeline:
    """Starts with the harness. Make it before moto's services are loaded.

    clients: of the account's administrator. role_clients: in a session of a role. submit: runs a job on another thread.
    put_event: of services, on the default bus; absence drops them.
    """

    def __init__(
        self,
        calls: FunctionCalls,
        targets: Targets,
        *,
        clients: Clients,
        role_clients: RoleClients,
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
        submit: Callable[[Callable[[], None]], None],
        put_event: PutAwsEvent | None,
    ) -> None:
        self._targets = targets
        self._clients = clients
        self._activity = activity
        self._trace = trace
        self._submit = submit
        self._jobs = PipelineJobs(
            calls,
            credentials=self._credentials,
            ended=self._ended,
            clock=clock,
            activity=activity,
            trace=trace,
            submit=submit,
        )
        self._actions = PipelineActions(self._jobs, role_clients, ended=self._ended, clock=clock, trace=trace)
        self._runs = PipelineRuns(
            perform=self._actions.perform,
            abandon=self._given_up,
            clock=clock,
            activity=activity,
            submit=submit,
            put_event=put_event,
        )
        self._operations = PipelineOperations(
            lambda: self._pipelines, self._runs, self._jobs, self._actions, now=clock.now
        )
        self._pipelines = Pipelines(self)
        targets.serve(SERVICE, self._send)

    def created(self, place: Place, name: str) -> None:
        """See `PipelineWatch`."""
        pipeline = self._read(place, name)
        if pipeline is None:
            return
        self._activity.begin(_CHECK)

        def check() -> None:
            try:
                self._start_new(pipeline)
            finally:
                self._activity.end(_CHECK)

        self._submit(check)

    def deleted(self, place: Place, name: str) -> None:
        """See `PipelineWatch`."""
        self._runs.forget((*place, name))

    def serve(self, operation: str, place: Place, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `PipelineWatch`."""
        return self._operations.serve(operation, place, given)

    def object_changed(self, change: ObjectChange) -> None:
        """Starts the pipelines whose source was written, unless they look at it only when they are told to.

        Source: User Guide, "Amazon S3 source action reference" (`PollForSourceChanges`, true when it is absent).
        """
        if not change.event.startswith("ObjectCreated:"):
            return
        for place, name in self._pipelines.all():
            if place[0] != change.bucket.account_id:
                continue
            pipeline = self._read(place, name)
            if pipeline is not None and any(_polls(action, change) for action in pipeline.sources()):
                self._start(pipeline, Trigger(kind="PollForSourceChanges"))

    def reset(self) -> None:
        """Begins anew: no run and no job is known."""
        self._runs.forget()
        self._actions.forget()
        self._operations.forget()

    def _start_new(self, pipeline: Pipeline) -> None:
        lacking = [problem for action in pipeline.sources() if (problem := self._lacking(pipeline, action))]
        if lacking:
            self._tell(pipeline, "first run of a new pipeline", lacking[0])
        else:
            self._start(pipeline, Trigger(kind="CreatePipeline"))

    def _start(self, pipeline: Pipeline, trigger: Trigger) -> None:
        """Starts a run that nobody asks for, or tells why it cannot be."""
        try:
            self._operations.start(pipeline.place, pipeline.name, trigger)
        except RunRefused as refused:
            self._tell(pipeline, f"run by {trigger.kind}", f"{refused.code}: {refused.message}")

    def _tell(self, pipeline: Pipeline, what: str, reason: str) -> None:
        self._trace.append(
            EventNotDelivered(
                source=pipeline.arn, target=pipeline.arn, what=what, reason=reason, attempts=0, settled="dropped"
            )
        )

    def _lacking(self, pipeline: Pipeline, action: Action) -> str:
        """Why an action of the first stage cannot take anything yet; empty when it can."""
        if not action.is_a("Source", "S3"):
            return f"action {action.name}: sources of {action.provider} are nowhere here"
        bucket, key = (action.configuration.get(name, "") for name in ("S3Bucket", "S3ObjectKey"))
        try:
            self._clients("s3", pipeline.region_of(action), pipeline.place[0]).head_object(Bucket=bucket, Key=key)
        except ClientError:
            return f"action {action.name}: there is no object {key} in the bucket {bucket} yet"
        return ""

    def _read(self, place: Place, name: str) -> Pipeline | None:
        kept = self._pipelines.find(place, name)
        return None if kept is None else read_pipeline(place, kept.declared)

    def _ended(self, work: Work, outcome: Outcome) -> None:
        self._runs.ended(work, outcome)

    def _given_up(self, run: ActionRun) -> None:
        self._actions.abandon(run)

    def _send(self, delivery: Delivery, target: Arn) -> None:
        """Starts the pipeline that is a rule's or a schedule's target."""
        self._targets.permit(delivery, "codepipeline:StartPipelineExecution", delivery.target)
        trigger = Trigger(kind="CloudWatchEvent", detail=delivery.source)
        try:
            self._operations.start((target.account, target.region), target.resource, trigger)
        except RunRefused as refused:
            raise NotDelivered(refused.code, refused.message, is_final=True) from None

    def _credentials(self, role_arn: str, session: str, place: Place) -> Mapping[str, str]:
        """Of a session of the role that does the action."""
        account_id, region = place
        sts = self._clients("sts", region, account_id)
        given = sts.assume_role(RoleArn=role_arn, RoleSessionName=session)["Credentials"]
        return {
            "accessKeyId": given["AccessKeyId"],
            "secretAccessKey": given["SecretAccessKey"],
            "sessionToken": given["SessionToken"],
        }


def _polls(action: Action, change: ObjectChange) -> bool:
    settings = action.configuration
    return (
        action.is_a("Source", "S3")
        and settings.get("PollForSourceChanges", "true").lower() != "false"
        and (settings.get("S3Bucket"), settings.get("S3ObjectKey")) == (change.bucket.name, change.key)
    )
