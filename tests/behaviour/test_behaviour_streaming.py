"""`InvokeWithResponseStream` as boto3 sends it, against a harness in its own process.

Sources: AWS Lambda API Reference (API), "InvokeWithResponseStream" and the events of its stream; AWS Lambda Developer
Guide (DG), "Response streaming for Lambda functions", "Building a custom runtime for AWS Lambda"; for `Unhandled` and
`Runtime.TruncatedResponse` as error codes, what the client of Remotion Lambda tells apart (remotion-dev/remotion).
"""

from __future__ import annotations

import base64
import json
import platform
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.plain_assembly import function, published, write_stacks
from tests.fakes.streaming_functions import bootstrap_package, streaming_resources
from tests.fakes.waiting import wait_until
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-streaming")

MIB = 1024 * 1024
EACH = ("node22", "node24", "python", "provided")
NODE = ("node22", "node24")
OWN = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())

BUFFERED = """
import boto3

def handler(event, context):
    print("hello from", context.invoked_function_arn)
    if event == "fail":
        raise LookupError("no")
    if isinstance(event, dict) and "call" in event:
        client = boto3.client("lambda")
        answer = client.invoke_with_response_stream(FunctionName=event["call"], Payload=b'{"first": "in"}')
        return [list(part)[0] for part in answer["EventStream"]]
    if isinstance(event, dict) and "size" in event:
        return "x" * event["size"]
    client = context.client_context
    return {"event": event, "version": context.function_version, "custom": client and client.custom}
"""


@pytest.fixture(scope="module", autouse=True)
def deployment(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    directory = tmp_path_factory.mktemp("assembly")
    resources = (
        streaming_resources("provided.zip", OWN)
        | function("Buffered", BUFFERED, FunctionName="buffered")
        | published("Buffered")
        | function("Java", FunctionName="java", Runtime="java21")
    )
    package = bootstrap_package(directory / "asset.provided")
    assembly = write_stacks(directory, {"streaming": {"Resources": resources}}, assets={"provided.zip": package})
    deployed = harness.deploy(assembly)
    yield deployed
    harness.destroy(deployed)


@pytest.fixture
def queue(harness: WiredHarness, request: pytest.FixtureRequest) -> Iterator[str]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[:80]
    url = harness.aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    yield url
    harness.aws("sqs").delete_queue(QueueUrl=url)


def call(harness: WiredHarness, name: str, event: object, **more: Any) -> dict[str, Any]:
    payload = event if isinstance(event, bytes) else json.dumps(event).encode()
    answer: dict[str, Any] = harness.aws("lambda").invoke_with_response_stream(
        FunctionName=name, Payload=payload, **more
    )
    return answer


def read(answer: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """What all chunks hold, and the event that ends the stream."""
    *chunks, last = list(answer["EventStream"])
    return b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks), last["InvokeComplete"]


def stream(harness: WiredHarness, name: str, event: object, **more: Any) -> tuple[bytes, dict[str, str]]:
    return read(call(harness, name, event, **more))


def refused(harness: WiredHarness, name: str, event: object = None, **more: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as error:
        call(harness, name, event, **more)
    response: Any = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


class TestWhileItIsMade:
    @pytest.mark.parametrize("name", EACH)
    def test_the_first_chunk_arrives_before_the_function_has_finished(
        self, harness: WiredHarness, queue: str, name: str
    ) -> None:
        """DG, response streaming. The function waits for a message that is sent once its first chunk is here."""
        answer = call(harness, name, {"first": "one", "queue": queue, "then": "two"})
        events = iter(answer["EventStream"])

        first = next(events)
        harness.aws("sqs").send_message(QueueUrl=queue, MessageBody="go on")
        rest = list(events)

        assert first == {"PayloadChunk": {"Payload": b"one"}}
        assert rest == [{"PayloadChunk": {"Payload": b"two"}}, {"InvokeComplete": {}}]

    def test_the_http_prelude_is_the_beginning_of_the_stream(self, harness: WiredHarness) -> None:
        """APIGW/response-transfer-mode-lambda: JSON, eight NULs, the body; the caller of the API takes it apart."""
        content, _ = stream(harness, "node24", {"prelude": {"statusCode": 201}, "first": "created"})

        assert content == b'{"statusCode":201}' + b"\0" * 8 + b"created"

    @pytest.mark.parametrize("name", NODE)
    def test_more_than_an_answer_may_hold(self, harness: WiredHarness, name: str) -> None:
        """DG "Lambda quotas": 6 MB for an answer, 200 MB for a stream."""
        content, complete = stream(harness, name, {"first": "a", "big": 12})

        assert len(content) == 12 * MIB + 1
        assert complete == {}

    def test_a_function_that_does_not_stream_gives_its_result_at_once(self, harness: WiredHarness) -> None:
        content, complete = stream(harness, "buffered", [1])

        assert json.loads(content)["event"] == [1]
        assert complete == {}

    @pytest.mark.parametrize("name", EACH)
    def test_invoke_waits_for_all_of_it(self, harness: WiredHarness, name: str) -> None:
        answer = harness.invoke(name, b'{"first": "one", "then": "two"}')

        assert (answer.status, answer.body) == (200, b"onetwo")
        assert "x-amz-function-error" not in answer.headers

    def test_many_streams_at_once_each_get_their_own(self, harness: WiredHarness, queue: str) -> None:
        streams = {
            number: iter(call(harness, "node24", {"first": f"{number}", "queue": queue})["EventStream"])
            for number in range(6)
        }

        firsts = {number: next(events)["PayloadChunk"]["Payload"] for number, events in streams.items()}
        for _ in streams:
            harness.aws("sqs").send_message(QueueUrl=queue, MessageBody="go on")
        lasts = [list(events)[-1] for events in streams.values()]

        assert firsts == {number: f"{number}".encode() for number in range(6)}
        assert lasts == [{"InvokeComplete": {}}] * 6

    def test_a_function_can_call_another_so(self, harness: WiredHarness) -> None:
        before = harness.position()

        answer = harness.invoke("buffered", b'{"call": "node24"}')

        assert answer.json() == ["PayloadChunk", "InvokeComplete"]
        (called,) = [event for event in harness.events("ServiceCalled", after=before) if event["service"] == "lambda"]
        assert (called["function"], called["status"]) == ("buffered", 200)
        ended = [event["function"] for event in harness.events("InvocationEnded", after=before)]
        assert ended == ["node24", "buffered"]


class TestRequest:
    def test_headers(self, harness: WiredHarness) -> None:
        """API InvokeWithResponseStream: status, executed version and content type."""
        answer = call(harness, "buffered:live", 1)
        read(answer)

        assert answer["StatusCode"] == 200
        assert answer["ExecutedVersion"] == "1"
        assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
        ended = harness.events("InvocationEnded")[-1]
        assert answer["ResponseMetadata"]["RequestId"] == ended["request_id"]

    @pytest.mark.parametrize(("qualifier", "version"), [("$LATEST", "$LATEST"), ("1", "1"), ("live", "1")])
    def test_qualifiers(self, harness: WiredHarness, qualifier: str, version: str) -> None:
        answer = call(harness, "buffered", 1, Qualifier=qualifier)
        content, _ = read(answer)

        assert (answer["ExecutedVersion"], json.loads(content)["version"]) == (version, version)

    def test_the_tail_of_the_log_comes_last(self, harness: WiredHarness) -> None:
        """API InvokeWithResponseStreamCompleteEvent: LogResult, the last 4 KB in base64."""
        _, complete = stream(harness, "node24", {"first": "a"}, LogType="Tail")

        lines = base64.b64decode(complete["LogResult"]).decode().splitlines()
        assert any("streams for" in line for line in lines)
        assert any(line.startswith("REPORT RequestId: ") for line in lines)
        assert "ErrorCode" not in complete

    def test_the_client_context_goes_to_the_function(self, harness: WiredHarness) -> None:
        context = base64.b64encode(b'{"custom": {"a": 1}}').decode()

        content, _ = stream(harness, "buffered", 1, ClientContext=context)

        assert json.loads(content)["custom"] == {"a": 1}

    def test_a_dry_run_runs_nothing(self, harness: WiredHarness) -> None:
        """API InvokeWithResponseStream: the status of a dry run is 204."""
        before = harness.position()

        answer = call(harness, "node24", {}, InvocationType="DryRun")
        answer["EventStream"].close()

        assert answer["StatusCode"] == 204
        assert harness.events("InvocationStarted", after=before) == []

    @pytest.mark.parametrize(
        ("name", "event", "more", "status", "code"),
        [
            ("missing", 1, {}, 404, "ResourceNotFoundException"),
            ("buffered", 1, {"Qualifier": "missing"}, 404, "ResourceNotFoundException"),
            ("missing", 1, {"InvocationType": "DryRun"}, 404, "ResourceNotFoundException"),
            ("buffered:live", 1, {"Qualifier": "1"}, 400, "InvalidParameterValueException"),
            ("buffered", b"{no json", {}, 400, "InvalidRequestContentException"),
            ("buffered", b'"' + b"x" * (6 * MIB) + b'"', {}, 413, "RequestTooLargeException"),
            ("buffered", 1, {"InvocationType": "Event"}, 400, "InvalidParameterValueException"),
            ("buffered", 1, {"ClientContext": "no base64!"}, 400, "InvalidRequestContentException"),
            ("java", 1, {}, 502, "InvalidRuntimeException"),
        ],
        ids=["name", "qualifier", "dry-run", "two", "json", "size", "event", "context", "runtime"],
    )
    def test_what_is_refused_is_a_plain_error_and_runs_nothing(
        self, harness: WiredHarness, name: str, event: object, more: dict[str, str], status: int, code: str
    ) -> None:
        before = harness.position()

        assert refused(harness, name, event, **more) == (status, code)
        assert harness.events("InvocationStarted", after=before) == []

    def test_a_throttled_call_is_a_plain_error(self, harness: WiredHarness) -> None:
        """API InvokeWithResponseStream: TooManyRequestsException, 429, before anything runs."""
        client = harness.aws("lambda")
        client.put_function_concurrency(FunctionName="node24-short", ReservedConcurrentExecutions=0)
        try:
            assert refused(harness, "node24-short", {}) == (429, "TooManyRequestsException")
        finally:
            client.delete_function_concurrency(FunctionName="node24-short")

    def test_an_empty_payload_is_an_empty_object(self, harness: WiredHarness) -> None:
        content, _ = stream(harness, "buffered", b"")

        assert json.loads(content)["event"] == {}


class TestErrors:
    def test_an_error_of_a_function_that_does_not_stream(self, harness: WiredHarness) -> None:
        content, complete = stream(harness, "buffered", "fail")

        assert content == b""
        assert complete["ErrorCode"] == "Unhandled"
        details = json.loads(complete["ErrorDetails"])
        assert (details["errorType"], details["errorMessage"]) == ("LookupError", "no")

    @pytest.mark.parametrize("first", [{}, {"first": "half"}], ids=["before-a-byte", "after-some"])
    @pytest.mark.parametrize("name", EACH)
    def test_an_error_on_the_way(self, harness: WiredHarness, name: str, first: dict[str, str]) -> None:
        """DG, building a custom runtime: Lambda forwards the error metadata of the trailers to the client."""
        content, complete = stream(harness, name, {**first, "how": "throw"})

        assert content == first.get("first", "").encode()
        assert complete["ErrorCode"] == "RangeError"
        assert json.loads(complete["ErrorDetails"])["errorMessage"] == "no further"

    @pytest.mark.parametrize("name", EACH)
    def test_a_crash_on_the_way(self, harness: WiredHarness, queue: str, name: str) -> None:
        before = harness.position()
        harness.aws("sqs").send_message(QueueUrl=queue, MessageBody="go on")

        content, complete = stream(harness, name, {"first": "half", "queue": queue, "how": "exit"})

        assert content == b"half"
        assert complete == {"ErrorCode": "Runtime.TruncatedResponse"}
        (ended,) = harness.events("InvocationEnded", after=before)
        assert (ended["status"], ended["error_type"]) == ("crash", "Runtime.ExitError")
        assert stream(harness, name, {"first": "again"}) == (b"again", {})

    @pytest.mark.parametrize("name", EACH)
    def test_a_stream_that_is_not_ended_times_out(self, harness: WiredHarness, name: str) -> None:
        content, complete = stream(harness, f"{name}-short", {"first": "half", "how": "hang"})

        assert content == b"half"
        assert complete["ErrorCode"] == "Sandbox.Timedout"
        assert complete["ErrorDetails"].endswith("Error: Task timed out after 1.00 seconds")
        assert stream(harness, f"{name}-short", {"first": "again"}) == (b"again", {})

    def test_a_result_that_is_too_long_is_told_by_the_last_event(self, harness: WiredHarness) -> None:
        content, complete = stream(harness, "buffered", {"size": 6 * MIB + 100})

        assert content == b""
        assert complete["ErrorCode"] == "Unhandled"
        assert json.loads(complete["ErrorDetails"])["errorType"] == "Function.ResponseSizeTooLarge"


class TestClients:
    def test_one_that_leaves_does_not_stop_the_function(self, harness: WiredHarness, queue: str) -> None:
        """DG, response streaming: a broken client connection does not stop the function."""
        before = harness.position()
        body = json.dumps({"first": "one", "queue": queue, "big": 12}).encode()
        head = (
            "POST /2021-11-15/functions/node24/response-streaming-invocations HTTP/1.1\r\nHost: x\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", harness.port), timeout=60) as client:
            client.sendall(head.encode() + body)
            received = b""
            while b"one" not in received:
                received += client.recv(65536)
        harness.aws("sqs").send_message(QueueUrl=queue, MessageBody="go on")

        wait_until(
            lambda: len(harness.events("InvocationEnded", after=before)) == 1, "the invocation did not end", seconds=20
        )

        (ended,) = harness.events("InvocationEnded", after=before)
        (streamed,) = harness.events("ResponseStreamed", after=before)
        assert ended["status"] == "success"
        assert (streamed["client_left"], streamed["produced_bytes"]) == (True, 12 * MIB + 3)
        wait_until(  # its last line may come behind its last byte
            lambda: any(event["line"].endswith("done") for event in harness.events("FunctionLogged", after=before)),
            "the function did not go on to its end",
            seconds=20,
        )

    def test_one_of_http_1_0_reads_to_the_end_of_the_connection(self, harness: WiredHarness) -> None:
        from botocore.eventstream import EventStreamBuffer

        body = b'{"first": "one"}'
        path = "/2021-11-15/functions/node24/response-streaming-invocations"
        head = f"POST {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n"
        found = b""
        with socket.create_connection(("127.0.0.1", harness.port), timeout=60) as client:
            client.sendall(head.encode() + body)
            while data := client.recv(65536):
                found += data

        lines, _, content = found.partition(b"\r\n\r\n")
        buffer: Any = EventStreamBuffer()
        buffer.add_data(content)
        assert lines.startswith(b"HTTP/1.1 200 OK\r\n")
        assert [message.headers[":event-type"] for message in buffer] == ["PayloadChunk", "InvokeComplete"]

    def test_the_trace_tells_of_the_stream(self, harness: WiredHarness, queue: str) -> None:
        before = harness.position()
        harness.aws("sqs").send_message(QueueUrl=queue, MessageBody="go on")

        stream(harness, "node24", {"first": "one", "queue": queue, "then": "two"})

        (streamed,) = harness.events("ResponseStreamed", after=before)
        (ended,) = harness.events("InvocationEnded", after=before)
        assert ended["payload"] == "onetwo"
        assert (streamed["produced_bytes"], streamed["error_code"], streamed["client_left"]) == (6, None, False)
        assert 0 < streamed["latency_ms"] <= streamed["latency_ms"] + streamed["duration_ms"] <= ended["duration_ms"]
