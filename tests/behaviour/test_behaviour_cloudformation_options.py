"""What calls of the CloudFormation API say besides a template: tokens, options of failures, policies; and what is gone.

Source: AWS CloudFormation API Reference, "CreateStack", "UpdateStack", "ExecuteChangeSet", "StackEvent" and
"DescribeStacks"; CloudFormation User Guide, "Prevent updates to stack resources".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.cloudformation import BROKEN, CloudFormation, queue, queues
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-options")

RETAINED = {**queue(), "DeletionPolicy": "Retain"}


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "options")
    yield cloudformation
    cloudformation.clean()
    sqs = harness.aws("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):  # what was retained
        sqs.delete_queue(QueueUrl=url)


def failing(**resources: Any) -> dict[str, Any]:
    """A template whose last resource cannot be made."""
    return {"Resources": {**resources, "Broken": {**BROKEN, "DependsOn": list(resources)}}}


class TestRetaining:
    @pytest.mark.parametrize(("option", "kept"), [({}, 1), ({"RetainExceptOnCreate": True}, 0)], ids=["kept", "gone"])
    def test_of_a_creation(self, cloudformation: CloudFormation, option: dict[str, bool], kept: int) -> None:
        cloudformation.create(failing(A=RETAINED), **option)

        assert cloudformation.status() == "ROLLBACK_COMPLETE"
        assert len(cloudformation.queue_names()) == kept

    @pytest.mark.parametrize(("option", "kept"), [({}, 2), ({"RetainExceptOnCreate": True}, 1)], ids=["kept", "gone"])
    def test_of_an_update(self, cloudformation: CloudFormation, option: dict[str, bool], kept: int) -> None:
        cloudformation.create(queues("First"))

        cloudformation.update(failing(First=queue(), A=RETAINED), **option)

        assert cloudformation.status() == "UPDATE_ROLLBACK_COMPLETE"
        assert len(cloudformation.queue_names()) == kept
        assert set(cloudformation.resources()) == {"First"}

    def test_of_a_change_set(self, cloudformation: CloudFormation) -> None:
        client = cloudformation.client
        made = client.create_change_set(
            StackName="options",
            ChangeSetName="first",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps(failing(A=RETAINED)),
        )

        client.execute_change_set(ChangeSetName=made["Id"], RetainExceptOnCreate=True)
        cloudformation.harness.drain()

        assert cloudformation.queue_names() == set()

    def test_one_that_took_the_place_of_another_goes_all_the_same(self, cloudformation: CloudFormation) -> None:
        cloudformation.create({"Resources": {"A": RETAINED}})
        before = cloudformation.queue_names()

        cloudformation.update(failing(A={**RETAINED, "Properties": {"FifoQueue": True}}))

        assert cloudformation.status() == "UPDATE_ROLLBACK_COMPLETE"
        assert cloudformation.queue_names() == before


class TestOnFailure:
    def test_only_one_of_two_options(self, cloudformation: CloudFormation) -> None:
        given = {"StackName": "options", "TemplateBody": json.dumps(queues("A"))}

        both = cloudformation.refusal("create_stack", OnFailure="DELETE", DisableRollback=True, **given)
        unknown = cloudformation.refusal("create_stack", OnFailure="KEEP", **given)

        assert both == ("ValidationError", "You can specify either OnFailure or DisableRollback, but not both.")
        assert unknown[0] == "ValidationError"
        assert unknown[1].endswith("Member must satisfy enum value set: [DO_NOTHING, ROLLBACK, DELETE]")

    @pytest.mark.parametrize(("option", "disabled"), [("DO_NOTHING", True), ("ROLLBACK", False)])
    def test_it_is_told(self, cloudformation: CloudFormation, option: str, disabled: bool) -> None:
        cloudformation.create(queues("A"), OnFailure=option)

        assert cloudformation.stack()["DisableRollback"] is disabled


def test_a_call_that_is_sent_again_has_the_same_answer(cloudformation: CloudFormation) -> None:
    client, template = cloudformation.client, json.dumps(queues("A"))
    identity = cloudformation.create(queues("A"), ClientRequestToken="first")

    again = client.create_stack(StackName="options", TemplateBody=template, ClientRequestToken="first")
    assert again["StackId"] == identity
    assert cloudformation.refusal(
        "create_stack", StackName="options", TemplateBody=template, ClientRequestToken="second"
    ) == ("AlreadyExistsException", "Stack [options] already exists")
    cloudformation.update(queues("A", "B"), ClientRequestToken="third")
    cloudformation.update(queues("A", "B"), ClientRequestToken="third")
    assert cloudformation.events().count(("options", "UPDATE_COMPLETE")) == 1
    made = {"StackName": "options", "ChangeSetName": "one", "TemplateBody": template}
    ids = {client.create_change_set(ClientToken="token", **made)["Id"] for _ in range(2)}
    assert len(ids) == 1
    assert cloudformation.refusal("create_change_set", **made)[0] == "AlreadyExistsException"


def test_resources_that_are_named_for_import_are_refused(cloudformation: CloudFormation) -> None:
    wanted = {
        "ResourceType": "AWS::SQS::Queue",
        "LogicalResourceId": "A",
        "ResourceIdentifier": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/a"},
    }
    given = {"StackName": "options", "ChangeSetName": "one", "TemplateBody": json.dumps(queues("A"))}

    code, message = cloudformation.refusal(
        "create_change_set", ChangeSetType="IMPORT", ResourcesToImport=[wanted], **given
    )

    assert code == "NotImplemented"
    assert "imports no resources" in message
    assert cloudformation.refusal("describe_stacks", StackName="options")[0] == "ValidationError"


def test_where_nothing_exists_nothing_is_to_be_imported(cloudformation: CloudFormation) -> None:
    """As the CDK CLI's `bootstrap` asks."""
    given = {"StackName": "options", "ChangeSetName": "one", "TemplateBody": json.dumps(queues("A"))}

    cloudformation.client.create_change_set(ChangeSetType="CREATE", ImportExistingResources=True, **given)

    told = cloudformation.client.describe_change_set(StackName="options", ChangeSetName="one")
    assert [change["ResourceChange"]["Action"] for change in told["Changes"]] == ["Add"]


def test_events_tell_the_token_of_the_call(cloudformation: CloudFormation) -> None:
    s3 = cloudformation.harness.aws("s3")
    s3.create_bucket(Bucket="options-templates")
    s3.put_object(Bucket="options-templates", Key="inner.json", Body=json.dumps(queues("Q")))
    url = "https://options-templates.s3.us-east-1.amazonaws.com/inner.json"
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    client = cloudformation.client

    def tokens(name: str) -> list[str | None]:
        events = client.describe_stack_events(StackName=name)["StackEvents"]
        return list(dict.fromkeys(event.get("ClientRequestToken") for event in reversed(events)))

    identity = cloudformation.create({"Resources": {"Nested": nested}}, ClientRequestToken="one")
    inner = cloudformation.physical_id("Nested")
    assert (tokens("options"), tokens(inner)) == (["one"], ["one"])
    cloudformation.update({"Resources": {"Nested": nested, "A": queue()}})
    assert tokens("options") == ["one", None]
    cloudformation.delete(ClientRequestToken="three")
    assert tokens(identity) == ["one", None, "three"]


def test_nested_stacks_can_be_asked_for_when_they_are_gone(cloudformation: CloudFormation) -> None:
    s3 = cloudformation.harness.aws("s3")
    s3.create_bucket(Bucket="options-nested")
    s3.put_object(Bucket="options-nested", Key="inner.json", Body=json.dumps(queues("Q")))
    url = "https://options-nested.s3.us-east-1.amazonaws.com/inner.json"
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    identity = cloudformation.create({"Resources": {"Nested": nested}})
    inner = cloudformation.physical_id("Nested")

    cloudformation.delete()

    assert cloudformation.status(inner) == "DELETE_COMPLETE"
    assert cloudformation.stack(inner)["ParentId"] == identity
    gone = cloudformation.client.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert {identity, inner} <= {stack["StackId"] for stack in gone}


class TestStackPolicy:
    @pytest.mark.parametrize(
        "statement",
        [
            {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"},
            {"Effect": "Allow", "Action": "Update:Modify", "Principal": "*", "Resource": "*"},
            {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "LogicalResourceId/A"},
            {"Effect": "Allow", "NotAction": "Update:Delete", "Principal": "*", "Resource": "*"},
            {
                **{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
                "Condition": {"StringEquals": {"ResourceType": ["AWS::SQS::Queue"]}},
            },
        ],
        ids=["deny", "one action", "one resource", "no action", "one type"],
    )
    def test_one_that_denies_something_is_refused(
        self, cloudformation: CloudFormation, statement: dict[str, Any]
    ) -> None:
        cloudformation.create(queues("A"))
        policy = json.dumps({"Statement": [statement]})

        refused = cloudformation.refusal("set_stack_policy", StackName="options", StackPolicyBody=policy)

        assert refused == ("NotImplemented", "a stack policy that denies updates is not enforced by this harness")

    def test_one_that_allows_everything_is_kept(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))
        every = {"Effect": "Allow", "Action": ["Update:*"], "Principal": "*", "Resource": "*"}
        policy = json.dumps({"Statement": [{**every, "Action": "Update:Modify"}, every]})

        cloudformation.client.set_stack_policy(StackName="options", StackPolicyBody=policy)

        assert cloudformation.client.get_stack_policy(StackName="options")["StackPolicyBody"] == policy


class TestPhysicalIds:
    def test_of_a_queue_is_what_ref_gives(self, cloudformation: CloudFormation) -> None:
        template = {**queues("A", "B"), "Outputs": {"Url": {"Value": {"Ref": "A"}}}}
        cloudformation.create(template)
        url = cloudformation.outputs()["Url"]
        client = cloudformation.client

        (first, *_) = client.list_stack_resources(StackName="options")["StackResourceSummaries"]
        events = client.describe_stack_events(StackName="options")["StackEvents"]
        made = client.create_change_set(
            StackName="options", ChangeSetName="first", TemplateBody=json.dumps(queues("B", "C"))
        )
        changes = client.describe_change_set(ChangeSetName=made["Id"])["Changes"]

        assert cloudformation.physical_id("A") == first["PhysicalResourceId"] == url
        assert {event["PhysicalResourceId"] for event in events if event["LogicalResourceId"] == "A"} == {"", url}
        assert url in [change["ResourceChange"].get("PhysicalResourceId") for change in changes]

    @pytest.mark.parametrize("form", ["Ref's", "AWS's"])
    def test_of_a_queue_finds_its_stack(self, cloudformation: CloudFormation, form: str) -> None:
        cloudformation.create({**queues("A"), "Outputs": {"Url": {"Value": {"Ref": "A"}}}})
        url = cloudformation.outputs()["Url"]
        account, name = url.split("/")[-2:]
        physical_id = url if form == "Ref's" else f"https://sqs.us-east-1.amazonaws.com/{account}/{name}"

        found = cloudformation.client.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]

        assert [item["LogicalResourceId"] for item in found] == ["A"]

    def test_that_nothing_has_finds_nothing(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))

        refused = cloudformation.refusal("describe_stack_resources", PhysicalResourceId="http://127.0.0.1:1/1/a")

        assert refused == ("ValidationError", "Stack for http://127.0.0.1:1/1/a does not exist")
