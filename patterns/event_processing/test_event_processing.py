"""The scenario: pictures become thumbnails, and what is none ends in the failure queue."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCUMENT = HERE / "lambdakit.yaml"


def png(width, height, colour_type=2, pixel=b"\xc8\x0a\x0a"):
    """A picture of one colour, each row filtered by the one above it but the first."""
    rows = b"\0" + pixel * width + (b"\2" + bytes(len(pixel) * width)) * (height - 1)
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


@pytest.fixture
def deployment(deploy):
    return deploy(DOCUMENT)


@pytest.fixture
def outputs(deployment):
    return deployment.outputs["pictures"]


def objects(harness, bucket):
    found = harness.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    return [each["Key"] for each in found]


def failures(harness, queue):
    received = harness.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        pytest.param(png(200, 100), (64, 32), id="wide"),
        pytest.param(png(100, 200, 6, b"\x01\x02\x03\x80"), (32, 64), id="high, with alpha"),
        pytest.param(png(65, 65, 0, b"\x7f"), (64, 64), id="grey, one pixel too large"),
        pytest.param(png(64, 1, 4, b"\x7f\xff"), (64, 1), id="grey with alpha, as large as a thumbnail"),
        pytest.param(png(1, 1), (1, 1), id="one pixel"),
    ],
)
def test_a_picture_becomes_a_thumbnail(harness, outputs, picture, size):
    s3 = harness.client("s3")

    s3.put_object(Bucket=outputs["ThumbnailsBucketName"], Key="incoming/my cat.png", Body=picture)
    harness.drain()

    made = s3.get_object(Bucket=outputs["ThumbnailsProcessedBucketName"], Key="thumbnails/my cat.png")
    assert made["ContentType"] == "image/png"
    assert struct.unpack(">II", made["Body"].read()[16:24]) == size
    assert failures(harness, outputs["ThumbnailsFailureQueueUrl"]) == []


def test_objects_elsewhere_in_the_bucket_start_nothing(harness, deployment, outputs):
    harness.client("s3").put_object(Bucket=outputs["ThumbnailsBucketName"], Key="outgoing/cat.png", Body=png(9, 9))
    harness.drain()

    assert deployment.function("thumbnails").invocations == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "it does not begin as a PNG does", id="empty"),
        pytest.param(b"GIF89a", "it does not begin as a PNG does", id="another kind"),
        pytest.param(png(9, 9)[:60], "its data", id="cut off"),
        pytest.param(png(0, 9), "0 x 9 pixels are none", id="no pixels"),
    ],
)
def test_what_is_no_picture_ends_in_the_failure_queue(harness, deployment, outputs, content, reason):
    s3 = harness.client("s3")

    s3.put_object(Bucket=outputs["ThumbnailsBucketName"], Key="incoming/cat.png", Body=content)
    harness.drain(advance=True)

    [failure] = failures(harness, outputs["ThumbnailsFailureQueueUrl"])
    assert failure["requestPayload"]["detail"]["object"]["key"] == "incoming/cat.png"
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["requestContext"]["approximateInvokeCount"] == 3
    assert failure["responsePayload"]["errorType"] == "NotAPicture"
    assert reason in failure["responsePayload"]["errorMessage"]
    assert len(deployment.function("thumbnails").invocations) == 3
    assert objects(harness, outputs["ThumbnailsProcessedBucketName"]) == []


def test_an_event_that_comes_twice_makes_one_thumbnail(harness, deployment, outputs):
    s3 = harness.client("s3")
    s3.put_object(Bucket=outputs["ThumbnailsBucketName"], Key="incoming/cat.png", Body=png(80, 80))
    harness.drain()
    [first] = deployment.function("thumbnails").invocations

    deployment.function("thumbnails").invoke(first.event, qualifier="live")

    assert objects(harness, outputs["ThumbnailsProcessedBucketName"]) == ["thumbnails/cat.png"]


def test_the_sample_event_is_handled(harness, deployment, outputs):
    event = json.loads((HERE / "events" / "object_created.json").read_text())
    event["detail"]["bucket"]["name"] = outputs["ThumbnailsBucketName"]
    harness.client("s3").put_object(Bucket=outputs["ThumbnailsBucketName"], Key="incoming/cat.png", Body=png(80, 80))
    harness.drain()

    result = deployment.function("thumbnails").invoke(event)

    assert result.payload == {"bucket": outputs["ThumbnailsProcessedBucketName"], "key": "thumbnails/cat.png"}
