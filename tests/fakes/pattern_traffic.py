"""Traffic through the patterns that asks for all that their functions are granted, and what came of it.

Each answer tells, for every function by its construct, whether it did all that it is there for. What one function needs
of another's work is put there by the administrator, so that a failure shows at its own function alone.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from lambdakit import Harness
from lambdakit.session.deployment import Deployment


def orders(harness: Harness, deployment: Deployment) -> Mapping[str, bool]:
    """Each route of the API backend, on an order that was there before."""
    item = {"order_id": {"S": "known"}, "sku": {"S": "tea"}, "quantity": {"N": "1"}, "created_at": {"S": "now"}}
    for known in ("known", "other"):
        harness.client("dynamodb").put_item(
            TableName=deployment.outputs["shop"]["OrdersTableName"], Item={**item, "order_id": {"S": known}}
        )
    with deployment.http() as http:
        return {
            "create_order": http.post("/orders", json={"sku": "tea", "quantity": 2}).status_code == 201,
            "list_orders": http.get("/orders").status_code == 200,
            "read_order": http.get("/orders/known").status_code == 200,
            "delete_order": http.delete("/orders/other").status_code == 204,
        }


def thumbnails(harness: Harness, deployment: Deployment) -> Mapping[str, bool]:
    """A picture, and what is none and has to end in the failure queue."""
    outputs, s3 = deployment.outputs["pictures"], harness.client("s3")
    for key, body in (("incoming/cat.png", _picture()), ("incoming/text.png", b"no picture")):
        s3.put_object(Bucket=outputs["ThumbnailsBucketName"], Key=key, Body=body)
    harness.drain(advance=True)
    made = s3.list_objects_v2(Bucket=outputs["ThumbnailsProcessedBucketName"])["KeyCount"] == 1
    failures = messages(harness, outputs["ThumbnailsFailureQueueUrl"])
    told = [failure["requestPayload"]["detail"]["object"]["key"] for failure in failures]
    return {"thumbnails": made and told == ["incoming/text.png"]}


def clicks(harness: Harness, deployment: Deployment) -> Mapping[str, bool]:
    """A click, and what is none and has to end in the failure queue."""
    outputs = deployment.outputs["site"]
    click = json.dumps({"visitor": "v1", "url": "https://example.com/"}).encode()
    harness.client("kinesis").put_records(
        StreamName=outputs["ClicksStreamName"],
        Records=[{"Data": data, "PartitionKey": data.decode()} for data in (click, b"no click")],
    )
    harness.drain(advance=True)
    harness.clock.advance(minutes=6)
    harness.drain()
    listed = harness.client("s3").list_objects_v2(Bucket=outputs["ClicksDeliveryBucketName"])
    told = [failure["KinesisBatchInfo"]["batchSize"] for failure in messages(harness, outputs["ClicksFailureQueueUrl"])]
    return {"clicks": listed["KeyCount"] > 0 and told == [1]}


def messages(harness: Harness, queue: str) -> Sequence[Any]:
    """The JSON that a queue holds, at most ten."""
    received = harness.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def _picture() -> bytes:
    """A red PNG of 9 x 9 pixels."""
    header = struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress((b"\0" + b"\xc8\x0a\x0a" * 9) * 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
