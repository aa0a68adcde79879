"""Readings, from the device's message to the table, and what is none to the queue."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

if TYPE_CHECKING:
    from lambdakit import Harness
    from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

RECIPE = Path(__file__).parents[3] / "patterns" / "iot_telemetry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The stack, and devices that talk to it."""

    harness: Harness
    deployment: Deployment

    def says(self, device: str, message: object, *, topic: str = "telemetry") -> None:
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.harness.client("iot-data").publish(topic=f"devices/{device}/{topic}", qos=1, payload=payload)
        self.harness.drain()

    def now(self, **later: float) -> int:
        """The harness's time in milliseconds."""
        return int((self.harness.clock.now() + timedelta(**later)).timestamp() * 1000)

    def readings(self) -> list[dict[str, Any]]:
        table = self.deployment.outputs["field"]["TelemetryReadingsTableName"]
        items = self.harness.client("dynamodb").scan(TableName=table)["Items"]
        read = TypeDeserializer().deserialize
        return [{name: read(value) for name, value in item.items()} for item in items]

    def failures(self) -> list[dict[str, Any]]:
        # Lambda tries again after one minute and after two.
        self.harness.clock.advance(minutes=5)
        self.harness.drain()
        queue = self.deployment.outputs["field"]["TelemetryFailureQueueUrl"]
        received = self.harness.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.fixture
def field(harness: Harness, deploy_recipe: Callable[[str], Deployment]) -> Field:
    return Field(harness=harness, deployment=deploy_recipe("iot_telemetry"))


def test_a_reading_becomes_an_item(field: Field) -> None:
    at = field.now(minutes=-1)

    field.says("cellar", {"measured_at": at, "temperature": 11.5, "humidity": 71, "firmware": "1.2"})

    [item] = field.readings()
    assert (item["device_id"], item["temperature"], item["humidity"]) == ("cellar", Decimal("11.5"), 71)
    assert "firmware" not in item
    assert item["measured_at"] < item["received_at"]
    assert item["expires_at"] > at / 1000
    assert field.failures() == []
    assert field.deployment.permissions.denied == set()


def test_a_message_that_comes_twice_is_one_item(field: Field) -> None:
    reading = {"measured_at": field.now(), "temperature": 11.5}

    field.says("cellar", reading)
    field.says("cellar", reading)
    field.says("attic", reading)

    assert sorted(item["device_id"] for item in field.readings()) == ["attic", "cellar"]


def test_a_device_cannot_speak_for_another(field: Field) -> None:
    field.says("cellar", {"temperature": 11.5, "device_id": "attic", "received_at": 0})

    [item] = field.readings()
    assert item["device_id"] == "cellar"
    assert item["received_at"] > "2000"


def test_messages_on_other_topics_start_nothing(field: Field) -> None:
    field.says("cellar", {"temperature": 11.5}, topic="telemetry/raw")
    field.says("cellar", {"temperature": 11.5}, topic="status")

    assert field.deployment.function("telemetry").invocations == ()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param({}, "there is none of temperature, humidity, battery", id="nothing"),
        pytest.param({"temperature": "warm"}, "temperature must be a number", id="text"),
        pytest.param({"battery": True}, "battery must be a number", id="a truth"),
        pytest.param({"temperature": 121}, "temperature must be between -60 and 120, and is 121", id="too hot"),
        pytest.param({"humidity": -1, "battery": 3}, "humidity must be between 0 and 100, and is -1", id="too dry"),
        pytest.param(
            {"temperature": 1, "measured_at": "now"}, "measured_at must be a Unix time in milliseconds", id="no time"
        ),
        pytest.param(
            {"temperature": 1, "measured_at": 10**18}, "measured_at must be a Unix time in milliseconds", id="no year"
        ),
        pytest.param({"temperature": 1, "measured_at": 0}, "measured_at is more than 400 days ago", id="long ago"),
    ],
)
def test_what_is_no_reading_ends_in_the_failure_queue(field: Field, message: object, reason: str) -> None:
    field.says("cellar", message)

    [failure] = field.failures()
    assert failure["requestPayload"]["device_id"] == "cellar"
    assert failure["responsePayload"]["errorType"] == "NotAReading"
    assert failure["responsePayload"]["errorMessage"] == reason
    assert field.readings() == []


def test_a_reading_of_the_future_is_none(field: Field) -> None:
    field.says("cellar", {"temperature": 1, "measured_at": field.now(minutes=4)})
    field.says("attic", {"temperature": 1, "measured_at": field.now(minutes=6)})

    [failure] = field.failures()
    assert failure["requestPayload"]["device_id"] == "attic"
    assert [item["device_id"] for item in field.readings()] == ["cellar"]
    # The rule's own right to the queue is for what it cannot hand over.
    assert {grant for grant in field.deployment.permissions.unused if "IotRule" not in grant.holder} == set()


def test_a_message_that_the_rule_cannot_hand_over_is_kept_by_the_rule(field: Field) -> None:
    name = field.deployment.function("telemetry").name
    functions = field.harness.client("lambda")
    policy = json.loads(functions.get_policy(FunctionName=name, Qualifier="live")["Policy"])
    functions.remove_permission(FunctionName=name, Qualifier="live", StatementId=policy["Statement"][0]["Sid"])

    field.says("cellar", {"temperature": 11.5})

    [failure] = field.failures()
    assert failure["topic"] == "devices/cellar/telemetry"
    assert json.loads(base64.b64decode(failure["base64OriginalPayload"])) == {"temperature": 11.5}
    assert failure["failures"][0]["failedAction"] == "LambdaAction"
    assert field.readings() == []
    # A reset does not bring the permission back.
    field.deployment.destroy()


@pytest.mark.parametrize(("event", "error"), [("reading", None), ("too_hot", "NotAReading")])
def test_the_sample_events_are_handled(field: Field, event: str, error: str | None) -> None:
    sample = json.loads((RECIPE / "events" / f"{event}.json").read_text())

    payload = field.deployment.function("telemetry").invoke(sample, qualifier="live").payload

    assert payload.get("errorType") == error
