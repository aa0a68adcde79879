"""Delivery streams whose records go to HTTP endpoints.

Source, unless a test says another: Amazon Data Firehose Developer Guide, "Understand HTTP endpoint delivery request and
response specifications" and "Handle data delivery failures".
"""

from __future__ import annotations

import base64
import gzip
import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.delivery_server import DeliveryServer, acknowledged
from tests.fakes.event_source import ACCOUNT
from tests.fakes.http_receiver import Received
from tests.fakes.lake import ROLE, TRANSFORMER, Lake
from tests.fakes.lambda_api import create_function
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-firehose-http-endpoint")

URL = "https://intake.example.com/v1/in?kind=clicks"
FAILED = "http-endpoint-failed"
BUCKET: dict[str, Any] = {
    "RoleARN": ROLE,
    "BucketARN": "arn:aws:s3:::lake",
    "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
}


@pytest.fixture
def lake(harness: WiredHarness) -> Iterator[Lake]:
    function = create_function(harness.aws("lambda"), "transformer", TRANSFORMER, Timeout=10)["FunctionArn"]
    made = Lake(harness, function)
    yield made
    made.remove()
    harness.aws("lambda").delete_function(FunctionName="transformer")


@pytest.fixture
def endpoint(harness: WiredHarness) -> Iterator[DeliveryServer]:
    with DeliveryServer(acknowledged) as server:
        bound = {"bind": "intake.example.com", "url": server.url}
        assert harness.call("POST", "outside", bound).status == 200
        yield server


def create(lake: Lake, *, url: str = URL, key: str = "", **more: Any) -> str:
    access = {"AccessKey": key} if key else {}
    configuration = {
        "RoleARN": ROLE,
        "EndpointConfiguration": {"Url": url, "Name": "intake", **access},
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
        "S3Configuration": BUCKET,
        **more,
    }
    return lake.create_any("s", HttpEndpointDestinationConfiguration=configuration)


def failures(lake: Lake) -> list[dict[str, Any]]:
    bodies = [body for key, body in lake.objects().items() if key.startswith(f"{FAILED}/")]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def sent(endpoint: DeliveryServer) -> list[list[bytes]]:
    """The records of each request."""
    bodies = [json.loads(one.body) for one in endpoint.received]
    return [[base64.b64decode(record["data"]) for record in body["records"]] for body in bodies]


def test_records_arrive_as_the_guide_describes_it(lake: Lake, endpoint: DeliveryServer) -> None:
    attributes = [
        {"AttributeName": "stage", "AttributeValue": "beta"},
        {"AttributeName": "team", "AttributeValue": "a"},
    ]
    arn = create(lake, key="secret", RequestConfiguration={"CommonAttributes": attributes, "ContentEncoding": "NONE"})

    lake.put("s", "one", "two")

    [request] = endpoint.received
    headers, body = request.headers, json.loads(request.body)
    assert (request.method, request.path) == ("POST", "/v1/in?kind=clicks")
    assert headers["x-amz-firehose-protocol-version"] == "1.0"
    assert headers["x-amz-firehose-source-arn"] == arn
    assert headers["x-amz-firehose-access-key"] == "secret"
    assert headers["content-type"] == "application/json"
    assert "content-encoding" not in headers
    assert json.loads(headers["x-amz-firehose-common-attributes"]) == {
        "commonAttributes": {"stage": "beta", "team": "a"}
    }
    assert str(uuid.UUID(headers["x-amz-firehose-request-id"])) == body["requestId"]
    assert list(body) == ["requestId", "timestamp", "records"]
    assert isinstance(body["timestamp"], int)
    assert sent(endpoint) == [[b"one", b"two"]]
    assert lake.objects() == {}


def test_headers_that_have_nothing_to_say_are_absent(lake: Lake, endpoint: DeliveryServer) -> None:
    create(lake)

    lake.put("s", "one")

    names = set(endpoint.received[0].headers)
    assert not names & {"x-amz-firehose-access-key", "x-amz-firehose-common-attributes", "content-encoding"}


def test_bodies_can_be_compressed_and_records_transformed(lake: Lake, endpoint: DeliveryServer) -> None:
    create(lake, RequestConfiguration={"ContentEncoding": "GZIP"}, **lake.transforming())

    lake.put("s", "one")

    [request] = endpoint.received
    assert request.headers["content-encoding"] == "gzip"
    [record] = json.loads(gzip.decompress(request.body))["records"]
    assert base64.b64decode(record["data"]) == b"ONE"


def test_a_request_is_made_again_until_it_is_acknowledged(lake: Lake, endpoint: DeliveryServer) -> None:
    """The request id "is kept the same between multiple attempts of the same request"."""
    endpoint.respond = lambda request: (500, "application/json", b"{}")
    create(lake)

    lake.put("s", "one")
    lake.advance(6)
    endpoint.respond = acknowledged
    lake.advance(11)

    assert sent(endpoint) == [[b"one"]] * 3
    assert len({one.body for one in endpoint.received}) == 1
    assert failures(lake) == []
    delivered = [event for event in lake.told("EventDelivered") if event["source"].endswith("/s")]
    assert [(event["target"], event["what"]) for event in delivered] == [(URL, "1 records")]


def said(**changes: Any) -> bytes:
    return json.dumps({"requestId": "other", "timestamp": 1, **changes}).encode()


@pytest.mark.parametrize(
    ("status", "content_type", "body", "code"),
    [
        (401, "application/json", said(errorMessage="Unauthorized"), "HttpEndpoint.DestinationException"),
        (204, "application/json", b"", "HttpEndpoint.DestinationException"),
        (302, "application/json", b"", "HttpEndpoint.DestinationException"),
        (200, "application/json", said(), "HttpEndpoint.InvalidResponseFromDestination"),
        (200, "application/json", b"fine", "HttpEndpoint.InvalidResponseFromDestination"),
        (200, "application/json", b"[]", "HttpEndpoint.InvalidResponseFromDestination"),
        (200, "application/json", b"x" * 1_048_577, "HttpEndpoint.ResponseTooLarge"),
    ],
    ids=["401", "204", "302", "another id", "no JSON", "no object", "too large"],
)
def test_what_is_no_acknowledgement_is_a_failure_in_the_end(
    lake: Lake, endpoint: DeliveryServer, status: int, content_type: str, body: bytes, code: str
) -> None:
    endpoint.respond = lambda request: (status, content_type, body)
    create(lake, RetryOptions={"DurationInSeconds": 5})

    lake.put("s", "one")
    lake.drain()

    [failed] = failures(lake)
    assert (failed["errorCode"], failed["attemptsMade"]) == (code, 2)
    assert base64.b64decode(failed["rawData"]) == b"one"
    assert failed["dataId"].endswith(".0")


@pytest.mark.parametrize("change", [{"timestamp": "now"}, {"timestamp": None}, {"requestId": None}])
def test_an_acknowledgement_names_the_request_and_a_time(
    lake: Lake, endpoint: DeliveryServer, change: dict[str, Any]
) -> None:
    def respond(request: Any) -> tuple[int, str, bytes]:
        right = {"requestId": request.headers["x-amz-firehose-request-id"], "timestamp": 1}
        return 200, "application/json", json.dumps({**right, **change}).encode()

    endpoint.respond = respond
    create(lake, RetryOptions={"DurationInSeconds": 0})

    lake.put("s", "one")

    assert [failed["errorCode"] for failed in failures(lake)] == ["HttpEndpoint.InvalidResponseFromDestination"]


def test_an_acknowledgement_is_of_json_by_its_type(lake: Lake, endpoint: DeliveryServer) -> None:
    endpoint.respond = lambda request: (200, "text/plain", acknowledged(request)[2])
    create(lake, RetryOptions={"DurationInSeconds": 0})

    lake.put("s", "one")

    [failed] = failures(lake)
    assert "text/plain" in failed["errorMessage"]


def test_what_is_too_large_for_an_endpoint_is_lost(lake: Lake, endpoint: DeliveryServer) -> None:
    """413 is "a permanent failure and the record batch is not sent to error bucket if configured"."""
    endpoint.respond = lambda request: (413, "application/json", b"{}")
    create(lake)

    lake.put("s", "one")
    lake.drain()

    assert len(endpoint.received) == 1
    assert lake.objects() == {}
    [refused] = [event for event in lake.told("EventNotDelivered") if event["source"].endswith("/s")]
    assert refused["settled"] == "dropped"


def test_an_endpoint_that_is_away_for_a_while(lake: Lake, endpoint: DeliveryServer) -> None:
    endpoint.stop()
    create(lake, S3BackupMode="AllData")

    lake.put("s", "one")
    endpoint.start()
    lake.advance(6)

    assert sent(endpoint) == [[b"one"]]
    assert list(lake.objects().values()) == [b"one"]


def test_what_nobody_takes_is_recorded_and_kept(lake: Lake) -> None:
    create(lake, url="https://nobody.example.com/in", RequestConfiguration={"ContentEncoding": "GZIP"})

    lake.put("s", "one")

    [request] = [event for event in lake.told("DeliveryRequestRecorded") if event["source"].endswith("/s")]
    assert (request["method"], request["url"]) == ("POST", "https://nobody.example.com/in")
    assert base64.b64decode(json.loads(request["body"])["records"][0]["data"]) == b"one"
    [failed] = failures(lake)
    assert failed["errorCode"] == "HttpEndpoint.ConnectionFailed"
    assert "harness.bind" in failed["errorMessage"]


def test_an_endpoint_on_this_machine_needs_no_binding(lake: Lake, endpoint: DeliveryServer) -> None:
    create(lake, url=f"{endpoint.url}/in")

    lake.put("s", "one")

    assert sent(endpoint) == [[b"one"]]


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [('{"api_key": "hidden"}', "hidden", ""), ('{"key": "hidden"}', "", "does not hold"), (None, "", "NotFound")],
    ids=["a key", "another form", "no secret"],
)
def test_the_access_key_may_stand_in_a_secret(
    lake: Lake, endpoint: DeliveryServer, text: str | None, key: str, problem: str
) -> None:
    """Source: "Understand secrets"; API Reference, "SecretsManagerConfiguration"."""
    secrets = lake.harness.aws("secretsmanager")
    arn = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:none-AbCdEf"
    if text is not None:
        arn = secrets.create_secret(Name="intake", SecretString=text)["ARN"]
    settings = {"Enabled": True, "SecretARN": arn, "RoleARN": ROLE}
    create(lake, key="overwritten", SecretsManagerConfiguration=settings, RetryOptions={"DurationInSeconds": 0})

    lake.put("s", "one")

    assert [one.headers["x-amz-firehose-access-key"] for one in endpoint.received] == [key] * bool(key)
    messages = [failed["errorMessage"] for failed in failures(lake)]
    assert len(messages) == (0 if key else 1)
    assert all(problem in message for message in messages)
    if text is not None:
        secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_a_harness_ends_though_an_endpoint_does_not_answer() -> None:
    asked, ended = threading.Event(), threading.Event()

    def respond(request: Received) -> tuple[int, str, bytes]:
        asked.set()
        ended.wait(60)
        return acknowledged(request)

    with DeliveryServer(respond) as server:
        harness = WiredHarness()
        lake = Lake(harness, "")
        create(lake, url=server.url)
        lake.firehose.put_record(DeliveryStreamName="s", Record={"Data": b"one"})
        assert asked.wait(30)

        assert harness.close() == 0
        ended.set()


ACKNOWLEDGES = """
import json

def handler(event, context):
    print("delivered", event["body"])
    answer = {"requestId": event["headers"]["x-amz-firehose-request-id"], "timestamp": 1}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(answer)}
"""


def test_a_function_url_of_the_stack_is_an_endpoint(harness: WiredHarness, stacks: Stacks) -> None:
    before = harness.position()
    resources: Resources = {
        **function("Intake", ACKNOWLEDGES),
        "Url": {
            "Type": "AWS::Lambda::Url",
            "Properties": {"AuthType": "NONE", "TargetFunctionArn": {"Fn::GetAtt": ["Intake", "Arn"]}},
        },
        "Open": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunctionUrl",
                "FunctionName": {"Ref": "Intake"},
                "FunctionUrlAuthType": "NONE",
                "Principal": "*",
            },
        },
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "intake-failures"}},
        "Stream": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {
                "DeliveryStreamName": "s",
                "HttpEndpointDestinationConfiguration": {
                    "EndpointConfiguration": {"Url": {"Fn::GetAtt": ["Url", "FunctionUrl"]}},
                    "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
                    "S3Configuration": {**BUCKET, "BucketARN": {"Fn::GetAtt": ["Bucket", "Arn"]}},
                },
            },
        },
    }
    stacks.deploy(resources)

    harness.aws("firehose").put_record(DeliveryStreamName="s", Record={"Data": b"one"})
    harness.drain()

    delivered = [event for event in harness.events("EventDelivered", after=before) if event["source"].endswith("/s")]
    assert [event["what"] for event in delivered] == ["1 records"]
