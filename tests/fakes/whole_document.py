"""A document with each kind of pattern, a layer and a network, and the functions that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_DOCUMENT: Final = """\
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
_ORDERS: Final = """
import json, os, boto3
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])

def create(event, context):
    table.put_item(Item={"order_id": "1"})
    return {"statusCode": 201}

def read(event, context):
    return table.get_item(Key=event["pathParameters"])["Item"]
"""
_THUMBNAILS: Final = """
import os, boto3, smaller
s3 = boto3.client("s3")

def handler(event, context):
    place = {"Bucket": event["detail"]["bucket"]["name"], "Key": event["detail"]["object"]["key"]}
    body = smaller.half(s3.get_object(**place)["Body"].read())
    s3.put_object(Bucket=os.environ["PROCESSED_BUCKET_NAME"], Key=place["Key"], Body=body)
"""
_CLICKS: Final = """
import base64, os, boto3
firehose = boto3.client("firehose")

def handler(event, context):
    records = [{"Data": base64.b64decode(record["kinesis"]["data"]) + b"\\n"} for record in event["Records"]]
    firehose.put_record_batch(DeliveryStreamName=os.environ["DELIVERY_STREAM_NAME"], Records=records)
"""


def write_document(directory: Path) -> Path:
    """The document, with its functions beside it."""
    sources = {
        "lambdakit.yaml": _DOCUMENT,
        "functions/orders/app.py": _ORDERS,
        "functions/thumbnails/app.py": _THUMBNAILS,
        "functions/clicks/app.py": _CLICKS,
        "layers/shared/python/smaller.py": "def half(content): return content[: len(content) // 2]\n",
    }
    for name, text in sources.items():
        path = Path(directory, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory / "lambdakit.yaml"
