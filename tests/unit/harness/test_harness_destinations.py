"""What is sent when an asynchronous event ended."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.invocation.asynchronous_event import Answer, QueuedEvent, Verdict
from lambdakit.harness.invocation.dead_letters import DeadLetters
from lambdakit.harness.invocation.destination_record import destination_record
from lambdakit.harness.invocation.destinations import Destinations
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.invocation.shipment import Shipment, Undeliverable
from tests.fakes.asynchronous_world import ARN, QUEUE, RecordedCalls

AT = datetime(2026, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:records"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/records"
TRACE = "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c;Lineage=66d2e7d4:0"
SUCCESS = Verdict(condition="Success")
FAILURE = Verdict(condition="RetriesExhausted", error_code=200, error_message="no")


def queued(payload: bytes = b'{"a": 1}', *, qualifier: str = "", answer: Answer | None = None) -> QueuedEvent:
    event = Event(payload=payload, qualifier=qualifier, request_id="request")
    return QueuedEvent(arn=ARN, event=event, accepted_at=AT, runs=3, answer=answer)


def shipment(verdict: Verdict = FAILURE, **settings: Any) -> Shipment:
    return Shipment(queued=queued(**settings), verdict=verdict, role="arn:role", trace_id=TRACE, at=AT)


class TestRecord:
    def test_of_a_failure(self) -> None:
        answer = Answer(payload=b'{"errorMessage":"no"}', executed_version="7", error_type="ValueError")

        record = json.loads(destination_record(queued(qualifier="live", answer=answer), FAILURE, at=AT))

        assert record == {
            "version": "1.0",
            "timestamp": "2026-03-04T05:06:07.891Z",
            "requestContext": {
                "requestId": "request",
                "functionArn": f"{ARN}:live",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": {"a": 1},
            "responseContext": {"statusCode": 200, "executedVersion": "7", "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": "no"},
        }

    def test_of_a_success_has_no_error(self) -> None:
        answer = Answer(payload=b"[1]", executed_version="$LATEST", error_type=None)

        record = json.loads(destination_record(queued(answer=answer), SUCCESS, at=AT))

        assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
        assert record["responsePayload"] == [1]
        assert record["requestContext"]["functionArn"] == f"{ARN}:$LATEST"

    @pytest.mark.parametrize(
        ("payload", "shown"),
        [
            (b"", "{}"),
            (b"1e400", "1e400"),
            (b'{"n": 1.10, "n": 12345678901234567890123}', '{"n": 1.10, "n": 12345678901234567890123}'),
        ],
    )
    def test_payloads_stand_in_it_as_they_came(self, payload: bytes, shown: str) -> None:
        assert f'"requestPayload":{shown}' in destination_record(queued(payload), FAILURE, at=AT)

    @pytest.mark.parametrize(("payload", "shown"), [(b"", None), (b"<xml>", "<xml>"), (b"\xff", "\ufffd")])
    def test_an_answer_that_is_no_json_is_a_text(self, payload: bytes, shown: str | None) -> None:
        answer = Answer(payload=payload, executed_version="1", error_type=None)

        assert json.loads(destination_record(queued(answer=answer), SUCCESS, at=AT))["responsePayload"] == shown


class TestDestinations:
    def test_a_queue_gets_it_with_the_trace_header(self) -> None:
        calls = RecordedCalls()

        Destinations(calls, invoke_later=refuse_all).send(QUEUE, shipment())

        (sent,) = calls.of("send_message")
        assert sent["QueueUrl"].endswith("/123456789012/records")
        assert json.loads(sent["MessageBody"])["requestPayload"] == {"a": 1}
        assert sent["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"] == TRACE
        assert calls.made[0][:3] == ("sqs", "us-east-1", "arn:role")

    def test_a_topic_gets_it_in_its_own_region(self) -> None:
        calls = RecordedCalls()

        Destinations(calls, invoke_later=refuse_all).send(TOPIC, shipment())

        ((service, region, role, operation, parameters),) = calls.made
        assert (service, region, role, operation) == ("sns", "eu-west-1", "arn:role", "publish")
        assert parameters["TopicArn"] == TOPIC
        assert json.loads(parameters["Message"])["version"] == "1.0"

    @pytest.mark.parametrize(("verdict", "result"), [(SUCCESS, "Success"), (FAILURE, "Failure")])
    def test_a_bus_gets_an_event(self, verdict: Verdict, result: str) -> None:
        calls = RecordedCalls()

        Destinations(calls, invoke_later=refuse_all).send(BUS, shipment(verdict))

        (entry,) = calls.of("put_events")[0]["Entries"]
        assert entry["Source"] == "lambda"
        assert entry["DetailType"] == f"Lambda Function Invocation Result - {result}"
        assert entry["Resources"] == [BUS, f"{ARN}:$LATEST"]
        assert entry["EventBusName"] == BUS
        assert json.loads(entry["Detail"])["requestContext"]["condition"] == verdict.condition

    def test_a_bus_that_refuses_the_entry_is_told(self) -> None:
        calls = RecordedCalls()
        calls.answers["put_events"] = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "X", "ErrorMessage": "why"}]}

        with pytest.raises(Undeliverable, match="X: why"):
            Destinations(calls, invoke_later=refuse_all).send(BUS, shipment())

    def test_a_function_is_invoked_in_the_same_chain(self) -> None:
        taken: list[tuple[str, bytes, str, str]] = []

        Destinations(RecordedCalls(), invoke_later=lambda *given: taken.append(given)).send(f"{ARN}:live", shipment())

        ((arn, payload, trace_id, role),) = taken
        assert (arn, trace_id, role) == (f"{ARN}:live", TRACE, "arn:role")
        assert json.loads(payload)["requestContext"]["requestId"] == "request"

    def test_a_bucket_gets_an_object(self) -> None:
        calls = RecordedCalls()

        Destinations(calls, invoke_later=refuse_all).send("arn:aws:s3:::records", shipment())

        (put,) = calls.of("put_object")
        assert put["Bucket"] == "records"
        assert re.fullmatch(r"aws/lambda/async/orders/2026/03/04/2026-03-04T05\.06\.07-[0-9a-f-]{36}", put["Key"])
        assert json.loads(put["Body"])["version"] == "1.0"

    def test_a_bucket_takes_no_successes(self) -> None:
        with pytest.raises(Undeliverable, match="failures only"):
            Destinations(RecordedCalls(), invoke_later=refuse_all).send("arn:aws:s3:::records", shipment(SUCCESS))

    @pytest.mark.parametrize("destination", ["nonsense", "arn:aws:dynamodb:us-east-1:123456789012:table/t", ""])
    def test_nothing_else_is_a_destination(self, destination: str) -> None:
        with pytest.raises(Undeliverable):
            Destinations(RecordedCalls(), invoke_later=refuse_all).send(destination, shipment())


class TestDeadLetters:
    def test_a_queue_gets_the_event_itself(self) -> None:
        calls = RecordedCalls()

        DeadLetters(calls).send(QUEUE, shipment())

        (sent,) = calls.of("send_message")
        assert sent["MessageBody"] == '{"a": 1}'
        assert sent["MessageAttributes"] == {
            "RequestID": {"DataType": "String", "StringValue": "request"},
            "ErrorCode": {"DataType": "Number", "StringValue": "200"},
            "ErrorMessage": {"DataType": "String", "StringValue": "no"},
        }

    def test_a_topic_gets_the_same(self) -> None:
        calls = RecordedCalls()

        DeadLetters(calls).send(TOPIC, shipment(payload=b""))

        (published,) = calls.of("publish")
        assert published["Message"] == "{}"
        assert published["MessageAttributes"]["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}

    @pytest.mark.parametrize("target", [BUS, "arn:aws:s3:::records", "nonsense"])
    def test_nothing_else_takes_dead_letters(self, target: str) -> None:
        with pytest.raises(Undeliverable):
            DeadLetters(RecordedCalls()).send(target, shipment())

    # DG "Adding a dead-letter queue": the first 1 KB of the error message.
    @pytest.mark.parametrize(
        ("message", "shown"),
        [
            ("x" * 1_024, "x" * 1_024),
            ("x" * 1_025, "x" * 1_024),
            ("x" * 1_023 + "ü", "x" * 1_023),
            ("", "Unknown"),
            ("a\x00b", "a b"),
        ],
        ids=["1024", "1025", "a character over the end", "nothing", "what no queue takes"],
    )
    def test_the_message_is_cut(self, message: str, shown: str) -> None:
        calls = RecordedCalls()

        DeadLetters(calls).send(QUEUE, shipment(Verdict(condition="RetriesExhausted", error_message=message)))

        assert calls.of("send_message")[0]["MessageAttributes"]["ErrorMessage"]["StringValue"] == shown

    @given(st.text(max_size=300))
    def test_the_message_is_one_that_queues_take(self, message: str) -> None:
        calls = RecordedCalls()
        verdict = Verdict(condition="RetriesExhausted", error_message=message.encode("utf-8", "replace").decode())

        DeadLetters(calls).send(QUEUE, shipment(verdict))

        value = calls.of("send_message")[0]["MessageAttributes"]["ErrorMessage"]["StringValue"]
        assert 1 <= len(value.encode()) <= 1_024
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", value)


def refuse_all(arn: str, payload: bytes, trace_id: str, role_arn: str) -> None:
    """A function that takes nothing."""
    raise AssertionError(f"{arn} was invoked")
