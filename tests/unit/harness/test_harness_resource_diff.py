"""What a changed resource takes: nothing, an update, or a new one, as the provider schemas say.

Source: CloudFormation Template Reference, "Update requires" of each property.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.assembly.same_value import same
from lambdakit.harness.deployment.provisioner import Created, Provisioned, Resource
from lambdakit.harness.deployment.resource_diff import Change, change_of, clashing_name


def resource(type_name: str, properties: Mapping[str, Any]) -> Resource:
    return Resource(
        stack="s",
        stack_id="i",
        logical_id="R",
        type=type_name,
        properties=properties,
        account_id="111122223333",
        region="eu-west-1",
    )


def change(type_name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    created = Created(resource=resource(type_name, before), provisioned=Provisioned(physical_id="p"))
    return change_of(created, resource(type_name, after))


_KEY = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}


@pytest.mark.parametrize(
    ("type_name", "before", "after", "expected"),
    [
        ("AWS::SQS::Queue", {"DelaySeconds": 1}, {"DelaySeconds": 1}, Change.NONE),
        ("AWS::SQS::Queue", {"DelaySeconds": 1}, {"DelaySeconds": "1"}, Change.NONE),
        ("AWS::SQS::Queue", {"FifoQueue": True}, {"FifoQueue": "true"}, Change.NONE),
        ("AWS::SQS::Queue", {"DelaySeconds": 1}, {"DelaySeconds": 2}, Change.UPDATE),
        ("AWS::SQS::Queue", {"DelaySeconds": 1}, {}, Change.UPDATE),
        ("AWS::SQS::Queue", {"QueueName": "a"}, {"QueueName": "b"}, Change.REPLACE),
        ("AWS::SQS::Queue", {}, {"FifoQueue": True}, Change.REPLACE),
        ("AWS::Lambda::Function", {}, {"DurableConfig": {"ExecutionTimeout": 1}}, Change.REPLACE),
        ("AWS::Lambda::Function", {"DurableConfig": {"ExecutionTimeout": 1}}, {}, Change.REPLACE),
        (
            "AWS::Lambda::Function",
            {"DurableConfig": {"ExecutionTimeout": 1}},
            {"DurableConfig": {"ExecutionTimeout": 2}},
            Change.UPDATE,
        ),
        ("AWS::Lambda::Function", {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}, {}, Change.REPLACE),
        ("AWS::SNS::Topic", {"DisplayName": "a"}, {"DisplayName": "b"}, Change.UPDATE),
        ("AWS::SNS::Topic", {"TopicName": "a"}, {"TopicName": "b"}, Change.REPLACE),
        ("AWS::Lambda::Function", {"Code": {"S3Key": "a"}}, {"Code": {"S3Key": "b"}}, Change.UPDATE),
        ("AWS::Lambda::Function", {"FunctionName": "a"}, {"FunctionName": "b"}, Change.REPLACE),
        ("AWS::Lambda::Version", {"FunctionName": "a"}, {"FunctionName": "b"}, Change.REPLACE),
        ("AWS::DynamoDB::Table", {"TableName": "a"}, {"TableName": "b"}, Change.REPLACE),
        ("AWS::DynamoDB::Table", {}, {"TimeToLiveSpecification": {"Enabled": False}}, Change.UPDATE),
        ("AWS::S3::Bucket", {"BucketName": "a"}, {"BucketName": "b"}, Change.REPLACE),
        ("AWS::S3::Bucket", {}, {"VersioningConfiguration": {"Status": "Enabled"}}, Change.UPDATE),
        ("AWS::IAM::Role", {"Description": "a"}, {"Description": "b"}, Change.UPDATE),
        ("AWS::IAM::Role", {"Path": "/a/"}, {"Path": "/b/"}, Change.REPLACE),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 1}, {"RetentionInDays": 7}, Change.UPDATE),
        ("AWS::EC2::Subnet", {"CidrBlock": "10.0.0.0/24"}, {"CidrBlock": "10.0.1.0/24"}, Change.REPLACE),
        ("AWS::Kinesis::Stream", {"ShardCount": 1}, {"ShardCount": 2}, Change.UPDATE),
        ("AWS::Events::Rule", {"Name": "a"}, {"Name": "b"}, Change.REPLACE),
        ("AWS::CloudFormation::Stack", {"TemplateURL": "a"}, {"TemplateURL": "b"}, Change.UPDATE),
        ("Custom::Thing", {"ServiceToken": "a", "Name": "a"}, {"ServiceToken": "a", "Name": "b"}, Change.UPDATE),
        (
            "AWS::CloudFormation::CustomResource",
            {"ServiceToken": "a"},
            {"ServiceToken": "b"},
            Change.UPDATE,  # which is refused: the token is fixed, and no other resource takes its place
        ),
    ],
)
def test_a_change(type_name: str, before: Mapping[str, Any], after: Mapping[str, Any], expected: Change) -> None:
    assert change(type_name, before, after) is expected


@pytest.mark.parametrize(
    ("type_name", "before", "after", "clash"),
    [
        ("AWS::SQS::Queue", {"QueueName": "a", "FifoQueue": True}, {"QueueName": "a"}, "a"),
        ("AWS::SQS::Queue", {"QueueName": "a", "FifoQueue": True}, {"QueueName": "b"}, None),
        ("AWS::SQS::Queue", {"FifoQueue": True}, {}, None),
        ("AWS::SQS::Queue", {"FifoQueue": True}, {"QueueName": "a"}, None),
        ("AWS::DynamoDB::Table", {"TableName": "a", **_KEY}, {"TableName": "a"}, "a"),
        ("AWS::Kinesis::Stream", {"Name": "a"}, {"Name": "a"}, "a"),
        ("AWS::IAM::Role", {"RoleName": "a", "Path": "/a/"}, {"RoleName": "a", "Path": "/b/"}, "a"),
        ("AWS::ApiGatewayV2::Api", {"Name": "a", "ProtocolType": "HTTP"}, {"Name": "a"}, None),
        ("AWS::Cognito::UserPoolClient", {"ClientName": "a", "GenerateSecret": True}, {"ClientName": "a"}, None),
        ("AWS::Lambda::Alias", {"Name": "live", "FunctionName": "f"}, {"Name": "live", "FunctionName": "g"}, None),
        ("AWS::Lambda::Alias", {"Name": "live", "FunctionName": "f"}, {"Name": "live", "FunctionName": "f"}, "live"),
        ("AWS::AppSync::DataSource", {"Name": "a", "ApiId": "1"}, {"Name": "a", "ApiId": "2"}, None),
        ("AWS::Events::Rule", {"Name": "a", "EventBusName": "b"}, {"Name": "a", "EventBusName": "c"}, "a"),
    ],
)
def test_a_custom_name_is_in_the_way_of_a_replacement(
    type_name: str, before: Mapping[str, Any], after: Mapping[str, Any], clash: str | None
) -> None:
    created = Created(resource=resource(type_name, before), provisioned=Provisioned(physical_id="p"))

    assert clashing_name(created, resource(type_name, after)) == clash


_VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def as_texts(value: Any) -> Any:
    """A value as YAML's authors write it: every number and truth value quoted."""
    if isinstance(value, dict):
        return {key: as_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@given(value=_VALUES)
def test_a_value_is_the_same_as_its_texts(value: Any) -> None:
    assert same(value, as_texts(value))
    assert same(as_texts(value), value)


@given(value=_VALUES, other=_VALUES)
def test_what_is_the_same_has_the_same_texts(value: Any, other: Any) -> None:
    assert same(value, other) is (as_texts(value) == as_texts(other))
