"""What calls of the CloudFormation API limit: the time of a creation, and the types of resources; and what is refused.

Source: AWS CloudFormation API Reference, "CreateStack", "CreateChangeSet" and "RollbackConfiguration".
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation, queue, queues
from tests.fakes.waiting import wait_until
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-limits")

HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
CONDITION = {
    "Type": "AWS::CloudFormation::WaitCondition",
    "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "43200"},
}
WAITING = {"First": queue(), "Handle": HANDLE, "Condition": {**CONDITION, "DependsOn": "First"}}
TOO_LATE = "Stack creation time exceeded the specified timeout."


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "limits")
    yield cloudformation
    cloudformation.clean()


def create_slowly(cloudformation: CloudFormation, resources: dict[str, Any], **more: Any) -> None:
    """A stack whose creation takes six minutes of the harness's clock."""
    client = cloudformation.client
    template = json.dumps({"Resources": resources})
    client.create_stack(StackName="limits", TemplateBody=template, **more)
    wait_until(lambda: ("Condition", "CREATE_IN_PROGRESS") in cloudformation.events(), "the condition does not wait")
    assert cloudformation.harness.call("POST", "clock", {"advance_seconds": 360, "settle": False}).status == 200
    body = json.dumps({"Status": "SUCCESS", "UniqueId": "one", "Reason": "because", "Data": "x"}).encode()
    url = cloudformation.physical_id("Handle")
    urllib.request.urlopen(urllib.request.Request(url, body, method="PUT", headers={"Content-Type": ""})).close()
    cloudformation.harness.drain()


class TestTimeout:
    @pytest.mark.parametrize(
        "more", [{}, {"Next": {**queue(), "DependsOn": "Condition"}}], ids=["the last one", "another one follows"]
    )
    def test_a_creation_that_takes_longer_is_rolled_back(
        self, cloudformation: CloudFormation, more: dict[str, Any]
    ) -> None:
        create_slowly(cloudformation, {**WAITING, **more}, TimeoutInMinutes=5)

        assert cloudformation.status() == "ROLLBACK_COMPLETE"
        assert cloudformation.reasons()["limits", "ROLLBACK_IN_PROGRESS"] == f"{TOO_LATE} Rollback requested by user."
        assert cloudformation.queue_names() == set()
        assert not [event for event in cloudformation.events() if event[0] == "Next"]

    def test_one_that_is_not_to_be_rolled_back_stays(self, cloudformation: CloudFormation) -> None:
        create_slowly(cloudformation, WAITING, TimeoutInMinutes=6, DisableRollback=True)

        assert cloudformation.status() == "CREATE_FAILED"
        assert cloudformation.stack()["StackStatusReason"] == TOO_LATE

    @pytest.mark.parametrize("option", [{}, {"TimeoutInMinutes": 60}], ids=["none", "longer"])
    def test_one_that_takes_less_goes_on(self, cloudformation: CloudFormation, option: dict[str, int]) -> None:
        create_slowly(cloudformation, WAITING, **option)

        assert cloudformation.status() == "CREATE_COMPLETE"
        assert cloudformation.stack().get("TimeoutInMinutes") == option.get("TimeoutInMinutes")

    def test_does_not_count_for_updates(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"), TimeoutInMinutes=1)
        cloudformation.harness.call("POST", "clock", {"advance_seconds": 120})

        cloudformation.update(queues("A", "B"))

        assert cloudformation.status() == "UPDATE_COMPLETE"


class TestResourceTypes:
    @pytest.mark.parametrize("allowed", ["AWS::*", "AWS::SQS::*", "AWS::SQS::Queue"])
    def test_that_are_named_are_created(self, cloudformation: CloudFormation, allowed: str) -> None:
        cloudformation.create(queues("A"), ResourceTypes=["Custom::*", allowed])

        assert cloudformation.status() == "CREATE_COMPLETE"

    @pytest.mark.parametrize("operation", ["create_stack", "create_change_set", "update_stack"])
    def test_others_are_refused(self, cloudformation: CloudFormation, operation: str) -> None:
        more: dict[str, Any] = {}
        if operation == "update_stack":
            cloudformation.create(queues("A"))
        elif operation == "create_change_set":
            more = {"ChangeSetName": "first", "ChangeSetType": "CREATE"}
        template = {"Resources": {"A": queue(), "T": {"Type": "AWS::SNS::Topic"}}}

        refused = cloudformation.refusal(
            operation,
            StackName="limits",
            TemplateBody=json.dumps(template),
            ResourceTypes=["AWS::SQS::Queue", "AWS::SN"],
            **more,
        )

        message = "Resource types [AWS::SNS::Topic] are not among the ResourceTypes of the call"
        assert refused == ("ValidationError", message)

    def test_are_not_named_beside_capabilities(self, cloudformation: CloudFormation) -> None:
        code, message = cloudformation.refusal(
            "create_stack",
            StackName="limits",
            TemplateBody=json.dumps(queues("A")),
            ResourceTypes=["AWS::*"],
            Capabilities=["CAPABILITY_IAM"],
        )

        assert (code, message.partition(" and ")[0]) == ("ValidationError", "Only one of the Capabilities")


ALARM = {"Arn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a", "Type": "AWS::CloudWatch::Alarm"}


class TestRollbackConfiguration:
    @pytest.mark.parametrize(
        ("wanted", "named"),
        [({"RollbackTriggers": [ALARM]}, "RollbackTriggers"), ({"MonitoringTimeInMinutes": 5}, "MonitoringTimeIn")],
        ids=["alarms", "time"],
    )
    @pytest.mark.parametrize("operation", ["create_stack", "create_change_set", "update_stack"])
    def test_that_takes_alarms_or_time_is_refused(
        self, cloudformation: CloudFormation, operation: str, wanted: dict[str, Any], named: str
    ) -> None:
        more: dict[str, Any] = {}
        if operation == "update_stack":
            cloudformation.create(queues("A"))
        elif operation == "create_change_set":
            more = {"ChangeSetName": "first", "ChangeSetType": "CREATE"}
        given = {"StackName": "limits", "TemplateBody": json.dumps(queues("A", "B")), **more}

        code, message = cloudformation.refusal(operation, RollbackConfiguration=wanted, **given)

        assert (code, named in message) == ("NotImplemented", True)

    def test_that_takes_neither_is_kept(self, cloudformation: CloudFormation) -> None:
        empty = {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}

        cloudformation.create(queues("A"), RollbackConfiguration=empty)
        cloudformation.update(queues("A", "B"))

        assert cloudformation.stack()["RollbackConfiguration"] == empty

    def test_of_a_change_set_is_kept(self, cloudformation: CloudFormation) -> None:
        empty = {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}
        client = cloudformation.client
        made = client.create_change_set(
            StackName="limits",
            ChangeSetName="first",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps(queues("A")),
            RollbackConfiguration=empty,
        )

        described = client.describe_change_set(ChangeSetName=made["Id"])
        client.execute_change_set(ChangeSetName=made["Id"])
        cloudformation.harness.drain()

        assert described["RollbackConfiguration"] == cloudformation.stack()["RollbackConfiguration"] == empty


class TestChangeSets:
    def test_are_of_one_stack_and_without_values_whoever_asks_for_more(self, cloudformation: CloudFormation) -> None:
        given = {"StackName": "limits", "ChangeSetType": "CREATE", "TemplateBody": json.dumps(queues("A"))}
        cloudformation.client.create_change_set(ChangeSetName="first", IncludeNestedStacks=True, **given)
        found = {"ChangeSetName": "first", "StackName": "limits"}

        asked = cloudformation.client.describe_change_set(IncludePropertyValues=True, **found)

        assert [change["ResourceChange"]["LogicalResourceId"] for change in asked["Changes"]] == ["A"]
        assert "AfterContext" not in asked["Changes"][0]["ResourceChange"]
        assert asked["IncludeNestedStacks"] is False
