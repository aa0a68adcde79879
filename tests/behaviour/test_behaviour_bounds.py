"""What services refuse by its size, its name or its place, and moto takes.

Source: the API reference of each operation, and botocore's models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation
from tests.fakes.lambda_api import refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-bounds")

_RANGES = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86400),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200),
}


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    made = CloudFormation(harness, "bounds")
    yield made
    made.clean()


class TestQueues:
    @pytest.fixture
    def queue(self, harness: WiredHarness) -> Iterator[tuple[Any, str]]:
        client = harness.aws("sqs")
        url = client.create_queue(QueueName="bounds")["QueueUrl"]
        yield client, url
        client.delete_queue(QueueUrl=url)

    @pytest.mark.parametrize("name", _RANGES)
    def test_a_number_is_held_to_its_range(self, queue: tuple[Any, str], name: str) -> None:
        client, url = queue
        least, most = _RANGES[name]

        for value in (least, most):
            client.set_queue_attributes(QueueUrl=url, Attributes={name: str(value)})
        for value in (least - 1, most + 1):
            expected = (400, "InvalidAttributeValue", f"Invalid value for the parameter {name}.")
            given = {name: str(value)}
            assert refusal(client.set_queue_attributes, QueueUrl=url, Attributes=given) == expected
            assert refusal(client.create_queue, QueueName="other", Attributes=given) == expected

    @pytest.mark.parametrize(("receives", "taken"), [(0, False), (1, True), (1000, True), (1001, False)])
    def test_a_message_is_received_a_thousand_times_at_most(
        self, queue: tuple[Any, str], receives: int, taken: bool
    ) -> None:
        client, url = queue
        arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        given = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives})}

        if taken:
            client.set_queue_attributes(QueueUrl=url, Attributes=given)
        else:
            refused = refusal(client.set_queue_attributes, QueueUrl=url, Attributes=given)
            assert refused[1] == "InvalidParameterValue"
            assert f"Invalid value for maxReceiveCount: {receives}" in refused[2]

    def test_what_is_no_attribute_and_no_name_is_refused(self, queue: tuple[Any, str]) -> None:
        client, url = queue

        unknown = refusal(client.set_queue_attributes, QueueUrl=url, Attributes={"Delay": "1"})
        assert unknown == (400, "InvalidAttributeName", "Unknown Attribute Delay.")
        for name in ("DeduplicationScope", "FifoThroughputLimit"):
            refused = refusal(client.create_queue, QueueName="a.fifo", Attributes={"FifoQueue": "true", name: "x"})
            assert refused[1] == "InvalidAttributeValue"
        assert refusal(client.create_queue, QueueName="a.fifo")[1] == "InvalidParameterValue"

    def test_a_template_is_held_to_them(self, cloudformation: CloudFormation) -> None:
        template = {"Resources": {"Late": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 901}}}}

        cloudformation.create(template)

        assert cloudformation.status() == "ROLLBACK_COMPLETE"
        assert "Invalid value for the parameter DelaySeconds." in cloudformation.reasons()["Late", "CREATE_FAILED"]


class TestRestApis:
    @pytest.fixture
    def api(self, harness: WiredHarness) -> Iterator[tuple[Any, str, str]]:
        client = harness.aws("apigateway")
        made = client.create_rest_api(name="bounds")
        root = client.get_resources(restApiId=made["id"])["items"][0]["id"]
        yield client, made["id"], root
        client.delete_rest_api(restApiId=made["id"])

    def test_a_part_of_a_path_is_there_once(self, api: tuple[Any, str, str]) -> None:
        client, api_id, root = api
        place = {"restApiId": api_id, "parentId": root}
        one = client.create_resource(**place, pathPart="one")["id"]

        text = "Another resource with the same parent already has this name: one"
        assert refusal(client.create_resource, **place, pathPart="one") == (409, "ConflictException", text)
        below = client.create_resource(restApiId=api_id, parentId=one, pathPart="one")
        assert below["path"] == "/one/one"

    def test_only_one_part_is_a_variable(self, api: tuple[Any, str, str]) -> None:
        client, api_id, root = api
        place = {"restApiId": api_id, "parentId": root}
        client.create_resource(**place, pathPart="{id}")
        client.create_resource(**place, pathPart="plain")

        status, code, text = refusal(client.create_resource, **place, pathPart="{rest+}")
        assert (status, code) == (400, "BadRequestException")
        assert text == "A sibling ({id}) of this resource already has a variable path part -- only one is allowed"

    @pytest.mark.parametrize("part", ["{a", "a}", "{a}b", "{a+}b", "{}"])
    def test_braces_stand_around_a_variable(self, api: tuple[Any, str, str], part: str) -> None:
        client, api_id, root = api

        refused = refusal(client.create_resource, restApiId=api_id, parentId=root, pathPart=part)
        assert refused[:2] == (400, "BadRequestException")

    def test_a_method_is_there_once(self, api: tuple[Any, str, str]) -> None:
        client, api_id, root = api
        given = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET", "authorizationType": "NONE"}
        client.put_method(**given)

        assert refusal(client.put_method, **given) == (
            *(409, "ConflictException"),
            "Method already exists for this resource",
        )

    def test_names_and_times_are_bounded(self, api: tuple[Any, str, str]) -> None:
        client, api_id, root = api
        method = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
        client.put_method(**method, authorizationType="NONE")
        client.put_integration(**method, type="MOCK")
        deployment = client.create_deployment(restApiId=api_id)["id"]
        stage = {"restApiId": api_id, "deploymentId": deployment}
        authorizer = {
            "restApiId": api_id,
            "name": "a",
            "type": "COGNITO_USER_POOLS",
            "providerARNs": ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcdefghi"],
            "identitySource": "method.request.header.Authorization",
        }
        model = {"restApiId": api_id, "contentType": "application/json", "schema": "{}"}

        for name in ("a b", "x.y", "a" * 129):
            assert refusal(client.create_stage, **stage, stageName=name)[1] == "BadRequestException"
        client.create_stage(**stage, stageName="a-B_1")
        assert refusal(client.create_authorizer, **authorizer, authorizerResultTtlInSeconds=3601)[0] == 400
        client.create_authorizer(**authorizer, authorizerResultTtlInSeconds=3600)
        assert refusal(client.create_model, **model, name="a-b")[1] == "BadRequestException"
        client.create_model(**model, name="ab")

    def test_a_template_is_held_to_them(self, cloudformation: CloudFormation) -> None:
        def part(name: str) -> dict[str, Any]:
            parent = {"Fn::GetAtt": ["Api", "RootResourceId"]}
            properties = {"RestApiId": {"Ref": "Api"}, "ParentId": parent, "PathPart": name}
            return {"Type": "AWS::ApiGateway::Resource", "Properties": properties}

        api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x"}}
        twice = {"Api": api, "One": part("one"), "Two": {**part("one"), "DependsOn": "One"}}

        cloudformation.create({"Resources": twice})

        reason = cloudformation.reasons()["Two", "CREATE_FAILED"]
        assert "Another resource with the same parent already has this name: one" in reason

    def test_what_a_template_gives_no_name_gets_one_within_the_bounds(self, cloudformation: CloudFormation) -> None:
        api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x"}}
        of_api = {"RestApiId": {"Ref": "Api"}}
        model = {"Type": "AWS::ApiGateway::Model", "Properties": {**of_api, "Schema": {"type": "object"}}}

        cloudformation.create({"Resources": {"Api": api, "Model": model}})

        assert cloudformation.reasons().get(("Model", "CREATE_FAILED")) is None
        assert cloudformation.status() == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        *((name, True) for name in ("a-b.c", "0ab", "a" * 63)),
        *((name, False) for name in ("Ab-cd", "a_b_c", "192.168.1.1", "a..b", "-abc", "abc-", "xn--abc", "ab-s3alias")),
    ],
)
def test_a_bucket_is_called_as_the_rules_say(harness: WiredHarness, name: str, taken: bool) -> None:
    client = harness.aws("s3")

    if taken:
        client.create_bucket(Bucket=name)
        client.delete_bucket(Bucket=name)
    else:
        assert refusal(client.create_bucket, Bucket=name)[:2] == (400, "InvalidBucketName")


_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
_KEY = {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
_TABLE = {**_KEY, "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}]}
_RULE = {"ScheduleExpression": "rate(1 minute)"}
_LONG = "failed to satisfy constraint: Member must have length less than or equal to"
_PATTERN = "failed to satisfy constraint: Member must satisfy regular expression pattern"


@pytest.mark.parametrize(
    ("service", "operation", "given", "code", "text"),
    [
        ("events", "put_rule", {**_RULE, "Name": "r" * 65}, "ValidationException", _LONG),
        ("events", "put_rule", {**_RULE, "Name": "a b"}, "ValidationException", _PATTERN),
        ("events", "create_event_bus", {"Name": "a b"}, "ValidationException", _PATTERN),
        ("kinesis", "create_stream", {"StreamName": "a b", "ShardCount": 1}, "ValidationException", _PATTERN),
        ("kinesis", "create_stream", {"StreamName": "a" * 129, "ShardCount": 1}, "ValidationException", _LONG),
        ("dynamodb", "create_table", {**_TABLE, "TableName": "ab"}, "ValidationException", "between 3 and 255"),
        ("dynamodb", "create_table", {**_TABLE, "TableName": "a b c"}, "ValidationException", "between 3 and 255"),
        ("logs", "create_log_group", {"logGroupName": "a b"}, "InvalidParameterException", _PATTERN),
        ("iam", "create_role", {"RoleName": "r" * 65, "AssumeRolePolicyDocument": _TRUST}, "ValidationError", _LONG),
        (
            *("iam", "create_role"),
            {"RoleName": "r", "AssumeRolePolicyDocument": _TRUST, "MaxSessionDuration": 43201},
            *(
                "ValidationError",
                "Value '43201' at 'maxSessionDuration' failed to satisfy constraint: Member must have",
            ),
        ),
    ],
)
def test_input_is_held_to_the_bounds_of_the_services_model(
    harness: WiredHarness, service: str, operation: str, given: Mapping[str, Any], code: str, text: str
) -> None:
    status, told, message = refusal(getattr(harness.aws(service), operation), **given)

    assert (status, told) == (400, code)
    assert text in message


@pytest.mark.parametrize(("days", "taken"), [(1, True), (2, False), (3, True), (3653, True), (3654, False)])
def test_logs_are_kept_for_the_days_that_there_are(harness: WiredHarness, days: int, taken: bool) -> None:
    client = harness.aws("logs")
    client.create_log_group(logGroupName=f"bounds-{days}")

    if taken:
        client.put_retention_policy(logGroupName=f"bounds-{days}", retentionInDays=days)
    else:
        refused = refusal(client.put_retention_policy, logGroupName=f"bounds-{days}", retentionInDays=days)
        assert refused[1] == "InvalidParameterException"
        assert f"Value '{days}' at 'retentionInDays' failed to satisfy constraint" in refused[2]
    client.delete_log_group(logGroupName=f"bounds-{days}")
