"""Webhooks, from the sender to the table: signatures, repetitions, what is no webhook, a new secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import runpy
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from lambdakit import Harness
    from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

RECIPE = Path(__file__).parents[3] / "patterns" / "webhook_to_queue"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAID = json.dumps({"type": "invoice.paid", "data": {"invoice": "in_1", "amount": 1250}}).encode()


@pytest.fixture
def deployment(harness: Harness, deploy_recipe: Callable[[str], Deployment]) -> Deployment:
    """The stack, with the sender's secret put in as its operator would."""
    deployed = deploy_recipe("webhook_to_queue")
    secret = deployed.outputs["webhooks"]["SigningSecretArn"]
    harness.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=SECRET)
    return deployed


def signature(webhook_id: str, timestamp: str, body: bytes, secret: str = SECRET) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def headers(body: bytes, *, webhook_id: str = "msg_1", age: int = 0, **changes: str) -> dict[str, str]:
    timestamp = str(int(time.time()) - age)
    made = {"id": webhook_id, "timestamp": timestamp, "signature": signature(webhook_id, timestamp, body), **changes}
    return {f"webhook-{name}": value for name, value in made.items()} | {"content-type": "application/json"}


def send(deployment: Deployment, body: bytes, sent: Mapping[str, str]) -> httpx.Response:
    with deployment.http() as http:
        return http.post("/webhooks", content=body, headers=dict(sent))


def recorded(harness: Harness, deployment: Deployment) -> dict[str, Any]:
    table = deployment.outputs["webhooks"]["DeliveriesRecordedTableName"]
    items = harness.client("dynamodb").scan(TableName=table)["Items"]
    return {item["webhook_id"]["S"]: json.loads(item["payload"]["S"]) for item in items}


def failures(harness: Harness, deployment: Deployment) -> list[Any]:
    queue = deployment.outputs["webhooks"]["AcceptedDeadLetterQueueUrl"]
    received = harness.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def test_signatures_are_those_of_the_specification() -> None:
    # The example of the specification and of the libraries that sign by it.
    sign = runpy.run_path(str(RECIPE / "functions" / "receive" / "signature.py"))["sign"]

    made = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}', SECRET)

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signed_webhook_is_accepted_at_once_and_recorded(harness: Harness, deployment: Deployment) -> None:
    answer = send(deployment, PAID, headers(PAID))
    harness.drain()

    assert (answer.status_code, answer.json()) == (202, {"message": "accepted"})
    assert recorded(harness, deployment) == {"msg_1": json.loads(PAID)}
    assert deployment.permissions.denied == set()
    assert deployment.permissions.unused == set()


def test_a_webhook_that_is_sent_again_is_recorded_once(harness: Harness, deployment: Deployment) -> None:
    other = json.dumps({"type": "invoice.changed"}).encode()

    answers = [send(deployment, body, headers(body)).status_code for body in (PAID, PAID)]
    harness.drain()
    answers.append(send(deployment, other, headers(other)).status_code)
    harness.drain()

    assert answers == [202, 202, 202]
    assert recorded(harness, deployment) == {"msg_1": json.loads(PAID)}
    assert failures(harness, deployment) == []


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param(dict, "webhook-id must have 1 to 255 characters", id="unsigned"),
        pytest.param(partial(headers, b"{}"), "no signature in webhook-signature is the body's", id="of another body"),
        pytest.param(
            partial(headers, PAID, id="msg_2"), "no signature in webhook-signature is the body's", id="of another id"
        ),
        pytest.param(
            partial(headers, PAID, signature=""), "no signature in webhook-signature is the body's", id="empty"
        ),
        pytest.param(
            partial(headers, PAID, signature="v2,AAAA"), "no signature in webhook-signature is the body's", id="v2"
        ),
        pytest.param(
            partial(headers, PAID, timestamp="soon"), "webhook-timestamp must be a Unix time in seconds", id="time"
        ),
        pytest.param(
            partial(headers, PAID, timestamp="-1"), "webhook-timestamp must be a Unix time in seconds", id="before"
        ),
        pytest.param(
            partial(headers, PAID, age=3600),
            "webhook-timestamp is more than 300 seconds away from now",
            id="an hour old",
        ),
        pytest.param(
            partial(headers, PAID, age=-3600),
            "webhook-timestamp is more than 300 seconds away from now",
            id="of the future",
        ),
    ],
)
def test_a_webhook_that_cannot_be_trusted_goes_nowhere(
    harness: Harness, deployment: Deployment, sent: Callable[[], Mapping[str, str]], reason: str
) -> None:
    answer = send(deployment, PAID, sent())  # made now: a signature is good for five minutes
    harness.drain()

    assert (answer.status_code, answer.json()) == (401, {"message": reason})
    assert deployment.function("deliveries").invocations == ()
    assert recorded(harness, deployment) == {}


def test_one_of_several_signatures_is_enough_while_the_sender_changes_its_secret(
    harness: Harness, deployment: Deployment
) -> None:
    sent = headers(PAID)
    old = signature("msg_1", sent["webhook-timestamp"], PAID, "whsec_" + base64.b64encode(b"old" * 8).decode())

    answer = send(deployment, PAID, {**sent, "webhook-signature": f"{old} {sent['webhook-signature']}"})
    harness.drain()

    assert answer.status_code == 202
    assert list(recorded(harness, deployment)) == ["msg_1"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param(b"", "application/json", 400, id="empty"),
        pytest.param(b"{", "application/json", 400, id="no JSON"),
        pytest.param(b'"\xff"', "application/octet-stream", 400, id="no UTF-8"),
        pytest.param(b'"' + b"x" * (256 * 1024) + b'"', "application/json", 413, id="above what a message may have"),
        pytest.param(PAID, "application/octet-stream", 202, id="which API Gateway hands over in base64"),
        pytest.param('{"type": "a", "to": "Zoë \U0001f98a"}'.encode(), "application/json", 202, id="beyond ASCII"),
        pytest.param(b'{"type": "a", "to": "\xef\xbf\xbe"}', "application/json", 202, id="which SQS would refuse"),
    ],
)
def test_signed_bodies_are_taken_as_they_are(
    harness: Harness, deployment: Deployment, body: bytes, content_type: str, status: int
) -> None:
    answer = send(deployment, body, {**headers(body), "content-type": content_type})
    harness.drain()

    assert answer.status_code == status
    assert recorded(harness, deployment) == ({"msg_1": json.loads(body)} if status == 202 else {})


def test_what_nobody_can_record_ends_in_the_failure_queue_alone(harness: Harness, deployment: Deployment) -> None:
    bodies = {"msg_1": PAID, "msg_2": b'{"data": 1}', "msg_3": b"[]", "msg_4": PAID}

    for webhook_id, body in bodies.items():
        assert send(deployment, body, headers(body, webhook_id=webhook_id)).status_code == 202
    harness.drain()
    # A message that failed is hidden for six time-outs of the function, a minute, and comes five times.
    harness.clock.advance(minutes=10)
    harness.drain()

    assert sorted(recorded(harness, deployment)) == ["msg_1", "msg_4"]
    assert sorted(failure["webhook_id"] for failure in failures(harness, deployment)) == ["msg_2", "msg_3"]
    tries = [
        message["messageId"]
        for call in deployment.function("deliveries").invocations
        for message in call.event["Records"]
        if json.loads(message["body"])["webhook_id"] == "msg_2"
    ]
    assert len(tries) == 5


def test_a_recorded_webhook_is_forgotten_after_ninety_days(harness: Harness, deployment: Deployment) -> None:
    send(deployment, PAID, headers(PAID))
    harness.drain()

    harness.clock.advance(days=89)
    harness.drain()
    after_89_days = recorded(harness, deployment)
    # DynamoDB takes up to two days to delete what has expired.
    harness.clock.advance(days=3)
    harness.drain()

    assert list(after_89_days) == ["msg_1"]
    assert recorded(harness, deployment) == {}


def test_the_sender_hears_of_a_queue_that_takes_nothing(harness: Harness, deployment: Deployment) -> None:
    harness.client("sqs").delete_queue(QueueUrl=deployment.outputs["webhooks"]["AcceptedQueueUrl"])

    answer = send(deployment, PAID, headers(PAID))

    assert answer.status_code == 500
    deployment.destroy()  # a reset brings no queue back


@pytest.mark.parametrize(
    ("event", "function", "expected"),
    [
        ("receive_forged", "receive", 401),
        ("receive_unsigned", "receive", 401),
        ("record", "deliveries", {"batchItemFailures": []}),
        ("record_without_type", "deliveries", {"batchItemFailures": [{"itemIdentifier": "m-2"}]}),
    ],
)
def test_the_sample_events_are_answered(deployment: Deployment, event: str, function: str, expected: object) -> None:
    sample = json.loads((RECIPE / "events" / f"{event}.json").read_text())

    payload = deployment.function(function).invoke(sample, qualifier="live").payload

    assert (payload["statusCode"] if function == "receive" else payload) == expected
