"""One document with each kind of pattern, a layer and a network, run with the permissions and the network it makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from tests.fakes.whole_document import write_document


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


@pytest.fixture(scope="module")
def shop(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return harness.deploy(write_document(tmp_path_factory.mktemp("shop")))


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
