"""`AWS::SNS::*`, read back through the SNS API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish"}]}
_OTHER_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sns:*"}]}
_FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:nobody"


def _topic(provisioning: Provisioning, created: Created) -> Any:
    sns, arn = provisioning.client("sns"), created.provisioned.physical_id
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    tags = {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    return {**attributes, "Tags": tags, "Subscribed": sorted(item["Endpoint"] for item in subscriptions)}


def _subscription(provisioning: Provisioning, created: Created) -> Any:
    sns = provisioning.client("sns")
    attributes = sns.get_subscription_attributes(SubscriptionArn=created.provisioned.physical_id)["Attributes"]
    # What stands for the default differs in form between what was never set and what was set back.
    return {key: value for key, value in attributes.items() if value not in ("", "false", "MessageAttributes")}


def _policies(provisioning: Provisioning, created: Created) -> Any:
    del created
    sns = provisioning.client("sns")
    arns = [provisioning.made[name].provisioned.physical_id for name in ("A", "B")]
    policies = [json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]) for arn in arns]
    found = ["default" if "Id" in policy else policy["Statement"][0]["Effect"] for policy in policies]
    return [] if found == ["default", "default"] else found


_TOPICS: dict[str, tuple[str, dict[str, Any]]] = {"A": ("AWS::SNS::Topic", {}), "B": ("AWS::SNS::Topic", {})}

ROWS = [
    Row(
        type="AWS::SNS::Topic",
        first={
            "TopicName": "news",
            "DisplayName": "News",
            "Tags": [{"Key": "team", "Value": "a"}],
            "Subscription": [{"Endpoint": "@Queue.Arn", "Protocol": "sqs"}],
        },
        second={
            "TopicName": "news",
            "KmsMasterKeyId": "alias/aws/sns",
            "Subscription": [{"Endpoint": "a@example.com", "Protocol": "email"}],
        },
        read=_topic,
        shows=(
            {"DisplayName": "News", "Tags": {"team": "a"}, "Subscribed": ["@Queue.Arn"]},
            {"DisplayName": "", "Tags": {}, "KmsMasterKeyId": "alias/aws/sns", "Subscribed": ["a@example.com"]},
        ),
        needs={"Queue": ("AWS::SQS::Queue", {})},
    ),
    Row(
        type="AWS::SNS::Topic",
        first={"FifoTopic": True, "ContentBasedDeduplication": True},
        second={"FifoTopic": True},
        read=_topic,
        shows=(
            {"FifoTopic": "true", "ContentBasedDeduplication": "true"},
            {"FifoTopic": "true", "ContentBasedDeduplication": "false"},
        ),
    ),
    Row(
        type="AWS::SNS::Subscription",
        first={
            "TopicArn": "@A",
            "Endpoint": "@Queue.Arn",
            "Protocol": "sqs",
            "RawMessageDelivery": True,
            "FilterPolicy": {"kind": ["a"]},
        },
        second={
            "TopicArn": "@A",
            "Endpoint": "@Queue.Arn",
            "Protocol": "sqs",
            "FilterPolicyScope": "MessageBody",
            "FilterPolicy": {"order": {"kind": ["a"]}},
            "RedrivePolicy": {"deadLetterTargetArn": "@Queue.Arn"},
        },
        read=_subscription,
        shows=(
            {"RawMessageDelivery": "true", "FilterPolicy": '{"kind": ["a"]}'},
            {"FilterPolicyScope": "MessageBody", "FilterPolicy": '{"order": {"kind": ["a"]}}'},
        ),
        needs={**_TOPICS, "Queue": ("AWS::SQS::Queue", {})},
    ),
    Row(
        type="AWS::SNS::TopicPolicy",
        first={"Topics": ["@A"], "PolicyDocument": _POLICY},
        second={"Topics": ["@B"], "PolicyDocument": _OTHER_POLICY},
        read=_policies,
        shows=(["Allow", "default"], ["default", "Deny"]),
        needs=_TOPICS,
    ),
    Row(
        type="AWS::SNS::TopicInlinePolicy",
        first={"TopicArn": "@A", "PolicyDocument": _POLICY},
        second={"TopicArn": "@A", "PolicyDocument": _OTHER_POLICY},
        read=_policies,
        shows=(["Allow", "default"], ["Deny", "default"]),
        needs=_TOPICS,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def _bodies(provisioning: Provisioning, queue: Created) -> list[str]:
    answer = provisioning.client("sqs").receive_message(QueueUrl=queue.provisioned.physical_id, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", ())]


def test_messages_reach_a_subscribed_queue_by_its_filter(provisioning: Provisioning) -> None:
    topic = provisioning.create("AWS::SNS::Topic", {}, logical_id="Topic")
    queue = provisioning.create("AWS::SQS::Queue", {}, logical_id="Queue")
    properties = {"TopicArn": "@Topic", "Protocol": "sqs", "Endpoint": "@Queue.Arn", "RawMessageDelivery": "true"}
    subscription = provisioning.create("AWS::SNS::Subscription", {**properties, "FilterPolicy": {"kind": ["a"]}})

    for kind in "ab":
        _publish(provisioning, topic, kind)
    assert _bodies(provisioning, queue) == ["a"]

    provisioning.update(subscription, {**properties, "FilterPolicy": {"kind": ["b"]}})
    for kind in "ab":
        _publish(provisioning, topic, kind)
    assert _bodies(provisioning, queue) == ["b"]


def _publish(provisioning: Provisioning, topic: Created, kind: str) -> None:
    provisioning.client("sns").publish(
        TopicArn=topic.provisioned.physical_id,
        Message=kind,
        MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
    )


def test_publishing_to_a_subscribed_function_calls_nobody_and_reaches_the_others(provisioning: Provisioning) -> None:
    queue = provisioning.create("AWS::SQS::Queue", {}, logical_id="Queue")
    topic = provisioning.create(
        "AWS::SNS::Topic",
        {
            "Subscription": [
                {"Protocol": "lambda", "Endpoint": _FUNCTION},
                {"Protocol": "sqs", "Endpoint": "@Queue.Arn"},
            ]
        },
    )

    provisioning.client("sns").publish(TopicArn=topic.provisioned.physical_id, Message="m")

    assert len(_bodies(provisioning, queue)) == 1


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        pytest.param({"TopicName": "a b"}, "Topic names must be made up", id="name"),
        pytest.param({"TopicName": "a", "FifoTopic": True}, "Fifo Topic names must end with", id="FIFO name"),
        pytest.param(
            {"TopicName": "a", "Subscription": [{"Protocol": "sqs", "Endpoint": "nothing"}]},
            "SQS endpoint ARN",
            id="subscription",
        ),
    ],
)
def test_impossible_topic_is_refused_and_not_there(
    provisioning: Provisioning, properties: dict[str, Any], text: str
) -> None:
    with pytest.raises(ClientError, match=text):
        provisioning.create("AWS::SNS::Topic", properties)

    assert provisioning.client("sns").list_topics()["Topics"] == []


def test_topic_whose_name_is_taken_is_refused(provisioning: Provisioning) -> None:
    provisioning.create("AWS::SNS::Topic", {"TopicName": "news"})

    with pytest.raises(ResourceRefused, match="already exists"):
        provisioning.create("AWS::SNS::Topic", {"TopicName": "news"})


def test_failed_update_leaves_the_topic_as_it_was(provisioning: Provisioning) -> None:
    topic = provisioning.create("AWS::SNS::Topic", {"DisplayName": "old"})
    before = _topic(provisioning, topic)

    with pytest.raises(ClientError, match="SQS endpoint ARN"):
        provisioning.update(topic, {"DisplayName": "new", "Subscription": [{"Protocol": "sqs", "Endpoint": "nothing"}]})

    assert _topic(provisioning, topic) == before


def test_raw_delivery_ends_with_its_property(provisioning: Provisioning) -> None:
    topic = provisioning.create("AWS::SNS::Topic", {}, logical_id="Topic")
    queue = provisioning.create("AWS::SQS::Queue", {}, logical_id="Queue")
    properties = {"TopicArn": "@Topic", "Protocol": "sqs", "Endpoint": "@Queue.Arn"}
    subscription = provisioning.create("AWS::SNS::Subscription", {**properties, "RawMessageDelivery": True})

    provisioning.update(subscription, {**properties, "RawMessageDelivery": "false"})
    _publish(provisioning, topic, "a")

    assert json.loads(_bodies(provisioning, queue)[0])["Message"] == "a"
