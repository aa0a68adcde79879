"""One document with each kind of pattern, a layer and a network, run with the permissions and the network it makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment

DOCUMENT = """\
application: shop
defaults: {runtime: python3.13, architecture: arm_64, memory_size: 512, timeout: 10s, tracing: active}
layers:
  shared: {code: layers/shared}
network:
  vpc: {max_azs: 2, nat_gateways: 0, endpoints: [dynamodb, s3]}
patterns:
  orders:
    kind: api_backend
    api: {type: http, cors: {allow_origins: ["https://example.com"]}}
    table: {partition_key: order_id}
    routes:
      POST /orders: {name: create_order, code: functions/orders, handler: app.create, table_access: read_write}
      GET /orders/{order_id}: {name: read_order, code: functions/orders, handler: app.read, table_access: read}
  thumbnails:
    kind: event_processing
    source: {kind: s3, events: [object_created], prefix: incoming/}
    function: {code: functions/thumbnails, handler: app.handler, layers: [shared], reserved_concurrent_executions: 5}
    targets: {processed: {kind: s3}}
    on_failure: {kind: sqs}
  clicks:
    kind: stream_processing
    source: {kind: kinesis, shard_count: 2, batch_size: 500, parallelization_factor: 4, bisect_batch_on_error: true}
    function: {code: functions/clicks, handler: app.handler, alias: {name: live, provisioned_concurrent_executions: 2}}
    delivery: {kind: firehose}
"""
ORDERS = """
import json, os, boto3
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])

def create(event, context):
    table.put_item(Item={"order_id": "1"})
    return {"statusCode": 201}

def read(event, context):
    return table.get_item(Key=event["pathParameters"])["Item"]
"""
THUMBNAILS = """
import os, boto3, smaller
s3 = boto3.client("s3")

def handler(event, context):
    place = {"Bucket": event["detail"]["bucket"]["name"], "Key": event["detail"]["object"]["key"]}
    body = smaller.half(s3.get_object(**place)["Body"].read())
    s3.put_object(Bucket=os.environ["PROCESSED_BUCKET_NAME"], Key=place["Key"], Body=body)
"""
CLICKS = """
import base64, os, boto3
firehose = boto3.client("firehose")

def handler(event, context):
    records = [{"Data": base64.b64decode(record["kinesis"]["data"]) + b"\\n"} for record in event["Records"]]
    firehose.put_record_batch(DeliveryStreamName=os.environ["DELIVERY_STREAM_NAME"], Records=records)
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


@pytest.fixture(scope="module")
def shop(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    directory = tmp_path_factory.mktemp("shop")
    sources = {
        "lambdakit.yaml": DOCUMENT,
        "functions/orders/app.py": ORDERS,
        "functions/thumbnails/app.py": THUMBNAILS,
        "functions/clicks/app.py": CLICKS,
        "layers/shared/python/smaller.py": "def half(content): return content[: len(content) // 2]\n",
    }
    for name, text in sources.items():
        path = Path(directory, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return harness.deploy(directory / "lambdakit.yaml")


def test_the_api_keeps_orders(shop: Deployment) -> None:
    with shop.http() as http:
        created = http.post("/orders")
        read = http.get("/orders/1")

    assert (created.status_code, read.json()) == (201, {"order_id": "1"})


def test_an_object_becomes_a_smaller_one(harness: Harness, shop: Deployment) -> None:
    outputs, s3 = shop.outputs["shop"], harness.client("s3")

    s3.put_object(Bucket=outputs["ThumbnailsBucketName"], Key="incoming/a.png", Body=b"12345678")
    harness.drain()

    made = s3.get_object(Bucket=outputs["ThumbnailsProcessedBucketName"], Key="incoming/a.png")
    assert made["Body"].read() == b"1234"


def test_records_arrive_in_the_bucket(harness: Harness, shop: Deployment) -> None:
    outputs, kinesis = shop.outputs["shop"], harness.client("kinesis")

    for number in range(10):
        kinesis.put_record(StreamName=outputs["ClicksStreamName"], PartitionKey=str(number), Data=b"click")
    harness.drain()
    harness.clock.advance(minutes=6)
    harness.drain()

    listed = harness.client("s3").list_objects_v2(Bucket=outputs["ClicksDeliveryBucketName"])
    assert listed["KeyCount"] == 1


def test_nothing_was_denied_and_every_service_was_reached(shop: Deployment) -> None:
    assert shop.permissions.denied == set()
    assert shop.reachability["clicks"]["firehose"].reachable
