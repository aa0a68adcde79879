"""Jobs that tasks of state machines begin and wait for (`.sync`): how each is seen to have ended.

Nothing runs behind them. moto takes most to have ended well by itself; those that it leaves running are taken to have.
Source: AWS Step Functions Developer Guide, "Integrating optimized services with Step Functions": the pages of the
services.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.moto_state.recorded_work import complete_step, end_virtual_run
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How a task sees that what it began has ended.

    describe: boto3's method. ask: its parameters, of what the beginning answered. found: what is told of the job.
    status: the way to its status. succeeded, failed: the statuses that end it. settle: ends in moto's state what it
    leaves running. keeps: what the result has of the beginning's answer.
    """

    describe: str
    ask: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    found: Callable[[Any], Any] = lambda answer: answer
    status: tuple[str, ...]
    succeeded: frozenset[str]
    failed: frozenset[str]
    settle: Callable[[Mapping[str, Any]], None] = lambda begun: None
    keeps: tuple[str, ...] = ()


def job_of(service: str, action: str) -> Job | None:
    """How the end of a service's job is seen; None where nothing tells it."""
    return _JOBS.get((service, action))


def end_of_job(
    job: Job, state: Any, client: Any, begun: Mapping[str, Any], failure: Callable[[str, str], Exception]
) -> Any:
    """What is told of a job that has ended well; None of one that has not ended. failure: of an error and its cause."""
    answer = getattr(client, job.describe)(**job.ask(begun))
    answer.pop("ResponseMetadata", None)
    state._normalise_response(answer, service_action_name=job.describe)
    told = job.found(answer)
    status = functools.reduce(lambda value, member: value[member], job.status, told)
    if status in job.failed:
        raise failure("States.TaskFailed", json.dumps(told, default=str))
    return {**{name: begun[name] for name in job.keeps}, **told} if status in job.succeeded else None


def _sage_maker(kind: str) -> Job:
    """Source: Amazon SageMaker API Reference, "DescribeTrainingJob", "DescribeTransformJob" and their like."""
    return Job(
        describe=f"describe_{kind.lower()}_job",
        ask=lambda begun: {f"{kind}JobName": str(begun[f"{kind}JobArn"]).rpartition("/")[2]},
        status=(f"{kind}JobStatus",),
        succeeded=frozenset({"Completed"}),
        failed=frozenset({"Failed", "Stopped"}),
    )


def _cluster(*, until: str, failed: frozenset[str] = frozenset()) -> Job:
    """Source: "Create and manage Amazon EMR clusters with Step Functions"; EMR API Reference, "ClusterStatus"."""
    return Job(
        describe="describe_cluster",
        ask=lambda begun: {"ClusterId": begun["ClusterId"]},
        status=("Cluster", "Status", "State"),
        succeeded=frozenset({until}),
        failed=failed,
        keeps=("ClusterId",),
    )


_ENDED: Final = frozenset({"TERMINATED", "TERMINATED_WITH_ERRORS"})
_STEP: Final = Job(
    describe="describe_step",
    ask=lambda begun: {"ClusterId": begun["ClusterId"], "StepId": begun["StepId"]},
    status=("Step", "Status", "State"),
    succeeded=frozenset({"COMPLETED"}),
    failed=frozenset({"CANCELLED", "FAILED", "INTERRUPTED"}),
    settle=lambda begun: complete_step(begun["ClusterId"], begun["StepId"]),
    keeps=("StepId",),
)
# "Create and manage EMR Serverless applications with Step Functions".
_SERVERLESS_RUN: Final = Job(
    describe="get_job_run",
    ask=lambda begun: {"applicationId": begun["ApplicationId"], "jobRunId": begun["JobRunId"]},
    status=("JobRun", "State"),
    succeeded=frozenset({"SUCCESS"}),
    failed=frozenset({"FAILED", "CANCELLED"}),
)
_SERVERLESS_APPLICATION: Final = Job(
    describe="get_application",
    ask=lambda begun: {"applicationId": begun["ApplicationId"]},
    status=("Application", "State"),
    succeeded=frozenset({"CREATED", "STARTED"}),
    failed=frozenset({"TERMINATED"}),
)
# "Create and manage Amazon EMR clusters on EKS with AWS Step Functions".
_VIRTUAL_RUN: Final = Job(
    describe="describe_job_run",
    ask=lambda begun: {"id": begun["Id"], "virtualClusterId": begun["VirtualClusterId"]},
    found=lambda answer: answer["JobRun"],
    status=("State",),
    succeeded=frozenset({"COMPLETED"}),
    failed=frozenset({"FAILED", "CANCELLED"}),
    settle=lambda begun: end_virtual_run(begun["Id"]),
)
_JOBS: Final[Mapping[tuple[str, str], Job]] = {
    ("athena", "startQueryExecution"): Job(
        describe="get_query_execution",
        ask=lambda begun: {"QueryExecutionId": begun["QueryExecutionId"]},
        status=("QueryExecution", "Status", "State"),
        succeeded=frozenset({"SUCCEEDED"}),
        failed=frozenset({"FAILED", "CANCELLED"}),
    ),
    ("codebuild", "startBuild"): Job(
        describe="batch_get_builds",
        ask=lambda begun: {"ids": [begun["Build"]["Id"]]},
        found=lambda answer: {"Build": answer["Builds"][0]},
        status=("Build", "BuildStatus"),
        succeeded=frozenset({"SUCCEEDED"}),
        failed=frozenset({"FAILED", "FAULT", "STOPPED", "TIMED_OUT"}),
    ),
    **{("sagemaker", f"create{kind}Job"): _sage_maker(kind) for kind in ("Training", "Transform", "Processing")},
    ("elasticmapreduce", "createCluster"): _cluster(until="WAITING", failed=_ENDED),
    ("elasticmapreduce", "terminateCluster"): _cluster(until="TERMINATED"),
    ("elasticmapreduce", "addStep"): _STEP,
    ("emr-serverless", "createApplication"): _SERVERLESS_APPLICATION,
    ("emr-serverless", "startJobRun"): _SERVERLESS_RUN,
    ("emr-containers", "startJobRun"): _VIRTUAL_RUN,
}
