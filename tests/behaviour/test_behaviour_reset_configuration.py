"""`Deployment.reset` after somebody deleted resources, or set them up differently, through an API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.errors import AssemblyError
from lambdakit.session.deployment import Deployment
from lambdakit.trace import ResourceChanged
from tests.fakes.api_changes import ACCOUNT, CHANGES, RESOURCES, queue_url, subscriptions
from tests.fakes.plain_assembly import Resources, write_stack, write_stacks


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.fixture(scope="module")
def deployment(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return harness.deploy(write_stack(tmp_path_factory.mktemp("world") / "app", "world", RESOURCES))


@pytest.mark.parametrize(("service", "change", "look"), [pytest.param(*change[1:], id=change[0]) for change in CHANGES])
def test_reset_brings_back_what_was_changed_through_an_api(
    harness: Harness,
    deployment: Deployment,
    service: str,
    change: Callable[[Any], object],
    look: Callable[[Any], Any],
) -> None:
    client = harness.client(service)
    before, outputs = look(client), dict(deployment.outputs)

    change(client)
    deployment.reset()

    assert look(client) == before
    assert deployment.outputs == outputs
    assert deployment.function("Function").invoke({}).payload == "none"


def test_what_a_function_set_up_is_undone_as_well(harness: Harness, deployment: Deployment) -> None:
    sns = harness.client("sns")
    before = subscriptions(sns)
    other = harness.client("sqs").create_queue(QueueName="watching")["QueueUrl"]

    deployment.function("Function").invoke({"queue": ACCOUNT.format("sqs", "watching")}).raise_for_error()
    assert len(subscriptions(sns)) == len(before) + 1
    deployment.reset()

    assert subscriptions(sns) == before
    harness.client("sqs").delete_queue(QueueUrl=other)


def test_the_url_of_an_api_that_was_made_anew_answers(harness: Harness, deployment: Deployment) -> None:
    harness.client("apigatewayv2").update_api(ApiId=deployment.api().api_id, Name="other")

    deployment.reset()

    with deployment.http() as http:
        assert http.get("/").json() == {"message": "Not Found"}
    assert harness.client("apigatewayv2").get_api(ApiId=deployment.api().api_id)["Name"] == "front"


def test_what_only_holds_something_else_is_not_made_anew(harness: Harness, deployment: Deployment) -> None:
    sqs = harness.client("sqs")
    made = harness.trace.count(ResourceChanged)

    sqs.create_queue(QueueName="of-the-test")
    sqs.set_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName="of-the-test")["QueueUrl"], Attributes={"DelaySeconds": "3"}
    )
    sqs.send_message(QueueUrl=queue_url(sqs), MessageBody="{}")
    harness.client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "1"}})
    harness.client("s3").put_object(Bucket="pictures-of-ours", Key="k", Body=b"b")
    harness.client("events").put_events(
        Entries=[{"Source": "x", "DetailType": "y", "Detail": "{}", "EventBusName": "shop"}]
    )
    harness.client("kinesis").put_record(StreamName="clicks", Data=b"d", PartitionKey="p")
    harness.client("ssm").put_parameter(Name="/flag", Value="off", Overwrite=True)
    deployment.function("Function").invoke({}).raise_for_error()
    harness.drain()
    deployment.reset()

    assert harness.trace.count(ResourceChanged) == made
    assert harness.client("ssm").get_parameter(Name="/flag")["Parameter"]["Value"] == "on"
    assert sqs.get_queue_url(QueueName="of-the-test")


def test_what_was_created_before_it_stays(harness: Harness, deployment: Deployment) -> None:
    made = len(harness.trace.of(ResourceChanged))

    harness.client("apigatewayv2").update_api(ApiId=deployment.api().api_id, Name="other")
    deployment.reset()

    renewed = [event.logical_id for event in harness.trace.of(ResourceChanged)[made:] if event.status == "CREATED"]
    assert {"Api", "Stage"} <= set(renewed)
    assert not {"Queue", "Topic", "Bucket", "Table", "Role", "Rule"} & set(renewed)


@pytest.mark.parametrize(("policy", "left"), [("Delete", 0), ("Retain", 1)])
def test_a_stack_in_a_stack_is_brought_back(harness: Harness, tmp_path: Path, policy: str, left: int) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "inner-jobs"}, "DeletionPolicy": policy}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "inner-news"}, "DeletionPolicy": policy}
    inner = {"Resources": {"Inner": queue, "News": topic}}
    (tmp_path / "inner.json").write_text(json.dumps(inner))
    bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    url = {"Fn::Sub": f"https://s3.${{AWS::Region}}.amazonaws.com/{bucket}/inner.json"}
    outer: Resources = {
        "First": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "first"}},
        "Nested": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": url},
            "DeletionPolicy": policy,
        },
    }
    directory = write_stacks(tmp_path, {"outer": {"Resources": outer}}, assets={"inner.json": tmp_path / "inner.json"})
    deployment = harness.deploy(directory)
    sqs = harness.client("sqs")

    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="inner-jobs")["QueueUrl"])
    deployment.reset()

    assert sqs.get_queue_url(QueueName="inner-jobs")
    deployment.destroy()
    urls = sqs.list_queues(QueueNamePrefix="inner-jobs").get("QueueUrls", [])
    assert len(urls) == left
    for url in urls:
        sqs.delete_queue(QueueUrl=url)


def test_stacks_that_cloudformation_deleted_or_changed_are_brought_back(harness: Harness, tmp_path: Path) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "asked-jobs", "DelaySeconds": 1}}
    deployment = harness.deploy(write_stack(tmp_path / "app", "asked", {"Q": queue}, Url={"Ref": "Q"}))
    cloudformation, sqs = harness.client("cloudformation"), harness.client("sqs")
    outputs = dict(deployment.outputs)

    def names() -> list[str]:
        return [url.rpartition("/")[2] for url in sqs.list_queues(QueueNamePrefix="asked").get("QueueUrls", [])]

    def delay() -> str:
        attributes = sqs.get_queue_attributes(QueueUrl=outputs["asked"]["Url"], AttributeNames=["All"])["Attributes"]
        return str(attributes["DelaySeconds"])

    cloudformation.delete_stack(StackName="asked")
    harness.drain()
    assert names() == []
    deployment.reset()
    assert (names(), delay(), dict(deployment.outputs)) == (["asked-jobs"], "1", outputs)

    other = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "asked-too"}}
    later = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "asked-jobs", "DelaySeconds": 9}}
    body = json.dumps({"Resources": {"Q": later, "Other": other}})
    cloudformation.update_stack(StackName="asked", TemplateBody=body)
    harness.drain()
    assert (sorted(names()), delay()) == (["asked-jobs", "asked-too"], "9")
    deployment.reset()
    assert (names(), delay(), dict(deployment.outputs)) == (["asked-jobs"], "1", outputs)

    made = len(harness.trace.of(ResourceChanged))
    deployment.reset()
    assert harness.trace.of(ResourceChanged)[made:] == ()
    deployment.destroy()


def test_a_later_update_is_what_is_brought_back(harness: Harness, tmp_path: Path) -> None:
    def queue(seconds: int) -> Resources:
        return {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "slow", "DelaySeconds": seconds}}}

    deployment = harness.deploy(write_stack(tmp_path / "one", "updated", queue(1)))
    deployment.update(write_stack(tmp_path / "two", "updated", queue(2)))
    sqs = harness.client("sqs")

    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="slow")["QueueUrl"])
    deployment.reset()

    url = sqs.get_queue_url(QueueName="slow")["QueueUrl"]
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"] == {
        "DelaySeconds": "2"
    }
    deployment.destroy()


def test_stacks_of_an_earlier_assembly_are_brought_back_too(harness: Harness, tmp_path: Path) -> None:
    def topic(name: str) -> dict[str, Any]:
        return {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}}}

    both = write_stacks(tmp_path / "both", {"early": topic("early"), "late": topic("late")})
    deployment = harness.deploy(both)
    deployment.update(write_stacks(tmp_path / "one", {"late": topic("later")}))
    sns = harness.client("sns")

    sns.delete_topic(TopicArn=ACCOUNT.format("sns", "early"))
    sns.delete_topic(TopicArn=ACCOUNT.format("sns", "later"))
    deployment.reset()

    names = {each["TopicArn"].rpartition(":")[2] for each in sns.list_topics()["Topics"]}
    assert {"early", "later"} <= names
    assert "late" not in names
    deployment.destroy()


def test_what_cannot_be_made_anew_is_told_and_nothing_goes(harness: Harness, tmp_path: Path) -> None:
    directory = write_stack(
        tmp_path / "app", "gone", {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "gone"}}}
    )
    deployment = harness.deploy(directory)
    (directory / "manifest.json").unlink()
    sns = harness.client("sns")
    arn = ACCOUNT.format("sns", "gone")

    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="other")
    with pytest.raises(AssemblyError, match=r"manifest\.json"):
        deployment.reset()

    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "other"
    deployment.destroy()
