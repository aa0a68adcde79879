"""`AWS::SQS::*`, read back through the SQS API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}]}
_OTHER_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:*"}]}


def _queue(provisioning: Provisioning, created: Created) -> Any:
    sqs, url = provisioning.client("sqs"), created.provisioned.physical_id
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    kept = {key: value for key, value in attributes.items() if not key.endswith("Timestamp")}
    return {**kept, "Tags": sqs.list_queue_tags(QueueUrl=url).get("Tags", {})}


def _policy(provisioning: Provisioning, created: Created) -> Any:
    urls = [provisioning.made["A"].provisioned.physical_id, provisioning.made["B"].provisioned.physical_id]
    sqs = provisioning.client("sqs")
    found = [
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")
        for url in urls
    ]
    return (
        [None if policy is None else json.loads(policy)["Statement"][0]["Effect"] for policy in found]
        if any(found)
        else []
    )


_QUEUES: dict[str, tuple[str, dict[str, Any]]] = {"A": ("AWS::SQS::Queue", {}), "B": ("AWS::SQS::Queue", {})}

ROWS = [
    Row(
        type="AWS::SQS::Queue",
        first={
            "QueueName": "orders",
            "VisibilityTimeout": "60",
            "DelaySeconds": 5,
            "Tags": [{"Key": "team", "Value": "a"}, {"Key": "old", "Value": "x"}],
            "RedrivePolicy": {"deadLetterTargetArn": "@Dead.Arn", "maxReceiveCount": "3"},
        },
        second={
            "QueueName": "orders",
            "MessageRetentionPeriod": 120,
            "ReceiveMessageWaitTimeSeconds": 20,
            "KmsMasterKeyId": "alias/aws/sqs",
            "Tags": [{"Key": "team", "Value": "b"}],
        },
        read=_queue,
        shows=(
            {"VisibilityTimeout": "60", "DelaySeconds": "5", "Tags": {"team": "a", "old": "x"}},
            {
                **{"VisibilityTimeout": "30", "DelaySeconds": "0", "MessageRetentionPeriod": "120"},
                **{"ReceiveMessageWaitTimeSeconds": "20", "KmsMasterKeyId": "alias/aws/sqs", "Tags": {"team": "b"}},
                **{"SqsManagedSseEnabled": "false"},
            },
        ),
        needs={"Dead": ("AWS::SQS::Queue", {"QueueName": "dead"})},
    ),
    Row(
        type="AWS::SQS::Queue",
        first={"FifoQueue": "true", "ContentBasedDeduplication": True},
        second={"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"},
        read=_queue,
        shows=(
            {"FifoQueue": "true", "ContentBasedDeduplication": "true", "FifoThroughputLimit": "perQueue"},
            {"FifoQueue": "true", "ContentBasedDeduplication": "false", "FifoThroughputLimit": "perMessageGroupId"},
        ),
    ),
    Row(
        type="AWS::SQS::QueuePolicy",
        first={"Queues": ["@A"], "PolicyDocument": _POLICY},
        second={"Queues": ["@B"], "PolicyDocument": _OTHER_POLICY},
        read=_policy,
        shows=(["Allow", None], [None, "Deny"]),
        needs=_QUEUES,
    ),
    Row(
        type="AWS::SQS::QueueInlinePolicy",
        first={"Queue": "@A", "PolicyDocument": _POLICY},
        second={"Queue": "@A", "PolicyDocument": json.dumps(_OTHER_POLICY)},
        read=_policy,
        shows=(["Allow", None], ["Deny", None]),
        needs=_QUEUES,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_queue_gives_url_arn_and_name(provisioning: Provisioning) -> None:
    queue = provisioning.create("AWS::SQS::Queue", {"QueueName": "jobs"}).provisioned

    assert queue.physical_id.endswith("/111122223333/jobs")
    assert queue.attributes == {
        "Arn": "arn:aws:sqs:eu-west-1:111122223333:jobs",
        "QueueName": "jobs",
        "QueueUrl": queue.physical_id,
    }


def test_unnamed_fifo_queue_gets_a_name_that_fits(provisioning: Provisioning) -> None:
    queue = provisioning.create("AWS::SQS::Queue", {"FifoQueue": True})

    assert queue.provisioned.attributes["QueueName"].endswith(".fifo")


def test_update_keeps_the_policy_that_another_resource_put(provisioning: Provisioning) -> None:
    queue = provisioning.create("AWS::SQS::Queue", {"VisibilityTimeout": 60}, logical_id="A")
    provisioning.create("AWS::SQS::Queue", {}, logical_id="B")
    provisioning.create("AWS::SQS::QueuePolicy", {"Queues": ["@A"], "PolicyDocument": _POLICY})

    provisioning.update(queue, {"VisibilityTimeout": 90})

    assert _policy(provisioning, queue) == ["Allow", None]


@pytest.mark.parametrize(
    ("properties", "refusal", "text"),
    [
        pytest.param({"QueueName": "a b"}, ClientError, "alphanumeric", id="name"),
        pytest.param({"QueueName": "a.fifo"}, ResourceRefused, "must end with .fifo", id="FIFO name without FIFO"),
        pytest.param(
            {"QueueName": "a", "FifoQueue": True}, ClientError, "must end in .fifo", id="FIFO without its name"
        ),
        pytest.param({"MaximumMessageSize": 1023}, ClientError, "MaximumMessageSize", id="size"),
        pytest.param(
            {"RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111122223333:none", "maxReceiveCount": 3}},
            ClientError,
            "Could not find",
            id="no such dead-letter queue",
        ),
    ],
)
def test_impossible_queue_is_refused_and_not_there(
    provisioning: Provisioning, properties: dict[str, Any], refusal: type[Exception], text: str
) -> None:
    with pytest.raises(refusal, match=text):
        provisioning.create("AWS::SQS::Queue", properties)

    assert "QueueUrls" not in provisioning.client("sqs").list_queues()


def test_queue_whose_name_is_taken_is_refused_and_the_other_stays(provisioning: Provisioning) -> None:
    first = provisioning.create("AWS::SQS::Queue", {"QueueName": "jobs"})

    with pytest.raises(ResourceRefused, match="already exists"):
        provisioning.create("AWS::SQS::Queue", {"QueueName": "jobs"})

    assert _queue(provisioning, first)


def test_failed_update_leaves_the_queue_as_it_was(provisioning: Provisioning) -> None:
    queue = provisioning.create("AWS::SQS::Queue", {"VisibilityTimeout": 60, "Tags": [{"Key": "a", "Value": "1"}]})
    before = _queue(provisioning, queue)
    wrong = {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111122223333:none", "maxReceiveCount": 3}

    with pytest.raises(ClientError, match="Could not find"):
        provisioning.update(queue, {"VisibilityTimeout": 61, "RedrivePolicy": wrong})

    assert _queue(provisioning, queue) == before


def test_reset_takes_messages_away_and_brings_back_captured_ones(provisioning: Provisioning) -> None:
    sqs = provisioning.client("sqs")
    queue = provisioning.create("AWS::SQS::Queue", {})
    url = queue.provisioned.physical_id
    sqs.send_message(QueueUrl=url, MessageBody="seed")
    queue = provisioning.captured(queue)
    received = sqs.receive_message(QueueUrl=url)["Messages"][0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
    sqs.send_message(QueueUrl=url, MessageBody="later")

    for _ in range(2):
        provisioning.reset(queue)

        messages = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["ApproximateReceiveCount"]
        )["Messages"]
        assert [message["Body"] for message in messages] == ["seed"]
        assert messages[0]["Attributes"]["ApproximateReceiveCount"] == "1"
