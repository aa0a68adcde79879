"""Who hears of what happens to stacks: rules of the default bus, and the topics that a stack names.

Source: CloudFormation User Guide, "Stack Status Change event detail", "Resource Status Change event detail"; API
Reference, "CreateStack" (`NotificationARNs`); Template Reference, "AWS::CloudFormation::Stack".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.cloudformation import BROKEN, CloudFormation, queue, queues
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-stack-events")

STACK = "AWS::CloudFormation::Stack"
QUEUE = "AWS::SQS::Queue"
LINE = re.compile(r"^(\w+)='(.*)'$")


class Listener:
    """A topic and a rule of the default bus, each with a queue behind it."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness = harness
        self._queues = harness.aws("sqs")
        self._topics = harness.aws("sns")
        self._rules = harness.aws("events")
        self.topic = self._topics.create_topic(Name="told")["TopicArn"]
        self._published = self._queue("published")
        self._topics.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=self._arn(self._published))
        self._put = self._queue("put")
        self._rules.put_rule(Name="told", EventPattern=json.dumps({"source": ["aws.cloudformation"]}))
        self._rules.put_targets(Rule="told", Targets=[{"Id": "1", "Arn": self._arn(self._put)}])

    def notifications(self) -> list[dict[str, str]]:
        """The lines of each notification that has come since the last look, by their names."""
        found = []
        for body in self._taken(self._published):
            assert body["Subject"] == "AWS CloudFormation Notification"
            lines = [LINE.fullmatch(line) for line in body["Message"].splitlines()]
            found.append({line[1]: line[2] for line in lines if line is not None})
            assert len(found[-1]) == len(lines)
        return found

    def notified(self) -> set[tuple[str, str]]:
        """Logical id and status of what the topic was told since the last look."""
        return {(each["LogicalResourceId"], each["ResourceStatus"]) for each in self.notifications()}

    def events(self) -> list[dict[str, Any]]:
        """The events that have come since the last look."""
        return self._taken(self._put)

    def heard(self) -> set[tuple[str, str]]:
        """Logical id (of a stack: its name) and status of what the rule was told since the last look."""
        told = set()
        for event in self.events():
            detail = event["detail"]
            name = detail.get("logical-resource-id", detail["stack-id"].split("/")[1])
            told.add((name, detail["status-details"]["status"]))
        return told

    def close(self) -> None:
        """Takes all of it away."""
        self._rules.remove_targets(Rule="told", Ids=["1"])
        self._rules.delete_rule(Name="told")
        self._topics.delete_topic(TopicArn=self.topic)
        for url in (self._published, self._put):
            self._queues.delete_queue(QueueUrl=url)

    def _queue(self, name: str) -> str:
        return str(self._queues.create_queue(QueueName=name)["QueueUrl"])

    def _arn(self, url: str) -> str:
        return str(self._queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["QueueArn"])

    def _taken(self, url: str) -> list[dict[str, Any]]:
        self.harness.drain()
        found: list[dict[str, Any]] = []
        while messages := self._queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                self._queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture
def listener(harness: WiredHarness) -> Iterator[Listener]:
    listener = Listener(harness)
    yield listener
    listener.close()


@pytest.fixture
def cloudformation(harness: WiredHarness, listener: Listener) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "heard")
    yield cloudformation
    cloudformation.clean()


def statuses(kind: str, *names: str) -> set[tuple[str, str]]:
    """Begin and end of what happened to each of `names`."""
    return {(name, f"{kind}_{ending}") for name in names for ending in ("IN_PROGRESS", "COMPLETE")}


class TestRules:
    def test_the_event_of_a_stack(self, cloudformation: CloudFormation, listener: Listener) -> None:
        identity = cloudformation.create(queues("A"), ClientRequestToken="the-token")

        events = [each for each in listener.events() if each["detail-type"] == "CloudFormation Stack Status Change"]
        by_status = {each["detail"]["status-details"]["status"]: each for each in events}
        assert set(by_status) == {"CREATE_IN_PROGRESS", "CREATE_COMPLETE"}
        begun = by_status["CREATE_IN_PROGRESS"]
        assert begun["detail"] == {
            "stack-id": identity,
            "status-details": {"status": "CREATE_IN_PROGRESS", "status-reason": "User Initiated"},
            "client-request-token": "the-token",
        }
        assert (begun["source"], begun["resources"]) == ("aws.cloudformation", [identity])
        assert (begun["account"], begun["region"]) == ("123456789012", "us-east-1")

    def test_the_event_of_a_resource(self, cloudformation: CloudFormation, listener: Listener) -> None:
        identity = cloudformation.create(queues("A"))

        events = [each for each in listener.events() if each["detail-type"] == "CloudFormation Resource Status Change"]
        by_status = {each["detail"]["status-details"]["status"]: each for each in events}
        assert by_status["CREATE_COMPLETE"]["detail"] == {
            "stack-id": identity,
            "logical-resource-id": "A",
            "physical-resource-id": cloudformation.physical_id("A"),
            "resource-type": QUEUE,
            "status-details": {"status": "CREATE_COMPLETE", "status-reason": ""},
            "client-request-token": "",
        }
        assert by_status["CREATE_IN_PROGRESS"]["detail"]["physical-resource-id"] == ""

    def test_an_update_and_a_deletion(self, cloudformation: CloudFormation, listener: Listener) -> None:
        cloudformation.create(queues("A"))
        listener.heard()

        cloudformation.update({"Resources": {"A": queue(DelaySeconds=3)}})
        assert listener.heard() == {*statuses("UPDATE", "heard", "A")}

        cloudformation.delete()
        assert listener.heard() == {*statuses("DELETE", "heard", "A")}

    def test_a_creation_that_fails(self, cloudformation: CloudFormation, listener: Listener) -> None:
        cloudformation.create({"Resources": {"A": queue(), "B": {**BROKEN, "DependsOn": "A"}}})

        assert listener.heard() >= {
            ("B", "CREATE_FAILED"),
            *statuses("ROLLBACK", "heard"),
            *statuses("DELETE", "A"),
        }

    @pytest.fixture
    def in_the_way(self, cloudformation: CloudFormation, listener: Listener) -> Iterator[None]:
        """The stack has a bucket with an object, which refuses to be deleted. What is left of it goes with the test."""
        cloudformation.create({"Resources": {"Kept": {"Type": "AWS::S3::Bucket"}}})
        objects = listener.harness.aws("s3")
        place = {"Bucket": cloudformation.physical_id("Kept"), "Key": "in the way"}
        objects.put_object(**place, Body=b"")
        yield
        objects.delete_object(**place)
        objects.delete_bucket(Bucket=place["Bucket"])

    @pytest.mark.usefixtures("in_the_way")
    def test_a_deletion_that_fails(self, cloudformation: CloudFormation, listener: Listener) -> None:
        listener.heard()

        cloudformation.delete()

        assert listener.heard() == {
            *((name, f"DELETE_{ending}") for name in ("heard", "Kept") for ending in ("IN_PROGRESS", "FAILED"))
        }

    @pytest.mark.usefixtures("in_the_way")
    def test_a_deletion_that_leaves_what_refuses(self, cloudformation: CloudFormation, listener: Listener) -> None:
        """API Reference, "DeleteStack" (`DeletionMode`)."""
        cloudformation.delete()
        listener.heard()

        cloudformation.delete(DeletionMode="FORCE_DELETE_STACK")

        assert listener.heard() == {
            *statuses("DELETE", "heard"),
            *(("Kept", f"DELETE_{status}") for status in ("IN_PROGRESS", "FAILED", "SKIPPED")),
        }

    def test_a_change_set_that_waits(self, cloudformation: CloudFormation, listener: Listener) -> None:
        client = cloudformation.client
        client.create_change_set(
            StackName="heard", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=json.dumps(queues("A"))
        )

        assert listener.heard() == {("heard", "REVIEW_IN_PROGRESS")}

    def test_the_function_of_another_stack(self, harness: WiredHarness, listener: Listener, tmp_path: Path) -> None:
        pattern = {"source": ["aws.cloudformation"], "detail": {"status-details": {"status": ["CREATE_COMPLETE"]}}}
        rule = {"EventPattern": pattern, "Targets": [{"Id": "1", "Arn": {"Fn::GetAtt": ["Fn", "Arn"]}}]}
        permission = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Fn"},
            "Principal": "events.amazonaws.com",
        }
        source = "def handler(event, context): print(event['detail-type'], event['detail']['stack-id'].split('/')[1])"
        resources = {
            **function("Fn", source),
            "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
            "May": {"Type": "AWS::Lambda::Permission", "Properties": permission},
        }
        watcher = harness.deploy(write_stack(tmp_path / "watcher", "watcher", resources))
        harness.drain()
        before = harness.position()

        watched = harness.deploy(write_stack(tmp_path / "watched", "watched", {"A": queue()}))
        harness.drain()

        lines = [event["line"].strip() for event in harness.events("FunctionLogged", after=before)]
        assert "CloudFormation Stack Status Change watched" in lines
        assert "CloudFormation Resource Status Change watched" in lines
        harness.destroy(watched)
        harness.destroy(watcher)


class TestTopics:
    def test_a_notification(self, cloudformation: CloudFormation, listener: Listener) -> None:
        identity = cloudformation.create(queues("A"), NotificationARNs=[listener.topic])

        told = {(each["LogicalResourceId"], each["ResourceStatus"]): each for each in listener.notifications()}
        assert set(told) == {*statuses("CREATE", "heard", "A")}
        (made,) = (
            each
            for each in cloudformation.client.describe_stack_events(StackName="heard")["StackEvents"]
            if (each["LogicalResourceId"], each["ResourceStatus"]) == ("A", "CREATE_COMPLETE")
        )
        found = told["A", "CREATE_COMPLETE"]
        assert list(found) == [
            *("StackId", "Timestamp", "EventId", "LogicalResourceId", "Namespace", "PhysicalResourceId"),
            *("PrincipalId", "ResourceProperties", "ResourceStatus", "ResourceStatusReason", "ResourceType"),
            *("StackName", "ClientRequestToken"),
        ]
        assert (found["StackId"], found["StackName"], found["Namespace"]) == (identity, "heard", "123456789012")
        assert (found["EventId"], found["ResourceType"]) == (made["EventId"], QUEUE)
        assert found["PhysicalResourceId"] == made["PhysicalResourceId"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["Timestamp"])
        assert told["heard", "CREATE_IN_PROGRESS"]["ResourceStatusReason"] == "User Initiated"
        assert told["heard", "CREATE_IN_PROGRESS"]["ResourceType"] == STACK

    def test_only_those_that_the_stack_names(self, cloudformation: CloudFormation, listener: Listener) -> None:
        cloudformation.create(queues("A"))
        assert listener.notified() == set()

        cloudformation.update(queues("A", "B"), NotificationARNs=[listener.topic])
        assert listener.notified() == {*statuses("UPDATE", "heard"), *statuses("CREATE", "B")}

        cloudformation.update(queues("A"), NotificationARNs=[])
        assert listener.notified() == set()

    def test_a_nested_stack_names_its_own(
        self, cloudformation: CloudFormation, listener: Listener, harness: WiredHarness
    ) -> None:
        objects = harness.aws("s3")
        objects.create_bucket(Bucket="templates")
        objects.put_object(Bucket="templates", Key="inner.json", Body=json.dumps(queues("Within")).encode())
        url = "https://templates.s3.amazonaws.com/inner.json"

        def nested(*topics: str) -> Mapping[str, Any]:
            properties = {"TemplateURL": url, "NotificationARNs": list(topics)}
            return {"Resources": {"A": queue(), "Inner": {"Type": STACK, "Properties": properties}}}

        cloudformation.create(nested(listener.topic))
        told = listener.notifications()
        assert {each["LogicalResourceId"] for each in told} == {"Within", *(each["StackName"] for each in told)}
        assert {each["ResourceStatus"] for each in told} == {"CREATE_IN_PROGRESS", "CREATE_COMPLETE"}

        cloudformation.delete()
        assert {each["ResourceStatus"] for each in listener.notifications()} == {
            "DELETE_IN_PROGRESS",
            "DELETE_COMPLETE",
        }
        objects.delete_object(Bucket="templates", Key="inner.json")
        objects.delete_bucket(Bucket="templates")

    def test_one_that_is_not_there(
        self, cloudformation: CloudFormation, listener: Listener, harness: WiredHarness
    ) -> None:
        before = harness.position()
        gone = f"{listener.topic}-gone"

        cloudformation.create(queues("A", "B"), NotificationARNs=[gone, "no ARN", listener.topic])

        assert cloudformation.status() == "CREATE_COMPLETE"
        assert listener.notified() == {*statuses("CREATE", "heard", "A", "B")}
        missed = [event["target"] for event in harness.events("EventNotDelivered", after=before)]
        assert missed == [gone, "no ARN"]


class TestAssemblies:
    @pytest.fixture
    def deployment(self, harness: WiredHarness, listener: Listener, tmp_path: Path) -> Iterator[dict[str, Any]]:
        deployment = harness.deploy(self.written(tmp_path, listener))
        yield deployment
        harness.destroy(deployment)

    @staticmethod
    def written(directory: Path, listener: Listener, **properties: Any) -> Path:
        """An assembly whose stack names the listener's topic, as `notification_arns` of the CDK has it written."""
        first = {"Fn::Select": [0, {"Ref": "AWS::NotificationARNs"}]}
        resources = {"A": queue(Tags=[{"Key": "told", "Value": first}], **properties)}
        directory = write_stack(directory, "heard", resources, First=first)
        manifest = json.loads((directory / "manifest.json").read_text())
        manifest["artifacts"]["heard"]["properties"]["notificationArns"] = [listener.topic]
        (directory / "manifest.json").write_text(json.dumps(manifest))
        return directory

    def test_deploying(self, deployment: dict[str, Any], listener: Listener) -> None:
        assert listener.notified() == listener.heard() == {*statuses("CREATE", "heard", "A")}
        assert deployment["stacks"]["heard"]["outputs"]["First"] == listener.topic

    def test_an_update(
        self, deployment: dict[str, Any], harness: WiredHarness, listener: Listener, tmp_path: Path
    ) -> None:
        listener.notified()
        changed = self.written(tmp_path, listener, DelaySeconds=3)

        assert harness.call("PUT", f"deployments/{deployment['id']}", {"assembly": str(changed)}).status == 200

        assert listener.notified() == {*statuses("UPDATE", "heard", "A")}

    def test_an_update_that_changes_nothing_is_none(
        self, deployment: dict[str, Any], harness: WiredHarness, listener: Listener, tmp_path: Path
    ) -> None:
        listener.notified(), listener.heard()

        assert harness.call("PUT", f"deployments/{deployment['id']}", {"assembly": str(tmp_path)}).status == 200

        assert listener.notified() == listener.heard() == set()

    def test_a_reset_is_none(self, deployment: dict[str, Any], harness: WiredHarness, listener: Listener) -> None:
        listener.notified(), listener.heard()
        queues = harness.aws("sqs")
        queues.delete_queue(QueueUrl=deployment["stacks"]["heard"]["resources"]["A"]["physical_id"])

        harness.reset(deployment)

        assert listener.notified() == listener.heard() == set()

    def test_destroying(self, harness: WiredHarness, listener: Listener, tmp_path: Path) -> None:
        deployment = harness.deploy(self.written(tmp_path, listener))
        listener.notified()

        harness.destroy(deployment)

        assert listener.notified() == {*statuses("DELETE", "heard", "A")}
