"""What Lambda asks of an execution role before it takes it.

Source: AWS Lambda Developer Guide, "Defining Lambda function permissions with an execution role"; API Reference,
"CreateFunction", "CreateEventSourceMapping".
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.errors import DeploymentError
from tests.fakes.guarded_world import allow, ask, caller, trust
from tests.fakes.plain_assembly import Resources
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."
ACCOUNT = "arn:aws:iam::123456789012"


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


def trusting(name: str, document: dict[str, Any]) -> Resources:
    resources = caller(name, allow("sqs:*"))
    resources[f"{name}Role"]["Properties"]["AssumeRolePolicyDocument"] = document
    return resources


def mapped(source: Resources, *statements: dict[str, Any], **properties: object) -> Resources:
    """A function `reader` that reads what `source` holds as its only resource."""
    (logical_id,) = source
    mapping = {"EventSourceArn": {"Fn::GetAtt": [logical_id, "Arn"]}, "FunctionName": {"Ref": "reader"}, **properties}
    return {
        **source,
        **caller("reader", *statements),
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
    }


QUEUE: Resources = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}}
STREAM: Resources = {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}}


@pytest.mark.parametrize(
    "document",
    [
        trust("ec2.amazonaws.com"),
        trust("lambda.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}),
        trust("lambda.amazonaws.com", Effect="Deny"),
    ],
    ids=["another service", "another account", "denied"],
)
def test_a_function_with_a_role_that_does_not_trust_lambda_is_not_deployed(
    stacks: Stacks, document: dict[str, Any]
) -> None:
    with pytest.raises(DeploymentError) as refused:
        stacks.deploy(trusting("untrusted", document))

    assert NOT_ASSUMED in str(refused.value)


def test_a_role_may_trust_lambda_for_its_own_account_and_functions_only(stacks: Stacks) -> None:
    narrow = {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:lambda:us-east-1:123456789012:function:trusted"},
    }

    deployment = stacks.deploy(trusting("trusted", trust("lambda.amazonaws.com", Condition=narrow)))

    assert deployment["stacks"]


def test_the_lambda_api_takes_no_role_that_does_not_trust_lambda(harness: WiredHarness, stacks: Stacks) -> None:
    stacks.deploy(caller("changed", allow("sqs:*")))
    harness.aws("iam").create_role(
        RoleName="for-machines", AssumeRolePolicyDocument=json.dumps(trust("ec2.amazonaws.com"))
    )
    role = f"{ACCOUNT}:role/for-machines"
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): pass")
    new = {
        "FunctionName": "new",
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Code": {"ZipFile": package.getvalue()},
    }

    with pytest.raises(ClientError) as created:
        harness.aws("lambda").create_function(Role=role, **new)
    with pytest.raises(ClientError) as updated:
        harness.aws("lambda").update_function_configuration(FunctionName="changed", Role=role)

    for refused in (created, updated):
        assert refused.value.response["Error"] == {"Code": "InvalidParameterValueException", "Message": NOT_ASSUMED}


def test_sts_does_not_say_why_a_role_is_not_assumed_and_the_trace_does(harness: WiredHarness, stacks: Stacks) -> None:
    stacks.deploy(caller("assuming", allow("sts:AssumeRole")))
    harness.aws("iam").create_role(
        RoleName="of-machines", AssumeRolePolicyDocument=json.dumps(trust("ec2.amazonaws.com"))
    )
    role = f"{ACCOUNT}:role/of-machines"

    answer = ask(harness, "assuming", "sts", "assume_role", RoleArn=role, RoleSessionName="job")

    assert answer["code"] == "AccessDenied"
    assert answer["message"].endswith(f"is not authorized to perform: sts:AssumeRole on resource: {role}")
    reasons = [event["reason"] for event in harness.events("AccessDenied") if event["resource"] == role]
    assert reasons == ["because no role trust policy allows the sts:AssumeRole action"]


def test_a_role_that_is_not_there_is_taken_and_told_of_once(harness: WiredHarness, stacks: Stacks) -> None:
    stacks.deploy(caller("lost", allow("sqs:*")))
    role = f"{ACCOUNT}:role/imagined"

    for _ in range(2):
        harness.aws("lambda").update_function_configuration(FunctionName="lost", Role=role)

    notes = [event["note"] for event in harness.events("RuntimeNote") if role in event["note"]]
    assert notes == [f"its role {role} does not exist, so that it may do nothing; AWS would not create the function"]


@pytest.mark.parametrize(
    ("source", "granted", "settings", "problem"),
    [
        (QUEUE, "sqs:DeleteMessage", {}, "does not have permissions to call ReceiveMessage on SQS"),
        (QUEUE, "sqs:ReceiveMessage", {}, "does not have permissions to call DeleteMessage on SQS"),
        (
            STREAM,
            ["kinesis:GetRecords", "kinesis:DescribeStream"],
            {"StartingPosition": "LATEST"},
            "Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, ListShards, and"
            " ListStreams Actions on your stream in IAM.",
        ),
    ],
    ids=["receive", "delete", "stream"],
)
def test_a_mapping_whose_role_may_not_read_its_source_is_refused(
    stacks: Stacks, source: Resources, granted: object, settings: dict[str, object], problem: str
) -> None:
    with pytest.raises(DeploymentError) as refused:
        stacks.deploy(mapped(source, allow(granted), **settings))

    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("type_name", "attribute", "problem"),
    [
        ("AWS::SQS::Queue", "Arn", "does not have permissions to call SendMessage on SQS"),
        ("AWS::SNS::Topic", "TopicArn", "does not have permissions to call Publish on SNS"),
    ],
)
def test_a_function_whose_role_may_not_fill_its_dead_letter_queue_is_refused(
    stacks: Stacks, type_name: str, attribute: str, problem: str
) -> None:
    letters = {"TargetArn": {"Fn::GetAtt": ["Letters", attribute]}}
    resources = {
        "Letters": {"Type": type_name, "Properties": {}},
        **caller("failing", allow("dynamodb:PutItem"), DeadLetterConfig=letters),
    }

    with pytest.raises(DeploymentError) as refused:
        stacks.deploy(resources)

    assert problem in str(refused.value)


def test_a_mapping_is_made_behind_the_policy_that_it_needs_and_does_not_name(stacks: Stacks) -> None:
    resources = mapped(QUEUE, allow("sns:Publish"))
    document = {"Version": "2012-10-17", "Statement": [allow("sqs:*", {"Fn::GetAtt": ["Queue", "Arn"]})]}
    resources["Later"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "later", "Roles": [{"Ref": "readerRole"}], "PolicyDocument": document},
    }

    deployment = stacks.deploy(resources)

    assert deployment["stacks"]
