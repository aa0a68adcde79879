"""The same calls in the forms in which other clients send them, and requests that nobody sends in good faith."""

from __future__ import annotations

import gzip
import json
import struct
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lambdakit.harness.iam.cbor_members import read_cbor
from lambdakit.harness.iam.form_members import read_form
from lambdakit.harness.iam.required_actions import all_actions
from lambdakit.harness.iam.xml_members import read_xml
from lambdakit.harness.wire import Headers, Request
from tests.fakes.api_requests import request_of
from tests.fakes.iam_rows import needs_of, written

FORM = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
QUEUE = "http://127.0.0.1:4566/123456789012/jobs"


def request(
    method: str = "POST", target: str = "/", *headers: tuple[str, str], body: bytes = b"", host: str = "127.0.0.1:4566"
) -> Request:
    return Request(method=method, target=target, headers=Headers([("host", host), *headers]), body=body)


def form(**fields: str) -> bytes:
    return urlencode(fields).encode()


def test_a_queue_is_named_by_the_query_protocol_of_older_clients() -> None:
    body = form(Action="SendMessage", QueueUrl=QUEUE, MessageBody="a", Version="2012-11-05")

    assert written(needs_of(request("POST", "/", FORM, body=body), "sqs")) == ["sqs:SendMessage on arn:aws:sqs~jobs"]


def test_a_queue_is_named_by_where_a_query_is_sent() -> None:
    sent = request("POST", "/123456789012/jobs", FORM, body=form(Action="ReceiveMessage"))

    assert written(needs_of(sent, "sqs")) == ["sqs:ReceiveMessage on arn:aws:sqs~jobs"]


def test_a_query_may_stand_in_the_target() -> None:
    sent = request("GET", "/?" + form(Action="Publish", TopicArn="arn:aws:sns:eu-west-1:123456789012:n").decode())

    assert written(needs_of(sent, "sns")) == ["sns:Publish on arn:aws:sns~n"]


@pytest.mark.parametrize("protocol", ["query", "json"])
def test_metrics_are_put_in_older_protocols(protocol: str) -> None:
    if protocol == "query":
        sent = request("POST", "/", FORM, body=form(Action="PutMetricData", Namespace="shop"))
    else:
        target = ("x-amz-target", "GraniteServiceVersion20100801.PutMetricData")
        sent = request("POST", "/", target, body=b'{"Namespace": "shop"}')

    wanted = needs_of(sent, "monitoring")

    assert wanted is not None
    assert wanted[0].context["cloudwatch:namespace"] == ("shop",)


def test_metrics_are_put_in_cbor() -> None:
    body = b"\xa1\x69Namespace\x64shop"
    sent = request(
        "POST",
        "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        ("smithy-protocol", "rpc-v2-cbor"),
        ("content-type", "application/cbor"),
        body=body,
    )

    wanted = needs_of(sent, "monitoring")

    assert written(wanted) == ["cloudwatch:PutMetricData on *"]
    assert wanted is not None
    assert wanted[0].context["cloudwatch:namespace"] == ("shop",)


def test_a_compressed_body_is_read() -> None:
    plain = request_of("cloudwatch", "PutMetricData", {"Namespace": "shop", "MetricData": []})
    packed = request(
        "POST", plain.target, ("content-encoding", "gzip"), *plain.headers.items, body=gzip.compress(plain.body)
    )

    wanted = needs_of(packed, "monitoring")

    assert wanted is not None
    assert wanted[0].context["cloudwatch:namespace"] == ("shop",)


@pytest.mark.parametrize(
    "host, target",
    [
        ("127.0.0.1:4566", "/shop/a/b"),
        ("localhost:4566", "/shop/a/b"),
        ("s3.eu-west-1.amazonaws.com", "/shop/a/b"),
        ("s3.localhost:4566", "/shop/a/b"),
        ("shop.s3.eu-west-1.amazonaws.com", "/a/b"),
        ("shop.s3.amazonaws.com", "/a/b"),
        ("shop.s3.dualstack.eu-west-1.amazonaws.com", "/a/b"),
        ("shop.s3.localhost:4566", "/a/b"),
        ("shop.localhost:4566", "/a/b"),
        ("shop.s3.eu-west-1.amazonaws.com", "/a/b?x-id=GetObject"),
    ],
)
def test_a_bucket_is_named_in_the_path_or_in_the_host(host: str, target: str) -> None:
    assert written(needs_of(request("GET", target, host=host), "s3")) == ["s3:GetObject on arn:aws:s3:::shop/a/b"]


def test_a_bucket_with_dots_is_named_in_the_host() -> None:
    sent = request("GET", "/?list-type=2&prefix=", host="my.shop.s3.eu-west-1.amazonaws.com")

    wanted = needs_of(sent, "s3")

    assert written(wanted) == ["s3:ListBucket on arn:aws:s3:::my.shop"]
    assert wanted is not None
    assert wanted[0].context["s3:prefix"] == ("",)


def test_a_presigned_request_says_how_it_is_signed() -> None:
    target = "/shop/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20200101T000000Z&X-Amz-Signature=x"

    wanted = needs_of(request("GET", target), "s3")

    assert wanted is not None
    assert wanted[0].context["s3:authtype"] == ("REST-QUERY-STRING",)
    assert int(wanted[0].context["s3:signatureage"][0]) > 0


def test_a_request_without_signature_is_for_a_public_object() -> None:
    assert written(needs_of(request("GET", "/shop/a"), "")) == ["s3:GetObject on arn:aws:s3:::shop/a"]


def test_a_request_without_signature_is_known_by_its_target() -> None:
    sent = request("POST", "/", ("x-amz-target", "AWSCognitoIdentityProviderService.SignUp"), body=b"{}")

    assert needs_of(sent, "") == ()


def test_a_web_identity_needs_no_permission() -> None:
    body = form(Action="AssumeRoleWithWebIdentity", RoleArn="arn:aws:iam::123456789012:role/r", WebIdentityToken="t")

    assert needs_of(request("POST", "/", FORM, body=body), "") == ()


@pytest.mark.parametrize(
    "host, target",
    [
        ("abc123.execute-api.eu-west-1.amazonaws.com", "/prod/@connections/id%3D"),
        ("127.0.0.1:4566", "/_lambdakit/apis/abc123/prod/@connections/id%3D"),
    ],
)
def test_a_message_to_a_connection_needs_its_api(host: str, target: str) -> None:
    wanted = needs_of(request("POST", target, host=host), "execute-api")

    assert written(wanted) == ["execute-api:ManageConnections on arn:aws:execute-api~abc123/prod/POST/@connections/id="]


def test_a_signed_call_of_an_api_needs_to_invoke_it() -> None:
    wanted = needs_of(
        request("GET", "/prod/orders/1", host="abc123.execute-api.eu-west-1.amazonaws.com"), "execute-api"
    )

    assert written(wanted) == ["execute-api:Invoke on arn:aws:execute-api~abc123/prod/GET/orders/1"]


@pytest.mark.parametrize(
    "service, sent",
    [
        ("nobody", request()),
        ("dynamodb", request("POST", "/", ("x-amz-target", "DynamoDB_20120810.MadeUp"), body=b"{}")),
        ("kms", request("POST", "/", ("x-amz-target", "TrentService.MadeUp"), body=b'{"KeyId": "1"}')),
        ("sqs", request("POST", "/", FORM, body=form(Action="MadeUp", QueueUrl=QUEUE))),
        ("lambda", request("GET", "/2015-03-31/made-up")),
        ("dynamodb", request("POST", "/", ("x-amz-target", "DynamoDB_20120810.PutItem"), body=b"[]")),
        ("lambda", request("GET", "/2017-03-31/tags/nothing")),
        ("apigateway", request("OPTIONS", "/restapis")),
    ],
)
def test_what_is_not_known_is_not_mapped(service: str, sent: Request) -> None:
    assert needs_of(sent, service) is None


SIGNED_FOR = (
    *("dynamodb", "s3", "sqs", "sns", "events", "kms", "lambda", "ssm", "secretsmanager", "iam", "sts"),
    *("ses", "monitoring", "kinesis", "logs", "states", "execute-api", "ec2", "rds", "ecs", "apigateway"),
    *("bedrock", ""),
)
TARGETS = (
    *("DynamoDB_20120810.TransactWriteItems", "DynamoDB_20120810.ExecuteStatement", "DynamoDB_20120810.BatchWriteItem"),
    *("DynamoDB_20120810.Query", "AmazonSQS.SendMessage", "AWSEvents.PutEvents", "TrentService.ReEncrypt"),
    *("AmazonSSM.GetParameters", "secretsmanager.BatchGetSecretValue", "Kinesis_20131202.GetRecords"),
    *("AmazonEC2ContainerServiceV20141113.RunTask", "Logs_20140328.StartQuery", "", "a.b.c", "."),
)
NAMES = (
    *("TableName", "Key", "Item", "TransactItems", "RequestItems", "Statement", "KeyConditionExpression"),
    *("Put", "ExpressionAttributeValues", "ExpressionAttributeNames", "UpdateExpression", "QueueUrl"),
    *("Entries", "KeyId", "EncryptionContext", "CiphertextBlob", "Names", "SecretIdList", "Tags"),
    *("overrides", "taskDefinition"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), below),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(service=st.sampled_from(SIGNED_FOR), target=st.sampled_from(TARGETS), members=JSON)
def test_any_json_is_mapped_to_actions_that_exist_or_not_at_all(service: str, target: str, members: object) -> None:
    sent = request("POST", "/", ("x-amz-target", target), body=json.dumps(members).encode())

    for authorization in needs_of(sent, service) or ():
        assert authorization.action in all_actions(authorization.action.partition(":")[0])
        assert all(isinstance(value, str) for values in authorization.context.values() for value in values)


@settings(max_examples=400, deadline=None)
@given(
    service=st.sampled_from(SIGNED_FOR),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"]),
    path=st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), max_size=60),
    headers=st.dictionaries(
        st.sampled_from(
            ["x-amz-copy-source", "x-amz-tagging", "x-amz-account-id", "content-type", "host", "content-encoding"]
        ),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=40)
        | st.sampled_from(["application/x-www-form-urlencoded", "gzip", "application/json"]),
    ),
    body=st.binary(max_size=80)
    | st.sampled_from([b"<Delete><Object><Key>a</Key></Object></Delete>", b"Action=Publish"]),
)
@example(service="s3", method="POST", path="shop?delete", headers={}, body=b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
@example(service="s3", method="PUT", path="shop/a", headers={"x-amz-copy-source": "arn:aws:s3"}, body=b"")
def test_any_bytes_are_mapped_or_not(
    service: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    sent = Request(method=method, target="/" + path, headers=Headers(headers.items()), body=body)

    for authorization in needs_of(sent, service) or ():
        assert authorization.resources


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
@example(b"\x9b" + b"\xff" * 8)
@example(b"\xbf" * 200)
@example(b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff")
def test_any_bytes_can_be_read(body: bytes) -> None:
    assert read_cbor(body) is not None
    assert read_xml(body) is not None
    assert read_form(body.decode("latin-1")) is not None


def test_cbor_of_every_kind_is_read() -> None:
    body = b"\xbf" + b"\x61a\x18\x2a" + b"\x61b\x9f\x01\x20\xff" + b"\x61c\xf5" + b"\x61d\xfb" + struct.pack(">d", 1.5)
    body += b"\x61e\x7f\x61x\x61y\xff" + b"\x61f\xc1\x1a\x00\x00\x00\x05" + b"\x61g\xf6" + b"\x61h\x42ab" + b"\xff"

    assert read_cbor(body) == {"a": 42, "b": [1, -1], "c": True, "d": 1.5, "e": "xy", "f": 5, "g": None, "h": b"ab"}


def test_a_form_has_lists_structures_and_maps() -> None:
    text = (
        "Action=A&Names.member.1=a&Names.member.2=b&Tag.1.Key=k&Tag.1.Value=v&Attribute.entry.1.key=x"
        "&Attribute.entry.1.value=y&Filters.Filter.1.Name=n&Deep.Below.Most=z"
    )

    assert read_form(text) == {
        "Action": "A",
        "Names": ["a", "b"],
        "Tag": [{"Key": "k", "Value": "v"}],
        "Attribute": [{"key": "x", "value": "y"}],
        "Filters": [{"Name": "n"}],
        "Deep": {"Below": {"Most": "z"}},
    }


def test_entities_are_refused() -> None:
    assert read_xml(b'<!DOCTYPE a [<!ENTITY b "cc">]><a><k>&b;</k></a>') == {}


def test_what_does_not_say_what_it_is_about_may_be_about_anything_of_its_kind() -> None:
    sent = request("POST", "/", ("x-amz-target", "AmazonAthena.GetQueryResults"), body=b'{"QueryExecutionId": "1"}')

    assert written(needs_of(sent, "athena")) == ["athena:GetQueryResults on one of arn:aws:athena~workgroup/*"]


def test_a_token_of_a_task_may_stand_for_any_state_machine() -> None:
    sent = request("POST", "/", ("x-amz-target", "AWSStepFunctions.SendTaskSuccess"), body=b'{"taskToken": "t"}')

    assert written(needs_of(sent, "states")) == ["states:SendTaskSuccess on one of *"]
