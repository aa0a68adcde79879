"""The tags of a stack, which its resources inherit.

Source: AWS CloudFormation API Reference, "CreateStack" (`Tags`); CloudFormation Template Reference, "CloudFormation
resource tagging".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation, queue, queues
from tests.fakes.plain_assembly import write_stack
from tests.fakes.stacks import physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-stack-tags")

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
}
PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x", "Tags": {"own": "1"}}}
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "tagged")
    yield cloudformation
    cloudformation.clean()


def listed(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def queue_tags(cloudformation: CloudFormation, logical_id: str, stack: str | None = None) -> Mapping[str, str]:
    url = cloudformation.physical_id(logical_id, stack)
    found: Mapping[str, str] = cloudformation.harness.aws("sqs").list_queue_tags(QueueUrl=url).get("Tags", {})
    return found


def table_tags(cloudformation: CloudFormation, logical_id: str) -> list[dict[str, str]]:
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{cloudformation.physical_id(logical_id)}"
    found: list[dict[str, str]] = cloudformation.harness.aws("dynamodb").list_tags_of_resource(ResourceArn=arn)["Tags"]
    return found


class TestInheritance:
    def test_resources_have_the_tags_of_their_stack(self, cloudformation: CloudFormation) -> None:
        own = queue(Tags=listed(team="own", size="s"))
        template = {"Resources": {"Plain": queue(), "Own": own, "Map": PARAMETER, "Table": TABLE, "None": HANDLE}}

        cloudformation.create(template, Tags=listed(team="a", stage="prod"))

        assert queue_tags(cloudformation, "Plain") == {"team": "a", "stage": "prod"}
        assert queue_tags(cloudformation, "Own") == {"team": "own", "size": "s", "stage": "prod"}
        kept = cloudformation.harness.aws("ssm").list_tags_for_resource(
            ResourceType="Parameter", ResourceId=cloudformation.physical_id("Map")
        )
        assert {tag["Key"]: tag["Value"] for tag in kept["TagList"]} == {"own": "1", "team": "a", "stage": "prod"}
        assert table_tags(cloudformation, "Table") == listed(team="a", stage="prod")

    def test_other_tags_change_the_resources_in_place(self, cloudformation: CloudFormation) -> None:
        template = {"Resources": {"Plain": queue(), "Table": TABLE}}
        cloudformation.create(template, Tags=listed(team="a", stage="prod"))
        before = cloudformation.physical_id("Plain")

        cloudformation.update(template, Tags=listed(team="b"))

        assert cloudformation.status() == "UPDATE_COMPLETE"
        assert cloudformation.physical_id("Plain") == before
        assert queue_tags(cloudformation, "Plain") == {"team": "b"}
        assert table_tags(cloudformation, "Table") == listed(team="b")
        assert ("Plain", "UPDATE_COMPLETE") in cloudformation.events()

    def test_an_update_without_tags_keeps_them(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"), Tags=listed(team="a"))

        cloudformation.update(queues("A", "B"))

        assert (queue_tags(cloudformation, "A"), queue_tags(cloudformation, "B")) == ({"team": "a"}, {"team": "a"})

    def test_a_change_set_says_that_tags_change(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"), Tags=listed(team="a"))
        client = cloudformation.client

        made = client.create_change_set(
            StackName="tagged", ChangeSetName="tags", TemplateBody=json.dumps(queues("A")), Tags=listed(team="b")
        )

        (change,) = client.describe_change_set(ChangeSetName=made["Id"])["Changes"]
        assert change["ResourceChange"]["Scope"] == ["Tags"]
        assert change["ResourceChange"]["Details"][0]["Target"] == {"Attribute": "Tags", "RequiresRecreation": "Never"}

    def test_nested_stacks_and_what_is_in_them(self, cloudformation: CloudFormation) -> None:
        s3 = cloudformation.harness.aws("s3")
        s3.create_bucket(Bucket="tagged-templates")
        s3.put_object(Bucket="tagged-templates", Key="inner.json", Body=json.dumps(queues("Q")))
        url = "https://tagged-templates.s3.us-east-1.amazonaws.com/inner.json"
        nested = {"TemplateURL": url, "Tags": listed(team="inner", size="s")}
        template = {"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": nested}}}

        cloudformation.create(template, Tags=listed(team="a", stage="prod"))

        inner = cloudformation.physical_id("Nested")
        wanted = {"team": "inner", "size": "s", "stage": "prod"}
        assert {tag["Key"]: tag["Value"] for tag in cloudformation.stack(inner)["Tags"]} == wanted
        assert queue_tags(cloudformation, "Q", inner) == wanted

    def test_tags_that_an_assembly_gives_a_stack(self, harness: WiredHarness, tmp_path: Path) -> None:
        assembly = write_stack(tmp_path, "tagged-by-assembly", {"Q": queue()})
        manifest = json.loads((assembly / "manifest.json").read_text())
        manifest["artifacts"]["tagged-by-assembly"]["properties"]["tags"] = {"team": "a"}
        (assembly / "manifest.json").write_text(json.dumps(manifest))

        deployment = harness.deploy(assembly)

        found = harness.aws("sqs").list_queue_tags(QueueUrl=physical_id(deployment, "Q"))
        assert found["Tags"] == {"team": "a"}
        harness.destroy(deployment)


class TestRefusals:
    @pytest.mark.parametrize(
        ("tags", "message"),
        [
            (listed(**{f"k{number}": "v" for number in range(51)}), "length less than or equal to 50"),
            (listed(**{"AWS:mine": "v"}), "aws: prefixed tag key names are not allowed: [AWS:mine]"),
            ([*listed(a="1"), *listed(a="2")], "Duplicate tag keys found"),
        ],
        ids=["many", "reserved", "twice"],
    )
    def test_what_no_stack_may_have(
        self, cloudformation: CloudFormation, tags: list[dict[str, str]], message: str
    ) -> None:
        given: dict[str, Any] = {"StackName": "tagged", "TemplateBody": json.dumps(queues("A")), "Tags": tags}

        code, said = cloudformation.refusal("create_stack", **given)

        assert code == "ValidationError"
        assert message in said
        given["Tags"] = [tag for tag in tags if not tag["Key"].startswith("AWS:")][1:]
        cloudformation.create(queues("A"), Tags=given["Tags"])
        assert len(queue_tags(cloudformation, "A")) == len(given["Tags"])
