"""Pipes to API destinations: what these get, and what becomes of a message that they do not take.

Source: Amazon EventBridge User Guide, "EventBridge Pipes targets", "EventBridge Pipes error handling and
troubleshooting".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-pipes")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipe"


class Line:
    """A queue whose messages a pipe takes to an API destination of a server of ours."""

    def __init__(self, harness: WiredHarness, receiver: HttpReceiver) -> None:
        self.harness, self.receiver = harness, receiver
        self._sqs, self._events, self._pipes = harness.aws("sqs"), harness.aws("events"), harness.aws("pipes")
        self._queue = self._sqs.create_queue(QueueName="to-api")["QueueUrl"]
        key = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "secret"}}
        connection = self._events.create_connection(Name="api", AuthorizationType="API_KEY", AuthParameters=key)
        self._destination = self._events.create_api_destination(
            Name="api",
            ConnectionArn=connection["ConnectionArn"],
            InvocationEndpoint=f"{receiver.url}/orders/*",
            HttpMethod="POST",
        )
        self.before = harness.position()

    def send(self, body: Mapping[str, Any], **parameters: Any) -> None:
        self._pipes.create_pipe(
            Name="line",
            RoleArn=ROLE,
            Source=f"arn:aws:sqs:{REGION}:{ACCOUNT}:to-api",
            Target=self._destination["ApiDestinationArn"],
            TargetParameters=parameters,
        )
        self._sqs.send_message(QueueUrl=self._queue, MessageBody=json.dumps(body))
        self.harness.drain()

    def outcome(self) -> str:
        [settled] = self.harness.events("RecordBatchSettled", after=self.before)
        return str(settled["outcome"])

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def remove(self) -> None:
        self._pipes.delete_pipe(Name="line")
        self._events.delete_api_destination(Name="api")
        self._events.delete_connection(Name="api")
        self._sqs.delete_queue(QueueUrl=self._queue)
        self.harness.drain()


@pytest.fixture
def line(harness: WiredHarness) -> Iterator[Line]:
    with HttpReceiver() as receiver:
        made = Line(harness, receiver)
        yield made
        made.remove()


def test_it_gets_the_payload_itself(line: Line) -> None:
    asked = {"PathParameterValues": ["$.body.id"], "HeaderParameters": {"x-kind": "order"}}

    line.send({"id": "7", "name": "a"}, HttpParameters=asked, InputTemplate='{"name": <$.body.name>}')

    [request] = line.receiver.received
    assert (request.path, json.loads(request.body)) == ("/orders/7", {"name": "a"})
    assert (request.headers["x-api-key"], request.headers["x-kind"]) == ("secret", "order")
    assert (line.outcome(), line.left()) == ("success", 0)


def test_what_it_answers_counts_as_a_failure(line: Line) -> None:
    line.receiver.answers = [(502, b"")]

    line.send({"name": "a"}, HttpParameters={"PathParameterValues": ["7"]})

    assert len(line.receiver.received) == 1  # the message comes again once it is visible
    assert (line.outcome(), line.left()) == ("failed", 1)
