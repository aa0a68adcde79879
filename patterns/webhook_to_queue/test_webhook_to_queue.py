"""The scenario: a signed webhook is recorded, once; what is not signed or no webhook goes elsewhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parent / "lambdakit.yaml"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAID = b'{"type": "invoice.paid", "data": {"invoice": "in_1"}}'


@pytest.fixture
def deployment(deploy, harness):
    deployed = deploy(DOCUMENT)
    secret = deployed.outputs["webhooks"]["SigningSecretArn"]
    harness.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=SECRET)
    return deployed


@pytest.fixture
def outputs(deployment):
    return deployment.outputs["webhooks"]


def send(deployment, webhook_id, body, signed=None):
    """The answer to a webhook. signed: what its signature is of; the body, when left out."""
    timestamp = str(int(time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    content = f"{webhook_id}.{timestamp}.".encode() + (body if signed is None else signed)
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    headers = {"id": webhook_id, "timestamp": timestamp, "signature": f"v1,{signature}"}
    with deployment.http() as http:
        return http.post("/webhooks", content=body, headers={f"webhook-{name}": text for name, text in headers.items()})


def recorded(harness, outputs):
    items = harness.client("dynamodb").scan(TableName=outputs["DeliveriesRecordedTableName"])["Items"]
    return {item["webhook_id"]["S"]: item["type"]["S"] for item in items}


def test_a_signed_webhook_that_is_sent_twice_is_recorded_once(harness, deployment, outputs):
    answers = [send(deployment, "msg_1", PAID).status_code for _ in range(2)]
    harness.drain()

    assert answers == [202, 202]
    assert recorded(harness, outputs) == {"msg_1": "invoice.paid"}


def test_what_was_changed_on_the_way_is_refused(harness, deployment, outputs):
    answer = send(deployment, "msg_1", PAID, signed=b"{}")
    harness.drain()

    assert answer.status_code == 401
    assert recorded(harness, outputs) == {}


def test_what_nobody_can_record_ends_in_the_dead_letter_queue(harness, deployment, outputs):
    send(deployment, "msg_1", b'{"data": "of no type"}')
    harness.drain()
    # It comes five times, and is hidden for a minute each time.
    harness.clock.advance(minutes=10)
    harness.drain()

    received = harness.client("sqs").receive_message(QueueUrl=outputs["AcceptedDeadLetterQueueUrl"])
    assert [json.loads(message["Body"])["webhook_id"] for message in received["Messages"]] == ["msg_1"]
    assert recorded(harness, outputs) == {}
