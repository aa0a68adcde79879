"""What starts and stops runs of pipelines, how runs wait for one another, and the actions that are no functions.

Source, unless a test says another: AWS CodePipeline User Guide, "How pipeline executions work", "Start a pipeline in
CodePipeline", "Add a manual approval action to a stage", "Amazon S3 deploy action reference".
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.code_pipeline import ARN, Release, action, invoke, source
from tests.fakes.event_bus import EventBus
from tests.fakes.event_source import FedFunction, advance
from tests.fakes.lambda_api import refusal, zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-code-pipeline")


@pytest.fixture
def release(harness: WiredHarness) -> Iterator[Release]:
    made = Release(harness)
    yield made
    made.remove()


def test_a_pipeline_runs_when_its_polled_source_is_written_and_when_it_is_made_over_one(release: Release) -> None:
    release.make([invoke("Work", "ok", takes="App")], first=source(PollForSourceChanges="true"))
    (told,) = release.not_delivered()

    release.s3.put_object(Bucket="source", Key="other.txt", Body=b"x")
    release.s3.put_object(Bucket="source", Key="app.txt", Body=b"text")
    release.harness.drain()
    polled = release.executions()
    release.client.delete_pipeline(name="release")
    release.make([invoke("Work", "ok")])

    assert "there is no object app.txt in the bucket source yet" in told["reason"]
    assert [(one["status"], one["trigger"]["triggerType"]) for one in polled] == [("Succeeded", "PollForSourceChanges")]
    assert [(one["status"], one["trigger"]["triggerType"]) for one in release.executions()] == [
        ("Succeeded", "CreatePipeline")
    ]


def test_a_rule_starts_a_pipeline(release: Release) -> None:
    bus = EventBus(release.harness)
    release.make([invoke("Work", "ok")])
    release.s3.put_object(Bucket="source", Key="app.txt", Body=b"text")
    bus.rule("go", {"Arn": ARN, "RoleArn": "arn:aws:iam::123456789012:role/rule"})

    bus.put()

    bus.remove()
    assert [(one["status"], one["trigger"]["triggerType"]) for one in release.executions()] == [
        ("Succeeded", "CloudWatchEvent")
    ]


def test_a_manual_approval_waits_for_its_answer(release: Release) -> None:
    release.make([action("Approval", "Manual", "Ask")], [invoke("Work", "ok")])
    run = release.run()
    latest = release.state("Stage1")["actionStates"][0]["latestExecution"]
    asked = {"pipelineName": "release", "stageName": "Stage1", "actionName": "Ask"}
    yes = {"summary": "fine", "status": "Approved"}

    waiting = release.status(run)
    wrong = refusal(release.client.put_approval_result, **asked, result=yes, token=run)
    release.client.put_approval_result(**asked, result=yes, token=latest["token"])
    release.harness.drain()

    assert (waiting, release.status(run)) == ("InProgress", "Succeeded")
    assert wrong[1] == "InvalidApprovalTokenException"
    again = refusal(release.client.put_approval_result, **asked, result=yes, token=latest["token"])
    assert again[1] == "ApprovalAlreadyCompletedException"


def test_an_approval_is_rejected_or_runs_out(release: Release) -> None:
    release.make([action("Approval", "Manual", "Ask")])
    rejected, forgotten = release.run(), ""
    token = release.state("Stage1")["actionStates"][0]["latestExecution"]["token"]
    no = {"summary": "no", "status": "Rejected"}

    release.client.put_approval_result(
        pipelineName="release", stageName="Stage1", actionName="Ask", result=no, token=token
    )
    release.harness.drain()
    forgotten = release.run()
    advance(release.harness, 7 * 86_400 + 60)

    assert (release.status(rejected), release.status(forgotten)) == ("Failed", "Failed")
    assert release.error(rejected, "Ask") == ("JobFailed", "no")


def test_what_runs_nowhere_fails_by_name(release: Release) -> None:
    release.make([action("Build", "CodeBuild", "Compile", configuration={"ProjectName": "p"})])

    run = release.run()

    assert release.status(run) == "Failed"
    assert "actions of CodeBuild (Build) run nowhere here" in release.error(run, "Compile")[1]
    assert any("CodeBuild" in told["reason"] for told in release.not_delivered())


def test_a_run_is_stopped_at_once_or_when_its_action_ends(release: Release) -> None:
    release.make([invoke("Work", "silent")])
    patient, abandoned = release.run(), ""

    release.client.stop_pipeline_execution(pipelineName="release", pipelineExecutionId=patient, reason="enough")
    stopping = release.status(patient)
    release.client.put_job_success_result(jobId=release.jobs()[0]["id"])
    release.harness.drain()
    abandoned = release.run()
    release.client.stop_pipeline_execution(pipelineName="release", pipelineExecutionId=abandoned, abandon=True)
    release.harness.drain()

    assert (stopping, release.status(patient), release.status(abandoned)) == ("Stopping", "Stopped", "Stopped")
    assert release.actions(abandoned)["Work"]["status"] == "Abandoned"
    over = refusal(release.client.stop_pipeline_execution, pipelineName="release", pipelineExecutionId=abandoned)
    assert over[1] == "PipelineExecutionNotStoppableException"


@pytest.mark.parametrize(
    ("mode", "statuses"),
    [
        ("SUPERSEDED", ["Succeeded", "Superseded", "InProgress"]),
        ("QUEUED", ["Succeeded", "InProgress", "InProgress"]),
    ],
)
def test_a_run_waits_for_a_stage_that_another_one_is_in(release: Release, mode: str, statuses: list[str]) -> None:
    release.make([invoke("Work", "silent")], executionMode=mode, pipelineType="V2")

    first, second, third = release.run(), release.run(), release.run()
    waiting = release.state("Stage1")["inboundExecution"]["pipelineExecutionId"]
    release.client.put_job_success_result(jobId=release.jobs()[0]["id"])
    release.harness.drain()

    assert waiting == third
    assert [release.status(run) for run in (first, second, third)] == statuses
    assert len(release.jobs()) == 2


def test_parallel_runs_do_not_wait_for_one_another(release: Release) -> None:
    release.make([invoke("Work", "silent")], executionMode="PARALLEL", pipelineType="V2")

    runs = [release.run() for _ in range(3)]

    assert len(release.jobs()) == 3
    assert {release.status(run) for run in runs} == {"InProgress"}


def test_an_artifact_is_deployed_to_a_bucket_whole_or_taken_apart(release: Release) -> None:
    whole = {"BucketName": "source", "Extract": "false", "ObjectKey": "out/#{src.ETag}"}
    apart = {"BucketName": "source", "Extract": "true", "ObjectKey": "site"}
    takes = {"inputArtifacts": [{"name": "App"}]}
    release.make(
        [action("Deploy", "S3", "Whole", configuration=whole, **takes)],
        [action("Deploy", "S3", "Apart", configuration=apart, **takes)],
    )
    packed = zip_of("body", "index.html")
    release.s3.put_object(Bucket="source", Key="app.txt", Body=packed)

    run = release.client.start_pipeline_execution(name="release")["pipelineExecutionId"]
    release.harness.drain()
    broken = release.run()

    assert (release.status(run), release.status(broken)) == ("Succeeded", "Failed")
    assert release.s3.get_object(Bucket="source", Key="site/index.html")["Body"].read() == b"body"
    etag = release.actions(run)["Take"]["output"]["outputVariables"]["ETag"]
    assert release.s3.get_object(Bucket="source", Key=f"out/{etag}")["Body"].read() == packed
    assert release.error(broken, "Apart") == ("ConfigurationError", "The artifact App is no ZIP file.")


def test_a_schedule_starts_a_pipeline(release: Release) -> None:
    release.make([invoke("Work", "ok")])
    release.s3.put_object(Bucket="source", Key="app.txt", Body=b"text")
    scheduler = release.harness.aws("scheduler")
    scheduler.create_schedule(
        Name="nightly",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": ARN, "RoleArn": "arn:aws:iam::123456789012:role/schedule"},
    )

    advance(release.harness, 86_400 + 60)

    scheduler.delete_schedule(Name="nightly")
    assert {one["status"] for one in release.executions()} == {"Succeeded"}


def test_a_topic_is_told_of_an_approval_and_a_function_of_the_failure(release: Release) -> None:
    sns = release.harness.aws("sns")
    bus = EventBus(release.harness)
    queue = bus.queue("approvals")
    topic = sns.create_topic(Name="approvals")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    listener = FedFunction(release.harness, "listener", source="def handler(event, context): pass")
    failed = {"detail-type": ["CodePipeline Pipeline Execution State Change"], "detail": {"state": ["FAILED"]}}
    bus.rule("failed", {"Arn": listener.arn}, pattern={"source": ["aws.codepipeline"], **failed})
    settings = {"NotificationArn": topic, "CustomData": "look at it"}
    release.make([action("Approval", "Manual", "Ask", configuration=settings, timeoutInMinutes=5)])

    run = release.run()
    (asked,) = bus.bodies("approvals")
    advance(release.harness, 6 * 60)

    (heard,) = listener.events()
    bus.remove()
    listener.remove()
    sns.delete_topic(TopicArn=topic)
    assert (asked["approval"]["actionName"], asked["approval"]["customData"]) == ("Ask", "look at it")
    assert (heard["detail"]["execution-id"], heard["detail"]["pipeline"]) == (run, "release")
