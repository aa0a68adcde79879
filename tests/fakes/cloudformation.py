"""The CloudFormation API of a harness, as a test calls it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.wired_harness import WiredHarness


class CloudFormation:
    """Stacks of one test, which are gone with it. client: boto3's."""

    def __init__(self, harness: WiredHarness, name: str) -> None:
        self.harness = harness
        self.client = harness.aws("cloudformation")
        self.name = name

    def create(self, template: Mapping[str, Any] | str, **more: Any) -> str:
        """The id of a stack whose creation has ended, however it did."""
        name = more.pop("StackName", self.name)
        identity: str = self.client.create_stack(StackName=name, TemplateBody=_text(template), **more)["StackId"]
        self.harness.drain()
        return identity

    def update(self, template: Mapping[str, Any] | str, **more: Any) -> None:
        """Lets an update end, however it does."""
        self.client.update_stack(StackName=more.pop("StackName", self.name), TemplateBody=_text(template), **more)
        self.harness.drain()

    def delete(self, name: str | None = None, **more: Any) -> None:
        """Lets a deletion end, however it does."""
        self.client.delete_stack(StackName=name or self.name, **more)
        self.harness.drain()

    def stack(self, name: str | None = None) -> dict[str, Any]:
        """What `DescribeStacks` says."""
        (stack,) = self.client.describe_stacks(StackName=name or self.name)["Stacks"]
        found: dict[str, Any] = stack
        return found

    def status(self, name: str | None = None) -> str:
        """The stack's status."""
        return str(self.stack(name)["StackStatus"])

    def outputs(self, name: str | None = None) -> dict[str, str]:
        """The stack's outputs by name."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack(name).get("Outputs", [])}

    def resources(self, name: str | None = None) -> dict[str, tuple[str, str]]:
        """Type and status of the stack's resources by logical id."""
        listed = self.client.describe_stack_resources(StackName=name or self.name)["StackResources"]
        return {item["LogicalResourceId"]: (item["ResourceType"], item["ResourceStatus"]) for item in listed}

    def physical_id(self, logical_id: str, name: str | None = None) -> str:
        """The physical id of a resource."""
        found = self.client.describe_stack_resource(StackName=name or self.name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def events(self, name: str | None = None) -> list[tuple[str, str]]:
        """Logical id and status of the stack's events, the oldest first."""
        listed = self.client.describe_stack_events(StackName=name or self.name)["StackEvents"]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(listed)]

    def reasons(self, name: str | None = None) -> dict[tuple[str, str], str]:
        """The reasons that events give, by logical id and status."""
        listed = self.client.describe_stack_events(StackName=name or self.name)["StackEvents"]
        return {
            (event["LogicalResourceId"], event["ResourceStatus"]): event["ResourceStatusReason"]
            for event in listed
            if "ResourceStatusReason" in event
        }

    def queue_name(self, logical_id: str) -> str:
        """The name of a queue, which ends its URL."""
        return self.physical_id(logical_id).rpartition("/")[2]

    def queue_names(self) -> set[str]:
        """The names of all queues that there are."""
        return {url.rpartition("/")[2] for url in self.harness.aws("sqs").list_queues().get("QueueUrls", [])}

    def refusal(self, operation: str, **given: Any) -> tuple[str, str]:
        """Code and message of a call that is refused."""
        with pytest.raises(ClientError) as refused:
            getattr(self.client, operation)(**given)
        error = refused.value.response["Error"]
        return error["Code"], error["Message"]

    def clean(self) -> None:
        """Deletes every stack whose name begins with the test's, those first that import."""
        for _ in range(3):
            for stack in reversed(self.client.describe_stacks()["Stacks"]):
                if stack["StackName"].startswith(self.name) and "ParentId" not in stack:
                    name = stack["StackName"]
                    if stack["EnableTerminationProtection"]:
                        self.client.update_termination_protection(EnableTerminationProtection=False, StackName=name)
                    try:
                        self.delete(name)
                    except ClientError:
                        continue


def queue(**properties: Any) -> dict[str, Any]:
    """A queue as a resource."""
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def queues(*names: str, **more: Any) -> dict[str, Any]:
    """A template of queues without properties, each created after the one before. more: other sections."""
    resources: dict[str, Any] = {}
    for before, name in zip(("", *names), names, strict=False):
        resources[name] = {"Type": "AWS::SQS::Queue", **({"DependsOn": before} if before else {})}
    return {"Resources": resources, **more}


# A name that the service refuses.
BROKEN: dict[str, Any] = queue(QueueName="no name")


def parameters(**given: str) -> Sequence[Mapping[str, str]]:
    """Parameters as calls take them."""
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]


def _text(template: Mapping[str, Any] | str) -> str:
    return template if isinstance(template, str) else json.dumps(template)
