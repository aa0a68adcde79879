"""What services and Lambda itself do for a function needs its permissions as well.

Source: AWS Lambda Developer Guide, "Viewing resource-based IAM policies in Lambda" (a permission per qualifier),
"Adding a destination" (the execution role sends); Amazon SNS Developer Guide, "Subscribing an Amazon SQS queue"; IAM
API Reference, "PutRolePolicy" (MalformedPolicyDocument).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.guarded_world import allow, caller
from tests.fakes.plain_assembly import Resources, published
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

TOPIC = "arn:aws:sns:us-east-1:123456789012:news"
SENDING = {"Service": "sns.amazonaws.com"}


def queue(name: str) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}


def subscription(protocol: str, endpoint: object) -> dict[str, Any]:
    properties = {"TopicArn": {"Ref": "News"}, "Protocol": protocol, "Endpoint": endpoint}
    return {"Type": "AWS::SNS::Subscription", "Properties": properties}


def failing(name: str, statement: dict[str, Any]) -> Resources:
    """A function that fails, once, and whose failures go to the queue `failures-NAME`."""
    where = {"Fn::GetAtt": [f"{name}Queue", "Arn"]}
    configured = {
        "FunctionName": {"Ref": name},
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnFailure": {"Destination": where}},
    }
    return {
        **caller(name, statement),
        f"{name}Queue": queue(f"failures-{name}"),
        f"{name}Config": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": configured},
    }


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredHarness]:
    sending = {
        "Effect": "Allow",
        "Principal": SENDING,
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": "News"}}},
    }
    resources: Resources = {
        "News": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
        "Open": queue("open"),
        "Closed": queue("closed"),
        "OpenPolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Open"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [sending]},
            },
        },
        "ToOpen": subscription("sqs", {"Fn::GetAtt": ["Open", "Arn"]}),
        "ToClosed": subscription("sqs", {"Fn::GetAtt": ["Closed", "Arn"]}),
        "ToAlias": subscription("lambda", {"Ref": "readerAlias"}),
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "reader"},
                "Action": "lambda:InvokeFunction",
                "Principal": "sns.amazonaws.com",
            },
        },
        **caller("reader", allow("logs:*")),
        **published("reader"),
        **failing("sender", allow(["sqs:SendMessage", "logs:*"])),
        **failing("mute", allow(["sqs:ReceiveMessage", "logs:*"])),
    }
    with WiredHarness(enforce_iam="on") as running:
        Stacks(running, Path(tmp_path_factory.mktemp("services")), "services").deploy(resources)
        yield running


def waiting(harness: WiredHarness, name: str) -> int:
    sqs = harness.aws("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(told["Attributes"]["ApproximateNumberOfMessages"])


def denied(harness: WiredHarness, after: int) -> set[tuple[str, str]]:
    return {
        (event["action"], event["resource"].rpartition(":")[2]) for event in harness.events("AccessDenied", after=after)
    }


def test_a_topic_reaches_what_lets_it_in(harness: WiredHarness) -> None:
    before = harness.position()

    harness.aws("sns").publish(TopicArn=TOPIC, Message="text")
    harness.drain()

    assert (waiting(harness, "open"), waiting(harness, "closed")) == (1, 0)
    # The permission is the function's, and the alias is called, which has none.
    assert denied(harness, before) == {("sqs:SendMessage", "closed"), ("lambda:InvokeFunction", "live")}


@pytest.mark.parametrize(("name", "arrived"), [("sender", 1), ("mute", 0)])
def test_a_destination_is_reached_with_the_execution_role(harness: WiredHarness, name: str, arrived: int) -> None:
    before = harness.position()

    harness.invoke(name, b'{"makes": "a mistake"}', headers={"X-Amz-Invocation-Type": "Event"})
    harness.drain()

    assert waiting(harness, f"failures-{name}") == arrived
    assert denied(harness, before) == (set() if arrived else {("sqs:SendMessage", f"failures-{name}")})


def test_a_policy_that_is_none_is_not_stored_even_for_the_administrator(harness: WiredHarness) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}
    iam = harness.aws("iam")
    iam.create_user(UserName="plain")

    with pytest.raises(ClientError) as refused:
        iam.put_user_policy(UserName="plain", PolicyName="own", PolicyDocument=json.dumps(document))

    assert refused.value.response["Error"]["Code"] == "MalformedPolicyDocument"
    assert iam.list_user_policies(UserName="plain")["PolicyNames"] == []
