"""Asynchronous invocations as any SDK sends them, against a harness in its own process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.plain_assembly import function, published, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-async")

SOURCE = """
import json, os
import boto3

def handler(event, context):
    if event.get("again"):
        client = boto3.client("lambda")
        client.invoke(FunctionName=context.function_name, InvocationType=event["again"], Payload=json.dumps(event))
    if event.get("fail"):
        raise ValueError(event["fail"])
    if event.get("exit"):
        os._exit(3)
    client = context.client_context
    return {"event": event, "request": context.aws_request_id, "custom": client and client.custom}
"""
ARN = "arn:aws:lambda:us-east-1:123456789012:function:events"


@pytest.fixture(scope="module", autouse=True)
def deployment(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    resources = function("Fn", SOURCE, FunctionName="events") | published("Fn")
    resources |= function("Next", SOURCE, FunctionName="next")
    deployed = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "async", resources))
    yield deployed
    harness.destroy(deployed)


@pytest.fixture
def target(harness: WiredHarness) -> Iterator[Target]:
    target = Target(harness)
    yield target
    target.remove()


class Target:
    """The function, with a queue and whatever a test sets on it, taken away at the end."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness = harness
        self.lambda_, self.sqs = harness.aws("lambda"), harness.aws("sqs")
        self.url = self.sqs.create_queue(QueueName="ended")["QueueUrl"]
        self.queue = "arn:aws:sqs:us-east-1:123456789012:ended"
        self._configured: list[str] = []
        self.before = harness.position()

    def configure(self, qualifier: str = "$LATEST", **settings: Any) -> None:
        """Sets the event invoke configuration. on_success, on_failure: destinations."""
        ends = {"on_success": "OnSuccess", "on_failure": "OnFailure"}
        destinations = {ends[name]: {"Destination": settings.pop(name)} for name in ends if name in settings}
        self.lambda_.put_function_event_invoke_config(
            FunctionName="events", Qualifier=qualifier, DestinationConfig=destinations, **settings
        )
        self._configured.append(qualifier)

    def send(self, event: object, name: str = "events") -> str:
        """Sends an event and returns its request id, once the harness is at rest."""
        answer = self.lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))
        self.harness.drain()
        request_id: str = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
        return request_id

    def messages(self) -> list[dict[str, Any]]:
        """What the queue holds."""
        found = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
            WaitTimeSeconds=0,
        )
        messages: list[dict[str, Any]] = found.get("Messages", [])
        return messages

    def record(self) -> dict[str, Any]:
        """The one record in the queue."""
        (message,) = self.messages()
        record: dict[str, Any] = json.loads(message["Body"])
        return record

    def pass_time(self, seconds: float) -> None:
        """Moves the harness's clock."""
        answer = self.harness.call("POST", "clock", {"advance_seconds": seconds})
        assert answer.status == 200, answer.body

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The trace's events of one kind since the test began."""
        return self.harness.events(kind, after=self.before)

    def remove(self) -> None:
        """Takes away what was set."""
        for qualifier in set(self._configured):
            self.lambda_.delete_function_event_invoke_config(FunctionName="events", Qualifier=qualifier)
        self.sqs.delete_queue(QueueUrl=self.url)


class TestAccepting:
    def test_it_is_taken_at_once(self, harness: WiredHarness) -> None:
        answer = harness.invoke("events", headers={"X-Amz-Invocation-Type": "Event", "X-Amz-Log-Type": "Tail"})

        assert (answer.status, answer.body) == (202, b"")
        assert "x-amz-executed-version" not in answer.headers
        assert "x-amz-log-result" not in answer.headers
        assert len(answer.headers["x-amzn-requestid"]) == 36
        harness.drain()

    @pytest.mark.parametrize(("size", "ok"), [(1_048_576, True), (1_048_577, False)])
    def test_an_event_has_1_mb(self, harness: WiredHarness, size: int, ok: bool) -> None:
        body = b'{"x":"' + b"y" * (size - 8) + b'"}'

        answer = harness.invoke("events", body, headers={"X-Amz-Invocation-Type": "Event"})

        assert answer.status == (202 if ok else 413)
        if not ok:
            assert answer.headers["x-amzn-errortype"] == "RequestTooLargeException"
            message = answer.json().get("message") or answer.json().get("Message")
            assert message == "Request must be smaller than 1048576 bytes for the InvokeFunction operation"
        harness.drain()

    @pytest.mark.parametrize(
        ("name", "body", "status"), [("missing", b"{}", 404), ("events:missing", b"{}", 404), ("events", b"{", 400)]
    )
    def test_what_is_refused_is_not_queued(self, harness: WiredHarness, name: str, body: bytes, status: int) -> None:
        before = harness.position()

        answer = harness.invoke(name, body, headers={"X-Amz-Invocation-Type": "Event"})

        assert answer.status == status
        assert harness.events("EventQueued", after=before) == []

    def test_the_client_context_is_for_synchronous_calls(self, target: Target) -> None:
        target.configure(on_success=target.queue)

        target.lambda_.invoke(
            FunctionName="events", InvocationType="Event", ClientContext="eyJjdXN0b20iOiB7ImEiOiAxfX0=", Payload=b"{}"
        )
        target.harness.drain()

        assert target.record()["responsePayload"]["custom"] is None


class TestRetries:
    @pytest.mark.parametrize("how", ["fail", "exit"])
    def test_an_error_is_tried_three_times_in_three_minutes(self, target: Target, how: str) -> None:
        target.configure(on_failure=target.queue)

        request_id = target.send({how: "on purpose"})
        after_one = len(target.told("InvocationEnded"))
        target.pass_time(60)
        after_two = len(target.told("InvocationEnded"))
        nothing = target.messages()
        target.pass_time(120)

        record = target.record()
        assert (after_one, after_two, len(target.told("InvocationEnded"))) == (1, 2, 3)
        assert nothing == []
        assert record["requestContext"] == {
            "requestId": request_id,
            "functionArn": f"{ARN}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        }
        assert {event["request_id"] for event in target.told("InvocationEnded")} == {request_id}

    def test_a_drain_tells_what_is_left_for_later(self, target: Target) -> None:
        target.lambda_.invoke(FunctionName="events", InvocationType="Event", Payload=b'{"fail": 1}')

        scheduled = target.harness.call("POST", "drain", {"timeout_seconds": 120}).json()["scheduled"]
        target.harness.call("POST", "drain", {"timeout_seconds": 120, "advance": True})

        assert len(scheduled) == 1
        assert "events" in json.dumps(scheduled)
        assert [event["condition"] for event in target.told("EventSettled")] == ["RetriesExhausted"]

    def test_the_dead_letter_queue_gets_the_event_itself(self, target: Target) -> None:
        target.lambda_.update_function_configuration(
            FunctionName="events", DeadLetterConfig={"TargetArn": target.queue}
        )
        target.configure(MaximumRetryAttempts=0)

        request_id = target.send({"fail": "x" * 2_000})
        (message,) = target.messages()
        target.lambda_.update_function_configuration(FunctionName="events", DeadLetterConfig={"TargetArn": ""})

        assert json.loads(message["Body"]) == {"fail": "x" * 2_000}
        attributes = {
            name: (value["DataType"], value["StringValue"]) for name, value in message["MessageAttributes"].items()
        }
        assert attributes == {
            "RequestID": ("String", request_id),
            "ErrorCode": ("Number", "200"),
            "ErrorMessage": ("String", "x" * 1_024),
        }

    def test_a_function_without_concurrency_runs_once_it_has_some(self, target: Target) -> None:
        target.configure(on_failure=target.queue, on_success=target.queue)
        target.lambda_.put_function_concurrency(FunctionName="events", ReservedConcurrentExecutions=0)

        target.send({})
        target.lambda_.delete_function_concurrency(FunctionName="events")

        assert target.record()["requestContext"]["condition"] == "ZeroReservedConcurrency"
        assert target.told("InvocationStarted") == []


class TestDestinations:
    def test_an_alias_has_its_own(self, target: Target) -> None:
        target.configure("live", on_success=target.queue)

        target.send({"n": 1})
        nothing = target.messages()
        target.send({"n": 2}, "events:live")

        record = target.record()
        assert nothing == []
        assert record["requestPayload"] == {"n": 2}
        assert record["requestContext"]["functionArn"] == f"{ARN}:live"
        assert record["responseContext"] == {"statusCode": 200, "executedVersion": "1"}

    def test_a_topic_passes_the_record_on(self, target: Target) -> None:
        sns = target.harness.aws("sns")
        topic = sns.create_topic(Name="ended")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=target.queue)
        target.configure(on_success=topic)

        target.send({"n": 1})
        message = json.loads(target.messages()[0]["Body"])
        sns.delete_topic(TopicArn=topic)

        assert json.loads(message["Message"])["requestPayload"] == {"n": 1}

    def test_a_bus_gets_an_event_that_rules_match(self, target: Target) -> None:
        events = target.harness.aws("events")
        pattern = json.dumps({"source": ["lambda"], "detail": {"requestContext": {"condition": ["Success"]}}})
        events.put_rule(Name="ended", EventPattern=pattern)
        events.put_targets(Rule="ended", Targets=[{"Id": "queue", "Arn": target.queue}])
        bus = "arn:aws:events:us-east-1:123456789012:event-bus/default"
        target.configure(on_success=bus)

        target.send({"n": 1})
        event = target.record()
        events.remove_targets(Rule="ended", Ids=["queue"])
        events.delete_rule(Name="ended")

        assert event["detail-type"] == "Lambda Function Invocation Result - Success"
        assert event["resources"] == [bus, f"{ARN}:$LATEST"]
        assert event["detail"]["requestPayload"] == {"n": 1}

    def test_a_function_gets_the_record_as_its_event(self, target: Target) -> None:
        target.configure(on_success="arn:aws:lambda:us-east-1:123456789012:function:next")

        target.send({"n": 1})

        ended = {event["function"]: json.loads(event["payload"]) for event in target.told("InvocationEnded")}
        assert ended["next"]["event"]["requestPayload"] == {"n": 1}

    def test_a_bucket_gets_failures(self, target: Target) -> None:
        s3 = target.harness.aws("s3")
        s3.create_bucket(Bucket="ended-records")
        target.configure(on_failure="arn:aws:s3:::ended-records", MaximumRetryAttempts=0)

        target.send({"fail": "yes"})
        (found,) = s3.list_objects_v2(Bucket="ended-records")["Contents"]
        record = json.loads(s3.get_object(Bucket="ended-records", Key=found["Key"])["Body"].read())
        s3.delete_object(Bucket="ended-records", Key=found["Key"])
        s3.delete_bucket(Bucket="ended-records")

        assert found["Key"].startswith("aws/lambda/async/events/20")
        assert record["responsePayload"]["errorMessage"] == "yes"

    def test_one_that_is_gone_is_told(self, target: Target) -> None:
        target.configure(on_success="arn:aws:sqs:us-east-1:123456789012:no-such-queue")

        target.send({})

        (failed,) = target.told("DestinationFailed")
        assert failed["purpose"] == "on success"
        assert "NonExistentQueue" in failed["problem"]
        assert [event["condition"] for event in target.told("EventSettled")] == ["Success"]


class TestRecursion:
    def test_a_synchronous_chain_is_stopped_at_the_17th(self, target: Target) -> None:
        result = target.lambda_.invoke(FunctionName="events", Payload=b'{"again": "RequestResponse"}')
        result["Payload"].read()

        (stopped,) = target.told("RecursionStopped")
        calls = [event for event in target.told("ServiceCalled") if event["status"] == 400]
        assert len(target.told("InvocationStarted")) == 16
        assert stopped["invocations"] == 16
        assert len(calls) == 1

    def test_an_asynchronous_chain_goes_to_the_destination(self, target: Target) -> None:
        target.configure(on_failure=target.queue)

        target.send({"again": "Event"})

        assert len(target.told("InvocationStarted")) == 16
        assert target.record()["requestContext"]["condition"] == "RecursionDetected"

    def test_a_function_that_may_is_not_stopped(self, target: Target) -> None:
        target.lambda_.put_function_recursion_config(FunctionName="events", RecursiveLoop="Allow")
        target.lambda_.invoke(FunctionName="events", InvocationType="Event", Payload=b'{"again": "Event"}')
        enough = 40
        position = target.before
        seen = 0
        while seen < enough:
            answer = target.harness.call("GET", f"trace?after={position}&wait_seconds=20").json()["events"]
            assert answer, f"only {seen} invocations"
            seen += sum(event["kind"] == "InvocationStarted" for event in answer)
            position = answer[-1]["sequence"]
        target.lambda_.put_function_recursion_config(FunctionName="events", RecursiveLoop="Terminate")
        target.harness.drain()

        assert len(target.told("RecursionStopped")) == 1


class TestLettingGo:
    def test_a_reset_drops_what_waits(self, target: Target, deployment: dict[str, Any]) -> None:
        target.send({"fail": 1})

        target.harness.reset(deployment)
        target.pass_time(3_600)

        assert [event["condition"] for event in target.told("EventSettled")] == ["Forgotten"]
        assert len(target.told("InvocationStarted")) == 1

    def test_a_harness_ends_with_events_in_its_queue(self, tmp_path: Any) -> None:
        hang = "import threading\ndef handler(event, context): threading.Event().wait()"
        with WiredHarness() as harness:
            harness.deploy(write_stack(tmp_path, "hang", function("Fn", hang, FunctionName="hang", Timeout=600)))
            for _ in range(20):
                harness.invoke("hang", headers={"X-Amz-Invocation-Type": "Event"})

            assert harness.close() == 0
