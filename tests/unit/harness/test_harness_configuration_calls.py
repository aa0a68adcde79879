"""Which API calls change how something is set up, and what of a deployment they name."""

from __future__ import annotations

import json

import pytest

from lambdakit.harness.deployment.configuration_calls import ConfigurationCalls, changes_configuration
from lambdakit.harness.deployment.provisioner import Created, Provisioned, Resource
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Headers, Request


def _request(service: str, method: str, target: str, body: bytes = b"", **headers: str) -> Request:
    credential = f"AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host"
    pairs = [("authorization", credential), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return Request(method=method, target=target, headers=Headers(pairs), body=body)


def _json(service: str, operation: str, **fields: object) -> Request:
    return _request(service, "POST", "/", json.dumps(fields).encode(), x_amz_target=f"Any_2012.{operation}")


def _form(service: str, body: str) -> Request:
    return _request(service, "POST", "/", body.encode(), content_type="application/x-www-form-urlencoded")


def _created(physical_id: str, type_name: str = "AWS::SQS::Queue") -> Created:
    resource = Resource(
        stack="s",
        stack_id="i",
        logical_id="L",
        type=type_name,
        properties={},
        account_id="123456789012",
        region="us-east-1",
    )
    return Created(resource=resource, provisioned=Provisioned(physical_id=physical_id))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(_json("dynamodb", "DeleteTable", TableName="a"), True, id="table deleted"),
        pytest.param(_json("dynamodb", "UpdateItem", TableName="a"), False, id="item updated"),
        pytest.param(_json("dynamodb", "DescribeTable", TableName="a"), False, id="table read"),
        pytest.param(_json("sqs", "SetQueueAttributes", QueueUrl="a"), True, id="queue set"),
        pytest.param(_json("sqs", "SendMessage", QueueUrl="a"), False, id="message sent"),
        pytest.param(_json("sqs", "DeleteMessage", QueueUrl="a"), False, id="message deleted"),
        pytest.param(_json("kinesis", "SplitShard", StreamName="a"), True, id="shard split"),
        pytest.param(_json("events", "PutEvents"), False, id="events put"),
        pytest.param(_form("sns", "Action=Unsubscribe&SubscriptionArn=a"), True, id="unsubscribed"),
        pytest.param(_form("sns", "Action=Publish&TopicArn=a"), False, id="published"),
        pytest.param(_form("iam", "Action=DeleteRolePolicy&RoleName=a"), True, id="policy deleted"),
        pytest.param(_request("s3", "PUT", "/bucket?versioning"), True, id="bucket set"),
        pytest.param(_request("s3", "DELETE", "/bucket"), True, id="bucket deleted"),
        pytest.param(_request("s3", "GET", "/bucket?versioning"), False, id="bucket read"),
        pytest.param(_request("s3", "PUT", "/bucket/key"), False, id="object put"),
        pytest.param(_request("s3", "POST", "/bucket?delete"), False, id="objects deleted"),
        pytest.param(_request("s3", "POST", "/bucket"), False, id="object posted"),
        pytest.param(_request("lambda", "PUT", "/2017-10-31/functions/f/concurrency"), True, id="throttled"),
        pytest.param(_request("lambda", "DELETE", "/2015-03-31/functions/f"), True, id="function deleted"),
        pytest.param(_request("lambda", "GET", "/2015-03-31/functions/f"), False, id="function read"),
        pytest.param(_request("lambda", "POST", "/2015-03-31/functions/f/invocations"), False, id="invoked"),
        pytest.param(_request("apigateway", "PATCH", "/restapis/a"), True, id="API patched"),
    ],
)
def test_changes(request_: Request, expected: bool) -> None:
    assert changes_configuration(request_, read_service_request(request_)) is expected


@pytest.mark.parametrize(
    ("physical_id", "type_name", "text", "expected"),
    [
        ("http://127.0.0.1:1/123456789012/jobs", "AWS::SQS::Queue", "QueueUrl=jobs", True),
        ("http://127.0.0.1:1/123456789012/jobs", "AWS::SQS::Queue", "QueueUrl=other-jobs", False),
        ("http://127.0.0.1:1/123456789012/jobs", "AWS::SQS::Queue", "QueueUrl=jobs-2", False),
        ("arn:aws:sns:us-east-1:123456789012:news", "AWS::SNS::Topic", "arn%3Aaws%3Asns%3Aa%3Ab%3Anews%3A1-2", True),
        ("arn:aws:lambda:us-east-1:123456789012:function:work:1", "AWS::Lambda::Version", "Limit=1", False),
        ("arn:aws:lambda:us-east-1:123456789012:function:work:1", "AWS::Lambda::Version", "FunctionName=work", True),
        ("arn:aws:secretsmanager:r:a:secret:login-AbCdEf", "AWS::SecretsManager::Secret", "SecretId=login", True),
        ("arn:aws:secretsmanager:r:a:secret:login-AbCdEf", "AWS::SecretsManager::Secret", "SecretId=log", False),
        ("shop|placed", "AWS::Events::Rule", "Name=placed", True),
        ("", "AWS::SQS::Queue", "Name=", False),
    ],
)
def test_what_a_call_names(physical_id: str, type_name: str, text: str, expected: bool) -> None:
    calls, created = ConfigurationCalls(), _created(physical_id, type_name)
    request = _form("sns", f"Action=DeleteTopic&{text}")

    calls.note(request, read_service_request(request))

    assert calls.named([created], after=0) == ([created] if expected else [])


def test_calls_before_are_left_out() -> None:
    calls, created = ConfigurationCalls(), _created("jobs")
    request = _json("sqs", "DeleteQueue", QueueUrl="jobs")
    calls.note(request, read_service_request(request))

    assert calls.count == 1
    assert calls.named([created], after=0) == [created]
    assert calls.named([created], after=1) == []


def test_calls_that_are_not_known_any_more_may_have_named_anything() -> None:
    calls, created = ConfigurationCalls(), _created("jobs")
    request = _json("sqs", "DeleteQueue", QueueUrl="of-others")
    for _ in range(1_000):
        calls.note(request, read_service_request(request))

    assert calls.named([created], after=0) == []
    calls.note(request, read_service_request(request))
    assert calls.named([created], after=0) == [created]
    assert calls.named([created], after=1) == []
