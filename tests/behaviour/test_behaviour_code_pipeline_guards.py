"""What a pipeline's role and its function's role have to be allowed.

Source: AWS CodePipeline User Guide, "Invoke an AWS Lambda function in a pipeline in CodePipeline" (the function's
policy), "How CodePipeline works with IAM" (the service role).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.behaviour.test_behaviour_push_permissions import make_role
from tests.fakes.code_pipeline import ARN, ROLE, Release, invoke
from tests.fakes.event_bus import EventBus
from tests.fakes.event_source import ACCOUNT, REGION, advance
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-code-pipeline-guards")

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:worker"
LOGS = ("logs:*", "*")
RESULTS = (("codepipeline:PutJobSuccessResult", "*"), ("codepipeline:PutJobFailureResult", "*"))
OBJECTS = (("s3:*", "*"),)


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture
def release(harness: WiredHarness) -> Iterator[Release]:
    make_role(harness, "fn", "lambda.amazonaws.com", LOGS, *RESULTS)
    make_role(harness, "pipeline", "codepipeline.amazonaws.com", *OBJECTS, ("lambda:InvokeFunction", FUNCTION))
    made = Release(harness, trusted=False)
    yield made
    made.remove()


def test_roles_that_may_do_their_part_are_enough(release: Release) -> None:
    release.make([invoke("Work", "ok", takes="App", gives="Loud")])

    run = release.run()

    assert release.status(run) == "Succeeded"
    (job,) = release.jobs()
    assert release.s3.get_object(
        Bucket="artifacts", Key=job["data"]["outputArtifacts"][0]["location"]["s3Location"]["objectKey"]
    )["Body"].read() == (b"TEXT")


def test_a_pipelines_role_that_may_not_invoke_fails_the_action(release: Release) -> None:
    make_role(release.harness, "pipeline", "codepipeline.amazonaws.com", *OBJECTS)
    release.make([invoke("Work", "ok")])

    run = release.run()

    code, text = release.error(run, "Work")
    assert (release.status(run), code, release.jobs()) == ("Failed", "PermissionError", [])
    assert f"assumed-role/pipeline/{run} is not authorized to perform: lambda:InvokeFunction on resource" in text


@pytest.mark.parametrize("may", [True, False])
def test_a_pipelines_role_has_to_be_allowed_to_assume_that_of_an_action(release: Release, may: bool) -> None:
    role = make_role(
        release.harness, "acting", "codepipeline.amazonaws.com", *OBJECTS, ("lambda:InvokeFunction", FUNCTION)
    )
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    release.harness.aws("iam").update_assume_role_policy(RoleName="acting", PolicyDocument=document)
    assumed = (("sts:AssumeRole", role),) if may else ()
    make_role(release.harness, "pipeline", "codepipeline.amazonaws.com", *OBJECTS, *assumed)
    release.make([invoke("Work", "ok", takes="App", roleArn=role)])

    run = release.run()

    assert release.status(run) == ("Succeeded" if may else "Failed")
    if not may:
        code, text = release.error(run, "Work")
        assert code == "PermissionError"
        assert "sts:AssumeRole" in text


def test_a_pipelines_role_that_may_not_read_the_source_fails_the_action(release: Release) -> None:
    make_role(
        release.harness,
        "pipeline",
        "codepipeline.amazonaws.com",
        ("s3:PutObject", "*"),
        ("s3:GetObject", "arn:aws:s3:::artifacts/*"),
    )
    release.make([invoke("Work", "ok")])

    run = release.run()

    code, text = release.error(run, "Take")
    assert (release.status(run), code) == ("Failed", "PermissionError")
    assert "s3:GetObject" in text


def test_a_function_that_may_not_give_its_result_leaves_the_action_to_run_out(release: Release) -> None:
    make_role(release.harness, "fn", "lambda.amazonaws.com", LOGS)
    release.make([invoke("Work", "ok")])

    run = release.run()
    before = release.status(run)
    advance(release.harness, 21 * 60)

    assert (before, release.status(run)) == ("InProgress", "Failed")
    assert "failed to return a result" in release.error(run, "Work")[1]
    ended = release.fed.told("InvocationEnded")
    assert {event["status"] for event in ended} == {"error"}
    assert len(ended) == 3  # Lambda's own tries


def test_the_credentials_of_a_job_may_do_what_the_pipelines_role_may(release: Release) -> None:
    make_role(
        release.harness,
        "pipeline",
        "codepipeline.amazonaws.com",
        ("lambda:InvokeFunction", FUNCTION),
        ("s3:GetObject", "*"),
        ("s3:PutObject", "arn:aws:s3:::artifacts/release/App/*"),
    )
    release.make([invoke("Work", "ok", takes="App", gives="Loud")])

    run = release.run()

    assert release.status(run) == "InProgress"
    (first, *_) = release.fed.told("InvocationEnded")
    assert first["status"] == "error"
    assert "s3:PutObject" in json.dumps(first)


def test_a_rule_starts_a_pipeline_as_its_role(release: Release) -> None:
    role = make_role(release.harness, "rule", "events.amazonaws.com", ("codepipeline:StartPipelineExecution", ARN))
    bus = EventBus(release.harness)
    release.make([invoke("Work", "ok")])
    release.s3.put_object(Bucket="source", Key="app.txt", Body=b"text")
    bus.rule("go", {"Arn": ARN, "RoleArn": role})

    bus.put()
    allowed = len(release.executions())
    make_role(release.harness, "rule", "events.amazonaws.com", LOGS)
    bus.put()

    (told,) = bus.not_delivered()[-1:]
    bus.remove()
    assert (allowed, len(release.executions())) == (1, 1)
    assert "codepipeline:StartPipelineExecution" in told["reason"]


def test_a_role_that_codepipeline_may_not_assume_makes_no_pipeline(release: Release) -> None:
    make_role(release.harness, "other", "lambda.amazonaws.com", LOGS)

    with pytest.raises(release.client.exceptions.InvalidStructureException, match="not authorized to perform Assume"):
        release.make([invoke("Work", "ok")], roleArn=ROLE.replace("pipeline", "other"))
