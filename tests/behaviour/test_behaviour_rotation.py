"""Rotation of secrets, from the request or the scheduled time to the value that is given out.

Source, unless a test says another: AWS Secrets Manager User Guide, "Rotation by Lambda function" and its subpages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.lambda_api import create_function, refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-rotation")

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotator"
# As the rotation functions do that AWS publishes; fails in the step that the environment names.
SOURCE = """
import os
import boto3

def handler(event, context):
    secrets = boto3.client("secretsmanager")
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    described = secrets.describe_secret(SecretId=arn)
    assert described["RotationEnabled"]
    stages = described["VersionIdsToStages"]
    assert "AWSPENDING" in stages[token], stages
    if os.environ.get("FAIL") == step:
        raise RuntimeError("not now")
    if step == "createSecret":
        old = secrets.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
        try:
            secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except secrets.exceptions.ResourceNotFoundException:
            secrets.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=old + "+", VersionStages=["AWSPENDING"]
            )
    if step == "finishSecret":
        current = next(number for number, held in stages.items() if "AWSCURRENT" in held)
        secrets.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""


class Rotated:
    """A secret and the function that rotates it."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self.secrets, self.lambda_ = harness, harness.aws("secretsmanager"), harness.aws("lambda")
        create_function(self.lambda_, "rotator", SOURCE, Timeout=10)
        self.arn = self.secrets.create_secret(Name="password", SecretString="first")["ARN"]
        self.before = harness.position()

    def rotate(self, **more: Any) -> dict[str, Any]:
        """Rotates, and waits until nothing is in flight."""
        answer: dict[str, Any] = self.secrets.rotate_secret(**{"SecretId": self.arn, "RotationLambdaARN": ARN, **more})
        self.harness.drain()
        return answer

    def fail(self, step: str) -> None:
        self.lambda_.update_function_configuration(
            FunctionName="rotator", Environment={"Variables": {"FAIL": step} if step else {}}
        )

    def advance(self, **time: int) -> None:
        seconds = time.get("days", 0) * 86400 + time.get("hours", 0) * 3600
        assert self.harness.call("POST", "clock", {"advance_seconds": seconds}).status == 200
        self.harness.drain()

    def value(self) -> str:
        return str(self.secrets.get_secret_value(SecretId=self.arn)["SecretString"])

    def described(self) -> dict[str, Any]:
        return dict(self.secrets.describe_secret(SecretId=self.arn))

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(one["payload"]) for one in self.harness.events("InvocationStarted", after=self.before)]

    def steps(self) -> list[str]:
        return [event["Step"] for event in self.events()]

    def remove(self) -> None:
        self.secrets.delete_secret(SecretId=self.arn, ForceDeleteWithoutRecovery=True)
        self.lambda_.delete_function(FunctionName="rotator")
        self.harness.drain()


@pytest.fixture
def rotated(harness: WiredHarness) -> Iterator[Rotated]:
    made = Rotated(harness)
    yield made
    made.remove()


STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


def test_a_secret_is_rotated_in_four_steps(rotated: Rotated) -> None:
    token = rotated.rotate()["VersionId"]

    assert rotated.steps() == STEPS
    first = rotated.events()[0]
    assert (first["SecretId"], first["ClientRequestToken"]) == (rotated.arn, token)
    assert rotated.value() == "first+"
    described = rotated.described()
    assert "AWSCURRENT" in described["VersionIdsToStages"][token]
    assert ["AWSPREVIOUS"] in described["VersionIdsToStages"].values()
    assert described["RotationLambdaARN"] == ARN
    assert described["LastRotatedDate"]


@pytest.mark.parametrize(("step", "done"), [("createSecret", 1), ("setSecret", 2), ("testSecret", 3)])
def test_a_step_that_fails_leaves_the_version_pending(rotated: Rotated, step: str, done: int) -> None:
    rotated.fail(step)

    token = rotated.rotate()["VersionId"]

    assert rotated.steps() == STEPS[:done]
    assert rotated.value() == "first"
    described = rotated.described()
    assert described["VersionIdsToStages"][token] == ["AWSPENDING"]
    assert "LastRotatedDate" not in described
    [undone] = rotated.harness.events("EventNotDelivered", after=rotated.before)
    assert (undone["what"], undone["reason"]) == (f"rotation, {step}", "RuntimeError: not now")


def test_what_did_not_end_is_taken_up_again(rotated: Rotated) -> None:
    rotated.fail("setSecret")
    token = rotated.rotate()["VersionId"]
    rotated.fail("")

    refused = refusal(rotated.rotate)
    rotated.harness.drain()

    text = "A previous rotation isn't complete. That rotation will be reattempted."
    assert refused[1:] == ("InvalidRequestException", text)
    assert rotated.steps() == [*STEPS[:2], *STEPS]
    assert {event["ClientRequestToken"] for event in rotated.events()} == {token}
    assert rotated.value() == "first+"


@pytest.mark.parametrize(
    ("rules", "steps"),
    [
        ({"AutomaticallyAfterDays": 10}, {"days": 10}),
        ({"ScheduleExpression": "rate(10 days)"}, {"days": 10}),
        ({"ScheduleExpression": "cron(0 8 * * ? *)"}, {"days": 1}),
        ({"ScheduleExpression": "rate(4 hours)", "Duration": "3h"}, {"hours": 4}),
    ],
    ids=lambda value: str(value),
)
def test_the_clock_rotates(rotated: Rotated, rules: Mapping[str, Any], steps: Mapping[str, int]) -> None:
    rotated.rotate(RotationRules=rules)

    described = rotated.described()
    rotated.advance(**steps)
    rotated.advance(**steps)

    assert described["RotationRules"] == rules
    assert described["NextRotationDate"]
    assert rotated.value() == "first+++"


def test_a_rotation_may_wait_for_its_time(rotated: Rotated) -> None:
    rotated.rotate(RotationRules={"AutomaticallyAfterDays": 1}, RotateImmediately=False)

    waiting = rotated.steps(), rotated.value(), rotated.described()["VersionIdsToStages"]
    rotated.advance(days=1)

    assert waiting[:2] == (["testSecret"], "first")
    assert list(waiting[2].values()) == [["AWSCURRENT"]]
    assert rotated.value() == "first+"


def test_a_cancelled_rotation_is_over(rotated: Rotated) -> None:
    rotated.rotate(RotationRules={"AutomaticallyAfterDays": 1})

    rotated.secrets.cancel_rotate_secret(SecretId=rotated.arn)
    rotated.advance(days=3)

    assert rotated.value() == "first+"
    left = rotated.harness.call("POST", "drain", {"timeout_seconds": 120}).json()
    assert "rotation of" not in json.dumps(left)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"RotationLambdaARN": f"{ARN}-gone"}, "ResourceNotFoundException"),
        ({"RotationRules": {"ScheduleExpression": "rate(0 days)"}}, "InvalidParameterException"),
        ({"RotationRules": {"ScheduleExpression": "at(2026-01-01T00:00:00)"}}, "InvalidParameterException"),
        ({"RotationRules": {"AutomaticallyAfterDays": 1001}}, "InvalidParameterException"),
        (
            {"RotationRules": {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"}},
            "InvalidParameterException",
        ),
        ({"SecretId": "nothing"}, "ResourceNotFoundException"),
    ],
    ids=["function", "rate", "once", "days", "both", "secret"],
)
def test_what_is_refused(rotated: Rotated, given: Mapping[str, Any], code: str) -> None:
    assert refusal(rotated.rotate, **given)[1] == code
    assert rotated.steps() == []
    assert rotated.value() == "first"


def test_a_secret_without_a_function_is_not_rotated(rotated: Rotated) -> None:
    refused = refusal(rotated.secrets.rotate_secret, SecretId=rotated.arn)

    text = "No Lambda rotation function ARN is associated with this secret."
    assert refused[1:] == ("InvalidRequestException", text)


def test_the_function_has_to_let_the_service_in() -> None:
    with WiredHarness(enforce_iam="on") as harness:
        secrets = harness.aws("secretsmanager")
        harness.aws("iam").create_role(RoleName="fn", AssumeRolePolicyDocument=json.dumps(TRUST))
        create_function(harness.aws("lambda"), "rotator", "def handler(event, context): pass")
        arn = secrets.create_secret(Name="password", SecretString="first")["ARN"]

        refused = refusal(secrets.rotate_secret, SecretId=arn, RotationLambdaARN=ARN)
        harness.aws("lambda").add_permission(
            FunctionName="rotator",
            StatementId="s",
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
            SourceArn=arn,
        )
        secrets.rotate_secret(SecretId=arn, RotationLambdaARN=ARN)
        harness.drain()

        assert refused[1] == "AccessDeniedException"
        assert "cannot invoke the specified Lambda function" in refused[2]
        assert len(harness.events("InvocationStarted")) == 4


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
