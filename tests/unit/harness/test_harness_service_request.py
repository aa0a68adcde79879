"""What an AWS API request says of itself."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from lambdakit.harness.service_request import is_lambda_request, read_service_request
from lambdakit.harness.wire import Headers, Request


def _signed(service: str, region: str = "us-east-1") -> tuple[str, str]:
    credential = f"ASIAKEY/20260102/{region}/{service}/aws4_request"
    return "Authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"


def _request(method: str = "POST", target: str = "/", *headers: tuple[str, str], body: bytes = b"") -> Request:
    return Request(method=method, target=target, headers=Headers(headers), body=body)


def test_a_signature_names_the_key_region_and_service() -> None:
    named = read_service_request(_request("GET", "/", _signed("sqs", "eu-west-1")))

    assert (named.access_key_id, named.region, named.service) == ("ASIAKEY", "eu-west-1", "sqs")


def test_so_does_a_presigned_url() -> None:
    query = urlencode({"X-Amz-Credential": "ASIAKEY/20260102/us-east-1/s3/aws4_request", "X-Amz-Signature": "00"})

    named = read_service_request(_request("GET", f"/bucket/key?{query}"))

    assert (named.access_key_id, named.service) == ("ASIAKEY", "s3")
    assert (named.operation, named.resource) == ("GetObject", "bucket/key")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=broken", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request"],
)
def test_without_a_signature_nothing_is_named(authorization: str) -> None:
    named = read_service_request(_request("GET", "/path", ("Authorization", authorization)))

    assert (named.access_key_id, named.region, named.service) == ("", "", "")
    assert (named.operation, named.resource) == ("GET /path", "")


@pytest.mark.parametrize(
    ("target", "body", "operation", "resource"),
    [
        ("DynamoDB_20120810.PutItem", {"TableName": "orders", "Item": {}}, "PutItem", "orders"),
        ("DynamoDB_20120810.PutItem", {"TableName": "arn:aws:dynamodb:r:1:table/orders"}, "PutItem", "orders"),
        ("AmazonSQS.SendMessage", {"QueueUrl": "http://127.0.0.1:1/123/jobs"}, "SendMessage", "jobs"),
        ("AWSStepFunctions.StopIt", {"stateMachineArn": "arn:aws:states:r:1:stateMachine:m"}, "StopIt", "m"),
        ("Logs_20140328.DescribeLogGroups", {}, "DescribeLogGroups", ""),
        ("AmazonSSM.GetParameter", {"Name": "/a/b"}, "GetParameter", "b"),
    ],
)
def test_json_protocols_name_the_operation_in_a_header(
    target: str, body: dict[str, object], operation: str, resource: str
) -> None:
    request = _request("POST", "/", ("X-Amz-Target", target), body=json.dumps(body).encode())

    named = read_service_request(request)

    assert (named.operation, named.resource) == (operation, resource)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"\xff", b"[" * 100_000, b'{"TableName": 7}'])
def test_a_body_that_says_nothing_is_no_trouble(body: bytes) -> None:
    named = read_service_request(_request("POST", "/", ("X-Amz-Target", "DynamoDB_20120810.PutItem"), body=body))

    assert named.operation == "PutItem"
    assert named.resource in ("", "7")


def test_query_protocols_name_it_in_the_form() -> None:
    form = urlencode({"Action": "Publish", "TopicArn": "arn:aws:sns:us-east-1:123456789012:news", "Message": "ü"})
    content = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")

    named = read_service_request(_request("POST", "/", content, _signed("sns"), body=form.encode()))

    assert (named.service, named.operation, named.resource) == ("sns", "Publish", "news")


@pytest.mark.parametrize(
    ("method", "target", "operation", "resource"),
    [
        ("GET", "/bucket/a/b%20c", "GetObject", "bucket/a/b c"),
        ("PUT", "/bucket/a", "PutObject", "bucket/a"),
        ("DELETE", "/bucket/a", "DeleteObject", "bucket/a"),
        ("HEAD", "/bucket", "HeadBucket", "bucket"),
        ("GET", "/bucket", "ListBucket", "bucket"),
        ("PUT", "/bucket", "CreateBucket", "bucket"),
    ],
)
def test_s3_names_it_by_method_and_path(method: str, target: str, operation: str, resource: str) -> None:
    named = read_service_request(_request(method, target, _signed("s3")))

    assert (named.operation, named.resource) == (operation, resource)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (_request("POST", "/2015-03-31/functions/f/invocations"), True),
        (_request("GET", "/2018-10-31/layers"), True),
        (_request("GET", "/2015-03-31/event-source-mappings/"), True),
        (_request("POST", "/anything", _signed("lambda")), True),
        (_request("GET", "/2015-03-31/functions/", _signed("s3")), False),
        (_request("GET", "/2015-03-31/functionsx"), False),
        (_request("GET", "/"), False),
    ],
)
def test_which_requests_are_lambda_s(request_: Request, expected: bool) -> None:
    assert is_lambda_request(request_) is expected
