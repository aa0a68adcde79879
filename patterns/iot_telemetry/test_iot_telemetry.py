"""The scenario: a device's message becomes an item of the table; what is no reading ends in the failure queue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parent / "lambdakit.yaml"


@pytest.fixture
def outputs(deploy):
    return deploy(DOCUMENT).outputs["field"]


def say(harness, device, message):
    harness.client("iot-data").publish(topic=f"devices/{device}/telemetry", qos=1, payload=json.dumps(message))
    harness.drain()


def readings(harness, outputs):
    items = harness.client("dynamodb").scan(TableName=outputs["TelemetryReadingsTableName"])["Items"]
    return {item["device_id"]["S"]: item["temperature"]["N"] for item in items}


def failures(harness, outputs):
    # Lambda tries again after one minute and after two.
    harness.clock.advance(minutes=5)
    harness.drain()
    received = harness.client("sqs").receive_message(QueueUrl=outputs["TelemetryFailureQueueUrl"])
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def test_a_reading_is_kept_as_that_of_the_device_that_sent_it(harness, outputs):
    say(harness, "cellar", {"temperature": 11.5, "device_id": "attic"})

    assert readings(harness, outputs) == {"cellar": "11.5"}
    assert failures(harness, outputs) == []


def test_what_is_no_reading_ends_in_the_failure_queue(harness, outputs):
    say(harness, "cellar", {"temperature": 850})

    [failure] = failures(harness, outputs)
    assert failure["requestPayload"]["device_id"] == "cellar"
    assert failure["responsePayload"]["errorMessage"] == "temperature must be between -60 and 120, and is 850"
    assert readings(harness, outputs) == {}
