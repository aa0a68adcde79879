"""Refusals that a function sees: of the key behind a queue, of a role to pass, of what nobody knows.

Source: Amazon SQS Developer Guide, "Key management"; IAM User Guide, "Grant a user permissions to pass a role to an AWS
service"; AWS Lambda Developer Guide, "Using source function ARN to control function access behavior".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit.harness.iam.credentials import Credentials
from tests.fakes.guarded_world import allow, ask, caller, trust
from tests.fakes.signed_requests import signed
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

ACCOUNT = "arn:aws:iam::123456789012"
QUEUE = "http://sqs.us-east-1.amazonaws.com/123456789012/sealed"
SCHEDULE = {
    "Name": "nightly",
    "ScheduleExpression": "rate(1 day)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:sealed", "RoleArn": f"{ACCOUNT}:role/scheduling"},
}


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredHarness]:
    everything = {"Effect": "Allow", "Principal": {"AWS": f"{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    passing = allow("iam:PassRole", StringEquals={"iam:PassedToService": "scheduler.amazonaws.com"})
    resources = {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": [everything]}},
        },
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": "sealed", "KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
        "Scheduling": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "scheduling",
                "AssumeRolePolicyDocument": trust("scheduler.amazonaws.com"),
            },
        },
        **caller("keyless", allow(["sqs:SendMessage", "scheduler:CreateSchedule"])),
        **caller("keyed", allow(["sqs:SendMessage", "scheduler:*", "kms:GenerateDataKey", "kms:Decrypt"]), passing),
        "Store": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "kept-apart"}},
        **caller(
            "namespaced",
            allow("s3:ListBucket"),
            allow("s3:PutObject", StringEqualsIfExists={"s3:x-amz-storage-class": "STANDARD"}),
            {**allow("s3:*"), "Effect": "Deny", "Condition": {"StringEquals": {"s3:BucketTag/stage": "closed"}}},
        ),
        **caller("direct", allow("kms:*", StringEquals={"kms:ViaService": "sqs.us-east-1.amazonaws.com"})),
    }
    with WiredHarness(enforce_iam="strict") as running:
        Stacks(running, Path(tmp_path_factory.mktemp("refusals")), "refusals").deploy(resources)
        yield running


def test_a_sealed_queue_needs_its_key(harness: WiredHarness) -> None:
    without, with_key = (
        ask(harness, name, "sqs", "send_message", QueueUrl=QUEUE, MessageBody="text") for name in ("keyless", "keyed")
    )

    assert without["code"] == "KMS.AccessDeniedException"
    assert "kms:GenerateDataKey" in without["message"]
    assert with_key["code"] == ""


def test_a_grant_through_a_service_is_none_of_the_function_s_own(harness: WiredHarness) -> None:
    answer = ask(harness, "direct", "kms", "list_keys")

    assert answer["code"] == "AccessDeniedException"


def test_a_role_is_passed_by_who_may_pass_it(harness: WiredHarness) -> None:
    without, with_pass = (
        ask(harness, name, "scheduler", "create_schedule", **SCHEDULE) for name in ("keyless", "keyed")
    )

    assert without["code"] == "AccessDeniedException"
    assert f"iam:PassRole on resource: {ACCOUNT}:role/scheduling" in without["message"]
    assert with_pass["code"] == ""


def test_a_condition_on_what_is_not_known_here_refuses_when_it_is_strict(harness: WiredHarness) -> None:
    """A denial by the bucket's tags might be meant for this very bucket: nothing here says whether."""
    answer = ask(harness, "namespaced", "s3", "list_objects_v2", Bucket="kept-apart")

    assert answer["code"] == "AccessDenied"
    assert "a condition of its policies asks for a key that is not known here" in answer["message"]
    told = [event for event in harness.events("AccessDenied") if "s3:buckettag/stage" in event["place"]]
    assert [event["action"] for event in told] == ["s3:ListBucket"]


def test_what_nobody_knows_is_refused_when_it_is_strict(harness: WiredHarness) -> None:
    iam = harness.aws("iam")
    iam.create_user(UserName="curious")
    document = {"Version": "2012-10-17", "Statement": [allow("*")]}
    iam.put_user_policy(UserName="curious", PolicyName="own", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName="curious")["AccessKey"]
    credentials = Credentials(
        access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"], session_token=""
    )
    request = signed(credentials, body=b"{}", headers={"X-Amz-Target": "DynamoDB_20120810.MakeUp"})

    answer = harness.request("POST", "/", dict(request.headers.items), request.body)

    assert answer.json()["__type"] == "AccessDenied"
    assert "it is not known which action that needs" in answer.json()["message"]
    assert [event["operation"] for event in harness.events("ActionUnmapped")] == ["MakeUp"]
