"""The CloudFormation API: what becomes of a stack whose change fails.

Source: CloudFormation User Guide, "Stack failure options", "Stack status codes".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.cloudformation import BROKEN, CloudFormation, queue, queues
from tests.fakes.plain_assembly import function
from tests.fakes.waiting import wait_until
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-failures")

REFUSED = "Can only include alphanumeric characters, hyphens, or underscores."


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "fails")
    yield cloudformation
    cloudformation.clean()
    assert cloudformation.queue_names() == set()


def failing(**more: Any) -> dict[str, Any]:
    """A template of a queue and one behind it that cannot be made."""
    return {"Resources": {"A": queue(**more), "Broken": {**BROKEN, "DependsOn": "A"}}}


class TestCreation:
    def test_it_is_rolled_back(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(failing())

        assert cloudformation.status() == "ROLLBACK_COMPLETE"
        assert cloudformation.events() == [
            ("fails", "CREATE_IN_PROGRESS"),
            ("A", "CREATE_IN_PROGRESS"),
            ("A", "CREATE_COMPLETE"),
            ("Broken", "CREATE_IN_PROGRESS"),
            ("Broken", "CREATE_FAILED"),
            ("fails", "ROLLBACK_IN_PROGRESS"),
            ("Broken", "DELETE_COMPLETE"),
            ("A", "DELETE_IN_PROGRESS"),
            ("A", "DELETE_COMPLETE"),
            ("fails", "ROLLBACK_COMPLETE"),
        ]
        reasons = cloudformation.reasons()
        assert REFUSED in reasons["Broken", "CREATE_FAILED"]
        assert reasons["fails", "ROLLBACK_IN_PROGRESS"] == (
            "The following resource(s) failed to create: [Broken]. Rollback requested by user."
        )
        assert cloudformation.queue_names() == set()
        assert {status for _, status in cloudformation.resources().values()} == {"DELETE_COMPLETE"}
        assert cloudformation.client.get_template(StackName="fails")["TemplateBody"] == failing()

    def test_what_is_left_can_only_be_deleted(self, cloudformation: CloudFormation) -> None:
        identity = cloudformation.create(failing())

        refused = cloudformation.refusal("update_stack", StackName="fails", TemplateBody=json.dumps(queues("A")))

        text = f"Stack:{identity} is in ROLLBACK_COMPLETE state and can not be updated."
        assert refused == ("ValidationError", text)
        cloudformation.delete()
        assert cloudformation.status(identity) == "DELETE_COMPLETE"

    def test_or_deleted(self, cloudformation: CloudFormation) -> None:
        identity = cloudformation.create(failing(), OnFailure="DELETE")

        assert cloudformation.refusal("describe_stacks", StackName="fails")[0] == "ValidationError"
        assert cloudformation.status(identity) == "DELETE_COMPLETE"
        of_the_stack = [status for name, status in cloudformation.events(identity) if name == "fails"]
        assert of_the_stack == ["CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]

    @pytest.mark.parametrize("option", [{"OnFailure": "DO_NOTHING"}, {"DisableRollback": True}], ids=str)
    def test_or_left_as_it_is_and_mended(self, cloudformation: CloudFormation, option: dict[str, Any]) -> None:
        cloudformation.create(failing(), **option)
        assert cloudformation.status() == "CREATE_FAILED"
        assert {name: status for name, (_, status) in cloudformation.resources().items()} == {
            "A": "CREATE_COMPLETE",
            "Broken": "CREATE_FAILED",
        }
        kept = cloudformation.queue_name("A")

        cloudformation.update(queues("A", "Broken"))

        assert cloudformation.status() == "UPDATE_COMPLETE"
        assert cloudformation.queue_names() == {kept, cloudformation.queue_name("Broken")}

    def test_or_left_as_it_is_and_rolled_back_later(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(failing(), DisableRollback=True)

        cloudformation.client.rollback_stack(StackName="fails")
        cloudformation.harness.drain()

        assert cloudformation.status() == "ROLLBACK_COMPLETE"
        assert cloudformation.queue_names() == set()

    def test_or_left_and_not_mended_by_an_update_and_rolled_back_to_nothing(
        self, cloudformation: CloudFormation
    ) -> None:
        cloudformation.create(failing(), DisableRollback=True)
        cloudformation.update(failing(DelaySeconds=2), DisableRollback=True)

        cloudformation.client.rollback_stack(StackName="fails")
        cloudformation.harness.drain()

        assert cloudformation.status() == "ROLLBACK_COMPLETE"
        assert cloudformation.queue_names() == set()

    @pytest.mark.parametrize(("policy", "kept"), [("Retain", 1), ("RetainExceptOnCreate", 0), ("Delete", 0)])
    def test_what_is_to_be_retained_is(self, cloudformation: CloudFormation, policy: str, kept: int) -> None:
        template = failing()
        template["Resources"]["A"]["DeletionPolicy"] = policy

        cloudformation.create(template)

        names = cloudformation.queue_names()
        assert len(names) == kept
        assert (("A", "DELETE_SKIPPED") in cloudformation.events()) is bool(kept)
        for name in names:
            sqs = cloudformation.harness.aws("sqs")
            sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])

    def test_an_export_that_another_stack_has(self, cloudformation: CloudFormation) -> None:
        shared = {"Outputs": {"Out": {"Value": "x", "Export": {"Name": "fails-shared"}}}}
        cloudformation.create(queues("A", **shared), StackName="fails-first")

        cloudformation.create(queues("A", **shared))

        assert cloudformation.status() == "ROLLBACK_COMPLETE"
        reason = cloudformation.reasons()["fails", "ROLLBACK_IN_PROGRESS"]
        assert "Export with name fails-shared is already exported by stack fails-first" in reason
        assert cloudformation.client.list_exports()["Exports"][0]["Value"] == "x"

    def test_what_only_shows_on_the_way_is_rolled_back_too(self, cloudformation: CloudFormation) -> None:
        first = {"Fn::Select": [9, {"Fn::Split": ["/", {"Ref": "A"}]}]}

        cloudformation.create({"Resources": {"A": queue(), "B": queue(QueueName=first)}})

        assert cloudformation.status() == "ROLLBACK_COMPLETE"
        assert "Resources.B" in cloudformation.reasons()["fails", "ROLLBACK_IN_PROGRESS"]
        assert cloudformation.queue_names() == set()


class TestUpdate:
    def test_everything_is_as_it_was(self, cloudformation: CloudFormation) -> None:
        before = {"Resources": {"A": queue(DelaySeconds=1), "B": queue(FifoQueue=True), "C": queue()}}
        cloudformation.create(before, Tags=[{"Key": "k", "Value": "1"}])
        names = {name: cloudformation.physical_id(name) for name in ("A", "B", "C")}

        after = failing(DelaySeconds=2)
        after["Resources"]["B"] = queue()
        after["Resources"]["Broken"]["DependsOn"] = ["A", "B"]
        cloudformation.update(after, Tags=[{"Key": "k", "Value": "2"}])

        assert cloudformation.status() == "UPDATE_ROLLBACK_COMPLETE"
        assert REFUSED in cloudformation.reasons()["Broken", "CREATE_FAILED"]
        assert {name: cloudformation.physical_id(name) for name in ("A", "B", "C")} == names
        assert set(cloudformation.resources()) == {"A", "B", "C"}
        assert cloudformation.client.get_template(StackName="fails")["TemplateBody"] == before
        assert cloudformation.stack()["Tags"] == [{"Key": "k", "Value": "1"}]
        sqs = cloudformation.harness.aws("sqs")
        attributes = sqs.get_queue_attributes(QueueUrl=names["A"], AttributeNames=["DelaySeconds"])["Attributes"]
        assert attributes == {"DelaySeconds": "1"}
        unchanged = cloudformation.refusal(
            "update_stack", StackName="fails", TemplateBody=json.dumps(before), Tags=[{"Key": "k", "Value": "1"}]
        )
        assert unchanged[1] == "No updates are to be performed."

    def test_or_left_and_mended_and_what_was_replaced_goes_then(self, cloudformation: CloudFormation) -> None:
        cloudformation.create({"Resources": {"A": queue(FifoQueue=True)}})
        replaced = cloudformation.queue_name("A")

        cloudformation.update(failing(), DisableRollback=True)
        assert cloudformation.status() == "UPDATE_FAILED"
        assert cloudformation.queue_names() == {replaced, cloudformation.queue_name("A")}
        cloudformation.update(queues("A"))

        assert cloudformation.status() == "UPDATE_COMPLETE"
        assert cloudformation.queue_names() == {cloudformation.queue_name("A")}

    def test_or_left_and_deleted(self, cloudformation: CloudFormation) -> None:
        cloudformation.create({"Resources": {"A": queue(FifoQueue=True)}})
        cloudformation.update(failing(), DisableRollback=True)

        cloudformation.delete()

        assert cloudformation.queue_names() == set()

    def test_or_left_several_times_and_rolled_back_to_what_was_complete_last(
        self, cloudformation: CloudFormation
    ) -> None:
        before = {"Resources": {"A": queue(DelaySeconds=1, FifoQueue=True)}}
        cloudformation.create(before)
        first = cloudformation.queue_name("A")
        cloudformation.update(failing(DelaySeconds=2), DisableRollback=True)
        more = failing(DelaySeconds=3)
        more["Resources"]["More"] = {**queue(), "DependsOn": "A"}
        more["Resources"]["Broken"]["DependsOn"] = "More"
        cloudformation.update(more, DisableRollback=True)
        assert cloudformation.status() == "UPDATE_FAILED"

        cloudformation.client.rollback_stack(StackName="fails")
        cloudformation.harness.drain()

        assert cloudformation.status() == "UPDATE_ROLLBACK_COMPLETE"
        assert cloudformation.queue_names() == {first} == {cloudformation.queue_name("A")}
        assert cloudformation.client.get_template(StackName="fails")["TemplateBody"] == before

    def test_a_parent_that_fails_takes_its_nested_stack_back(self, cloudformation: CloudFormation) -> None:
        s3 = cloudformation.harness.aws("s3")
        s3.create_bucket(Bucket="fails-templates")

        def inner(delay: int) -> dict[str, Any]:
            template = {"Resources": {"Q": queue(DelaySeconds=delay)}, "Outputs": {"Delay": {"Value": delay}}}
            key = f"{delay}.json"
            s3.put_object(Bucket="fails-templates", Key=key, Body=json.dumps(template))
            url = f"https://s3.us-east-1.amazonaws.com/fails-templates/{key}"
            return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}

        cloudformation.create({"Resources": {"Inner": inner(1)}})
        child = cloudformation.physical_id("Inner")

        cloudformation.update({"Resources": {"Inner": inner(2), "Broken": {**BROKEN, "DependsOn": "Inner"}}})

        assert (cloudformation.status(), cloudformation.status(child)) == ("UPDATE_ROLLBACK_COMPLETE",) * 2
        assert cloudformation.outputs(child) == {"Delay": "1"}
        template = cloudformation.client.get_template(StackName=child)["TemplateBody"]
        assert template["Outputs"] == {"Delay": {"Value": 1}}
        sqs = cloudformation.harness.aws("sqs")
        url = cloudformation.physical_id("Q", child)
        delay = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
        assert delay == {"DelaySeconds": "1"}

    def test_a_nested_stack_that_was_not_made_leaves_nothing(self, cloudformation: CloudFormation) -> None:
        s3 = cloudformation.harness.aws("s3")
        s3.create_bucket(Bucket="fails-nested")
        s3.put_object(Bucket="fails-nested", Key="inner.json", Body=json.dumps(failing()))
        properties = {"TemplateURL": "https://fails-nested.s3.amazonaws.com/inner.json"}
        template = {"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}}}

        cloudformation.create(template, DisableRollback=True)
        assert cloudformation.status() == "CREATE_FAILED"
        assert len(cloudformation.queue_names()) == 1
        cloudformation.delete()

        assert cloudformation.queue_names() == set()
        assert cloudformation.client.describe_stacks()["Stacks"] == []


WAITS = """
import boto3, json, os, urllib.request
def handler(event, context):
    if event["RequestType"] == "Create":
        sqs = boto3.client("sqs")
        url = sqs.get_queue_url(QueueName="fails-signal")["QueueUrl"]
        while not sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"):
            pass
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"Status": "SUCCESS", "PhysicalResourceId": "made"}
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))
"""


class TestInProgress:
    @pytest.fixture
    def signal(self, cloudformation: CloudFormation) -> Iterator[str]:
        url: str = cloudformation.harness.aws("sqs").create_queue(QueueName="fails-signal")["QueueUrl"]
        yield url
        cloudformation.harness.drain()
        cloudformation.harness.aws("sqs").delete_queue(QueueUrl=url)

    def _begin(self, cloudformation: CloudFormation) -> None:
        token = {"ServiceToken": {"Fn::GetAtt": ["Fn", "Arn"]}}
        template = {
            "Resources": {
                **function("Fn", WAITS, Timeout=60),
                "Waits": {"Type": "Custom::Waits", "Properties": token},
                "Behind": {**queue(), "DependsOn": "Waits"},
            }
        }
        cloudformation.client.create_stack(
            StackName="fails", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
        wait_until(
            lambda: ("Waits", "CREATE_IN_PROGRESS") in cloudformation.events(), "the custom resource is not asked"
        )

    def test_what_is_under_way_is_shown_and_waited_for(self, cloudformation: CloudFormation, signal: str) -> None:
        self._begin(cloudformation)

        assert cloudformation.status() == "CREATE_IN_PROGRESS"
        resources = cloudformation.resources()
        assert resources["Waits"] == ("Custom::Waits", "CREATE_IN_PROGRESS")
        assert resources["Fn"] == ("AWS::Lambda::Function", "CREATE_COMPLETE")
        assert "Behind" not in resources
        body = json.dumps(queues("A"))
        for operation, code in (("update_stack", "ValidationError"), ("create_stack", "AlreadyExistsException")):
            refused = cloudformation.refusal(operation, StackName="fails", TemplateBody=body)
            assert refused[0] == code
        cloudformation.harness.aws("sqs").send_message(QueueUrl=signal, MessageBody="go")
        cloudformation.harness.drain()
        assert cloudformation.status() == "CREATE_COMPLETE"

    def test_a_deletion_ends_a_creation(self, cloudformation: CloudFormation, signal: str) -> None:
        self._begin(cloudformation)
        identity = cloudformation.stack()["StackId"]

        cloudformation.client.delete_stack(StackName="fails")
        assert cloudformation.status() == "DELETE_IN_PROGRESS"
        cloudformation.client.delete_stack(StackName="fails")  # asking again changes nothing
        cloudformation.harness.aws("sqs").send_message(QueueUrl=signal, MessageBody="go")
        cloudformation.harness.drain()

        assert cloudformation.status(identity) == "DELETE_COMPLETE"
        assert "Behind" not in dict(cloudformation.events(identity))
        assert cloudformation.harness.aws("lambda").list_functions()["Functions"] == []


def test_of_two_that_create_the_same_stack_one_is_refused(cloudformation: CloudFormation) -> None:
    body = json.dumps(queues("A"))
    outcomes: list[str] = []

    def create() -> None:
        try:
            cloudformation.client.create_stack(StackName="fails", TemplateBody=body)
            outcomes.append("created")
        except cloudformation.client.exceptions.AlreadyExistsException:
            outcomes.append("refused")

    threads = [threading.Thread(target=create, name=f"creator-{number}") for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cloudformation.harness.drain()

    assert sorted(outcomes) == ["created", "refused", "refused", "refused"]
    assert cloudformation.status() == "CREATE_COMPLETE"


def test_what_refuses_to_go_keeps_its_stack_until_it_is_retained(cloudformation: CloudFormation) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "fails-bucket"}}
    cloudformation.create({"Resources": {"A": queue(), "Bucket": bucket}})
    s3 = cloudformation.harness.aws("s3")
    s3.put_object(Bucket="fails-bucket", Key="k", Body=b"x")

    cloudformation.delete()

    assert cloudformation.status() == "DELETE_FAILED"
    assert cloudformation.reasons()["fails", "DELETE_FAILED"] == (
        "The following resource(s) failed to delete: [Bucket]. "
    )
    assert "not empty" in cloudformation.reasons()["Bucket", "DELETE_FAILED"]
    assert cloudformation.queue_names() == set()
    cloudformation.delete(RetainResources=["Bucket"])
    assert cloudformation.refusal("describe_stacks", StackName="fails")[0] == "ValidationError"
    s3.delete_object(Bucket="fails-bucket", Key="k")
    s3.delete_bucket(Bucket="fails-bucket")
