"""Pipelines whose actions are functions, from the start of a run to what comes of it.

Source, unless a test says another: AWS CodePipeline User Guide, "Invoke an AWS Lambda function in a pipeline in
CodePipeline", "AWS Lambda invoke action reference".
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.code_pipeline import ARN, Release, action, invoke
from tests.fakes.event_bus import EventBus
from tests.fakes.event_source import ACCOUNT, advance
from tests.fakes.lambda_api import refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-code-pipeline")


@pytest.fixture
def release(harness: WiredHarness) -> Iterator[Release]:
    made = Release(harness)
    yield made
    made.remove()


def test_functions_take_and_give_artifacts_in_the_order_of_stages(release: Release) -> None:
    release.make(
        [invoke("Shout", "first", takes="App", gives="Loud", namespace="shout")],
        [invoke("Use", "#{shout.taken} of #{codepipeline.PipelineExecutionId}", takes="Loud")],
    )

    run = release.run()

    shout, use = release.jobs()
    assert release.status(run) == "Succeeded"
    assert shout["accountId"] == ACCOUNT
    assert shout["data"]["actionConfiguration"]["configuration"] == {
        "FunctionName": "worker",
        "UserParameters": "first",
    }
    (taken,) = shout["data"]["inputArtifacts"]
    assert (taken["name"], taken["location"]["type"]) == ("App", "S3")
    assert taken["location"]["s3Location"]["bucketName"] == "artifacts"
    assert taken["location"]["s3Location"]["objectKey"].startswith("release/App/")
    assert set(shout["data"]["artifactCredentials"]) == {"accessKeyId", "secretAccessKey", "sessionToken"}
    assert "continuationToken" not in shout["data"]
    assert use["data"]["actionConfiguration"]["configuration"]["UserParameters"] == f"text of {run}"
    done = release.actions(run)
    assert done["Use"]["output"]["outputVariables"]["taken"] == "TEXT"
    assert done["Use"]["output"]["executionResult"] == {
        "externalExecutionId": "run-1",
        "externalExecutionSummary": "done",
    }
    assert [stage["latestExecution"]["status"] for stage in (release.state("Source"), release.state("Stage2"))] == [
        "Succeeded",
        "Succeeded",
    ]


def test_actions_of_one_run_order_go_before_those_of_the_next(release: Release) -> None:
    release.make([invoke("C", "c", runOrder=2), invoke("A", "a", runOrder=1), invoke("B", "b", runOrder=1)])

    release.run()

    said = [job["data"]["actionConfiguration"]["configuration"]["UserParameters"] for job in release.jobs()]
    assert (set(said[:2]), said[2:]) == ({"a", "b"}, ["c"])


def test_a_failure_ends_the_run_and_the_stage_can_be_tried_again(release: Release) -> None:
    release.make([invoke("Check", "fail"), invoke("Beside", "ok")], [invoke("Never", "ok")])

    run = release.run()
    failed = release.status(run), release.state("Stage1")["latestExecution"]["status"], release.error(run, "Check")
    release.client.retry_stage_execution(
        pipelineName="release", stageName="Stage1", pipelineExecutionId=run, retryMode="FAILED_ACTIONS"
    )
    release.harness.drain()

    assert failed == ("Failed", "Failed", ("ConfigurationError", "no such thing"))
    said = [job["data"]["actionConfiguration"]["configuration"]["UserParameters"] for job in release.jobs()]
    assert sorted(said) == ["fail", "fail", "ok"]
    assert release.status(run) == "Failed"


@pytest.mark.parametrize("do", ["silent", "raise"])
def test_a_function_that_gives_no_result_fails_its_action_after_twenty_minutes(release: Release, do: str) -> None:
    release.make([invoke("Work", do)])

    run = release.run()
    advance(release.harness, 20 * 60 - 30)
    before = release.status(run)
    advance(release.harness, 60)

    assert (before, release.status(run)) == ("InProgress", "Failed")
    code, text = release.error(run, "Work")
    assert code == "JobFailed"
    assert text.startswith("The AWS Lambda function worker failed to return a result.")
    late = release.jobs()[0]["id"]
    assert refusal(release.client.put_job_success_result, jobId=late)[1] == "InvalidJobStateException"


def test_a_continuation_token_invokes_the_function_again(release: Release) -> None:
    release.make([invoke("Work", "continue")])

    run = release.run()
    waiting = release.status(run)
    advance(release.harness, 90)

    assert (waiting, release.status(run)) == ("InProgress", "Succeeded")
    jobs = release.jobs()
    assert [job["data"].get("continuationToken") for job in jobs] == [None, "1", "2"]
    assert len({job["id"] for job in jobs}) == 3


def test_a_reply_begins_the_twenty_minutes_anew_for_a_day_at_most(release: Release) -> None:
    release.make([invoke("Work", "silent")])
    run = release.run()

    for _ in range(100):
        if release.status(run) != "InProgress":
            break
        job = release.jobs()[-1]["id"]
        advance(release.harness, 15 * 60)
        if release.status(run) == "InProgress":
            release.client.put_job_success_result(jobId=job, continuationToken="on")
            advance(release.harness, 31)

    detail = release.actions(run)["Work"]
    assert release.status(run) == "Failed"
    assert 24 <= (detail["lastUpdateTime"] - detail["startTime"]).total_seconds() / 3600 < 24.1


def test_changes_of_state_are_put_on_the_bus(release: Release) -> None:
    bus = EventBus(release.harness)
    queue = bus.queue("states")
    bus.rule("states", {"Arn": queue}, pattern={"source": ["aws.codepipeline"]})
    release.make([invoke("Work", "fail")])

    run = release.run()

    events = bus.bodies("states")
    bus.remove()
    told = {
        (
            event["detail-type"].split()[1],
            event["detail"].get("action") or event["detail"].get("stage"),
            event["detail"]["state"],
        ): event
        for event in events
    }
    assert len(told) == len(events)
    assert set(told) == {  # the bus keeps no order
        ("Pipeline", None, "STARTED"),
        ("Stage", "Source", "STARTED"),
        ("Action", "Take", "STARTED"),
        ("Action", "Take", "SUCCEEDED"),
        ("Stage", "Source", "SUCCEEDED"),
        ("Stage", "Stage1", "STARTED"),
        ("Action", "Work", "STARTED"),
        ("Action", "Work", "FAILED"),
        ("Stage", "Stage1", "FAILED"),
        ("Pipeline", None, "FAILED"),
    }
    failed = told["Action", "Work", "FAILED"]
    assert failed["resources"] == [ARN]
    assert failed["detail"]["execution-id"] == run
    assert failed["detail"]["execution-result"] == {
        "external-execution-summary": "no such thing",
        "external-execution-id": "run-1",
        "error-code": "ConfigurationError",
    }
    assert failed["detail"]["type"] == {"owner": "AWS", "category": "Invoke", "provider": "Lambda", "version": "1"}


def test_what_cannot_be_done_fails_its_action(release: Release) -> None:
    missing = action("Invoke", "Lambda", "Gone", configuration={"FunctionName": "nobody"})
    release.make([missing, invoke("Blank", "#{nothing.here}"), invoke("Late", "ok", takes="Never")])

    run = release.run()
    release.s3.delete_object(Bucket="source", Key="app.txt")
    empty = release.client.start_pipeline_execution(name="release")["pipelineExecutionId"]
    release.harness.drain()

    assert release.error(run, "Gone")[0] == "ConfigurationError"
    assert release.error(run, "Blank") == ("ConfigurationError", "The variable #{nothing.here} cannot be resolved.")
    assert "Never" in release.error(run, "Late")[1]
    assert "NoSuchKey" in release.error(empty, "Take")[1]


def test_jobs_and_runs_that_are_not_there_are_refused(release: Release) -> None:
    release.make([invoke("Work", "silent")], variables=[{"name": "stage"}], pipelineType="V2")
    client, unknown = release.client, "00000000-0000-0000-0000-000000000000"

    assert refusal(client.put_job_success_result, jobId=unknown)[1] == "JobNotFoundException"
    assert refusal(client.get_job_details, jobId="x")[1] == "ValidationException"
    assert refusal(client.acknowledge_job, jobId=unknown, nonce="1")[1] == "JobNotFoundException"
    assert refusal(client.start_pipeline_execution, name="none")[1] == "PipelineNotFoundException"
    assert refusal(client.start_pipeline_execution, name="release")[1] == "ValidationException"
    kind = {"category": "Build", "owner": "Custom", "provider": "mine", "version": "1"}
    assert refusal(client.poll_for_jobs, actionTypeId=kind)[1] == "ActionTypeNotFoundException"
    _, code, _ = refusal(client.get_pipeline_execution, pipelineName="release", pipelineExecutionId=unknown)
    assert code == "PipelineExecutionNotFoundException"
    release.run(variables=[{"name": "stage", "value": "prod"}])
    job = release.jobs()[0]["id"]
    details = client.get_job_details(jobId=job)["jobDetails"]
    assert details["data"]["pipelineContext"]["action"]["name"] == "Work"
    both = {"continuationToken": "t", "outputVariables": {"a": "b"}}
    assert refusal(client.put_job_success_result, jobId=job, **both)[1] == "ValidationException"
    late = {"type": "JobFailed", "message": "no"}
    client.put_job_failure_result(jobId=job, failureDetails=late)
    assert refusal(client.put_job_failure_result, jobId=job, failureDetails=late)[1] == "InvalidJobStateException"
