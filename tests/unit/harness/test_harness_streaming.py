"""Results that are passed on while the runtime makes them, by the raw Runtime API.

Sources: AWS Lambda Developer Guide (DG), "Building a custom runtime for AWS Lambda", section "Implementing response
streaming in a custom runtime" (custom), "Response streaming for Lambda functions", "Lambda quotas"; the reference's
Runtime API section, "Response streaming on the Runtime API".
"""

from __future__ import annotations

import json

import pytest

from lambdakit.trace import InvocationEnded, RuntimeNote
from tests.fakes.function_host import FunctionHost, error_of, json_of
from tests.fakes.streaming_runtime import RecordedOutlet, ends_of, start_stream, stream, streaming_function

MIB = 1024 * 1024
SERVE = "\nnext_event()\n"


class TestPassingOn:
    def test_a_part_arrives_before_the_function_has_made_the_next(self, host: FunctionHost) -> None:
        """DG, response streaming: parts go to the client as they become available."""
        script = "r, _ = next_event(); begin(r); part('one'); hold('more'); part('two'); end(); answer()"
        outlet = RecordedOutlet()

        invocation = start_stream(host, streaming_function(host, script + SERVE), outlet)
        outlet.wait_for(b"one")
        host.gates.wait_for("more")
        assert outlet.content == b"one"
        host.gates.open("more")
        result = invocation.result()

        assert outlet.parts == [b"one", b"two"]
        assert result.outcome.status == "success"

    @pytest.mark.parametrize(
        ("headers", "content_type"),
        [
            ("", "application/octet-stream"),
            ("'Content-Type: text/html'", "text/html"),
            (
                "'Content-Type: application/vnd.awslambda.http-integration-response'",
                "application/vnd.awslambda.http-integration-response",
            ),
        ],
        ids=["none", "text", "http"],
    )
    def test_the_content_type_is_told_first(self, host: FunctionHost, headers: str, content_type: str) -> None:
        """DG, custom: the Content-Type header of the runtime is propagated; without one, octets."""
        script = f"r, _ = next_event(); begin(r{', ' if headers else ''}{headers}); hold('more'); end(); answer()"
        outlet = RecordedOutlet()

        invocation = start_stream(host, streaming_function(host, script + SERVE), outlet)
        host.gates.wait_for("more")
        host.gates.open("more")
        invocation.result()

        assert outlet.content_types == [content_type]
        assert outlet.parts == []

    def test_a_runtime_may_close_its_connection_behind_the_last_chunk(self, host: FunctionHost) -> None:
        """DG, custom: it closes the underlying connection after it has successfully written the response."""
        script = """
r, _ = next_event(); begin(r); part('all'); end(); connection.close()
connection = socket.create_connection((host, int(port)))
next_event()
"""
        result, outlet = stream(host, streaming_function(host, script))

        assert outlet.content == b"all"
        assert result.outcome.fault is None

    def test_one_byte_at_a_time(self, host: FunctionHost) -> None:
        script = """
whole, plain = b"", send
def send(text):
    for byte in text if isinstance(text, bytes) else text.encode():
        plain(bytes([byte]))
r, _ = next_event(); begin(r); part('abc'); part('def'); end(); answer(); next_event()
"""
        result, outlet = stream(host, streaming_function(host, script))

        assert outlet.content == b"abcdef"
        assert result.outcome.fault is None

    def test_the_next_event_is_served_by_the_same_process(self, host: FunctionHost) -> None:
        script = """
n = 0
while True:
    r, _ = next_event(); n += 1; begin(r); part(str(n)); end(); answer()
"""
        function = streaming_function(host, script)

        contents = [stream(host, function)[1].content for _ in range(3)]

        assert contents == [b"1", b"2", b"3"]

    def test_a_function_that_does_not_stream_hands_in_its_result(self, host: FunctionHost) -> None:
        result, outlet = stream(host, host.function("def handler(event, context): return {'a': 1}"))

        assert json_of(result) == {"a": 1}
        assert result.outcome.stream is None
        assert outlet.content_types == []


class TestCollecting:
    def test_a_caller_that_waits_gets_all_of_it(self, host: FunctionHost) -> None:
        """DG, invoking by function URL: a streaming function can be called by Invoke, without streaming."""
        result = host.invoke(
            streaming_function(
                host, "r, _ = next_event(); begin(r); part('{\"a\":'); part('1}'); end(); answer()" + SERVE
            )
        )

        assert json_of(result) == {"a": 1}
        assert result.outcome.stream is not None
        assert (result.outcome.stream.produced_bytes, result.outcome.stream.collected) == (7, True)

    # DG "Lambda quotas": 6 MB; the response check stands 100 bytes above, as for a result that is not streamed.
    @pytest.mark.parametrize(
        ("size", "status", "said"),
        [(6 * MIB + 100, "success", 202), (6 * MIB + 101, "error", 413)],
        ids=["high", "high+1"],
    )
    def test_what_an_answer_may_hold(self, host: FunctionHost, size: int, status: str, said: int) -> None:
        script = f"""
r, _ = next_event(); begin(r)
for _ in range(6): part(b"x" * {MIB})
part(b"x" * {size - 6 * MIB}); end(); status, _, _ = answer()
r, _ = next_event(); reply(r, status); next_event()
"""
        function = streaming_function(host, script)

        first, second = host.invoke(function), host.invoke(function)

        assert first.outcome.status == status
        assert json_of(second) == said
        assert not any(isinstance(event, RuntimeNote) and "2 MB/s" in event.note for event in host.trace.events())
        if status == "success":
            assert len(first.outcome.payload) == size
        else:
            assert error_of(first)["errorType"] == "Function.ResponseSizeTooLarge"
            assert "6291556 bytes" in error_of(first)["errorMessage"]


class TestLimit:
    # DG "Lambda quotas": 200 MB.
    @pytest.mark.parametrize(("more", "error", "said"), [(0, None, 202), (1, "Function.ResponseSizeTooLarge", 413)])
    def test_a_streamed_result_is_at_most_200_mb_long(
        self, host: FunctionHost, more: int, error: str | None, said: int
    ) -> None:
        script = f"""
r, _ = next_event(); begin(r)
block = b"x" * {MIB}
for _ in range(200): part(block)
if {more}: part(b"y" * {more})
end(); status, _, _ = answer()
r, _ = next_event(); reply(r, status); next_event()
"""
        function = streaming_function(host, script)

        class Counted(RecordedOutlet):
            size = 0

            def write(self, data: bytes) -> None:
                self.size += len(data)

        outlet = Counted()
        result = start_stream(host, function, outlet).result(60)

        assert outlet.size == 200 * MIB
        assert result.outcome.stream is not None
        assert result.outcome.stream.produced_bytes == 200 * MIB + more
        assert (result.outcome.stream.error_code or None) == error
        assert "209715200 bytes" in result.outcome.stream.error_details or error is None
        assert json_of(host.invoke(function)) == said

    def test_one_chunk_may_be_longer_than_a_buffered_answer(self, host: FunctionHost) -> None:
        script = f"r, _ = next_event(); begin(r); part(b'x' * {80 * MIB}); end(); answer()" + SERVE

        result, outlet = stream(host, streaming_function(host, script))

        assert len(outlet.content) == 80 * MIB
        assert result.outcome.fault is None

    def test_the_trace_keeps_the_beginning_and_the_size(self, host: FunctionHost) -> None:
        script = f"r, _ = next_event(); begin(r); part(b'ab' + b'x' * {7 * MIB}); end(); answer()" + SERVE

        stream(host, streaming_function(host, script))

        (ended,) = [event for event in host.trace.events() if isinstance(event, InvocationEnded)]
        (streamed,) = ends_of(host, "ResponseStreamed")
        assert len(ended.payload) == 64 * 1024
        assert ended.payload.startswith("abx")
        assert streamed["produced_bytes"] == 7 * MIB + 2
        assert (streamed["error_code"], streamed["client_left"]) == (None, False)

    # DG "Lambda quotas": beyond 6 MB AWS sends 2 MB each second.
    @pytest.mark.parametrize(("size", "noted"), [(6 * MIB, False), (6 * MIB + 1, True)], ids=["high", "high+1"])
    def test_what_aws_would_slow_down_is_noted_once(self, host: FunctionHost, size: int, noted: bool) -> None:
        script = f"while True: r, _ = next_event(); begin(r); part(b'x' * {size}); end(); answer()"
        function = streaming_function(host, script)

        stream(host, function)
        stream(host, function)

        notes = [e.note for e in host.trace.events() if isinstance(e, RuntimeNote) and "2 MB/s" in e.note]
        assert len(notes) == noted


class TestAccounting:
    def test_a_json_log_has_the_bytes_that_were_produced(self, host: FunctionHost) -> None:
        """DG "Lambda Telemetry API Event schema reference": producedBytes in platform.runtimeDone."""
        script = "r, _ = next_event(); begin(r); part('one'); part('two'); end(); answer(); next_event()"
        function = streaming_function(host, script, log_format="JSON", system_log_level="DEBUG")

        result, _ = stream(host, function)

        records = [json.loads(line) for line in result.log if line.startswith("{")]
        (done,) = [line["record"] for line in records if line["type"] == "platform.runtimeDone"]
        assert done["metrics"]["producedBytes"] == 6

    def test_the_duration_is_that_of_the_whole_stream(self, host: FunctionHost) -> None:
        """DG, response streaming: the function is billed for the full duration."""
        script = "r, _ = next_event(); begin(r); part('one'); hold('more'); end(); answer(); next_event()"
        outlet = RecordedOutlet()

        invocation = start_stream(host, streaming_function(host, script), outlet)
        host.gates.wait_for("more")
        host.gates.open("more")
        outcome = invocation.result().outcome

        assert outcome.stream is not None
        assert outcome.duration_ms >= outcome.stream.latency_ms + outcome.stream.duration_ms
        assert outcome.stream.duration_ms > 0


class TestErrors:
    def test_an_error_on_the_way_goes_to_the_caller_in_the_trailers_words(self, host: FunctionHost) -> None:
        """DG, custom: Lambda forwards the error metadata that the runtime provides to the client."""
        script = """
r, _ = next_event(); begin(r); part('half')
end(*failed("Function.Half", {"errorType": "Half", "errorMessage": "é", "more": 1})); status, _, _ = answer()
r, _ = next_event(); reply(r, status); next_event()
"""
        function = streaming_function(host, script)

        result, outlet = stream(host, function)

        ended = result.outcome.stream
        assert ended is not None
        assert outlet.content == b"half"
        assert ended.error_code == "Function.Half"
        assert json.loads(ended.error_details) == {"errorType": "Half", "errorMessage": "é", "more": 1}
        assert result.outcome.status == "error"
        assert result.outcome.fault is not None and result.outcome.fault.error_type == "Half"
        assert json_of(host.invoke(function)) == 202

    @pytest.mark.parametrize(
        ("trailers", "details"),
        [
            ("'Lambda-Runtime-Function-Error-Type: A.B'", {"errorType": "A.B", "errorMessage": ""}),
            (
                "'Lambda-Runtime-Function-Error-Type: A.B', 'Lambda-Runtime-Function-Error-Body: no base64'",
                {"errorType": "A.B", "errorMessage": ""},
            ),
        ],
        ids=["type-only", "no-base64"],
    )
    def test_an_error_that_says_little(self, host: FunctionHost, trailers: str, details: object) -> None:
        script = f"r, _ = next_event(); begin(r); part('half'); end({trailers}); answer()" + SERVE

        result, _ = stream(host, streaming_function(host, script))

        assert result.outcome.stream is not None
        assert result.outcome.stream.error_code == "A.B"
        assert json.loads(result.outcome.stream.error_details) == details

    def test_a_caller_that_waits_gets_the_error_alone(self, host: FunctionHost) -> None:
        script = "r, _ = next_event(); begin(r); part('half'); end(*failed('T', {'errorType': 'T'})); answer()" + SERVE

        assert error_of(host.invoke(streaming_function(host, script))) == {"errorType": "T"}

    def test_an_error_instead_of_a_response(self, host: FunctionHost) -> None:
        """DG, custom: the error endpoint can be called before the runtime begins to send a response."""
        script = "r, _ = next_event(); reply(r, {'errorType': 'T', 'errorMessage': 'm'}, kind='error')" + SERVE

        result, outlet = stream(host, streaming_function(host, script))

        assert error_of(result) == {"errorType": "T", "errorMessage": "m"}
        assert result.outcome.stream is None
        assert (outlet.content_types, outlet.parts) == ([], [])

    @pytest.mark.parametrize("mode", ["buffered", "Streaming", "chunked", "0"])
    def test_a_mode_that_there_is_not(self, host: FunctionHost, mode: str) -> None:
        """The reference: 400 InvalidFunctionResponseMode, and Runtime.InvalidResponseModeHeader for the caller."""
        script = f"""
r, _ = next_event(); begin(r, mode={mode!r}); part('x'); end(); status, _, body = answer()
r, _ = next_event(); reply(r, [status, json.loads(body)["errorType"]]); next_event()
"""
        function = streaming_function(host, script)

        result, outlet = stream(host, function)

        assert error_of(result)["errorType"] == "Runtime.InvalidResponseModeHeader"
        assert outlet.content_types == []
        assert json_of(host.invoke(function)) == [400, "InvalidFunctionResponseMode"]


class TestOrder:
    def _said(self, host: FunctionHost, script: str) -> object:
        """What the Runtime API said to calls out of order while a result was streamed, which came through whole."""
        script = f"""
r, _ = next_event()
main, said = connection, []
{script}
r, _ = next_event(); reply(r, said); next_event()
"""
        function = streaming_function(host, script)
        result, outlet = stream(host, function)
        assert result.outcome.fault is None, result.outcome.payload
        assert outlet.content == b"ab"
        return json_of(host.invoke(function))

    @pytest.mark.parametrize("kind", ["response", "error"])
    def test_an_answer_beside_a_stream_is_out_of_order(self, host: FunctionHost, kind: str) -> None:
        """DG, custom: the error endpoint only before the runtime begins to send a response."""
        script = f"""
begin(r); part('a')
connection = socket.create_connection((host, int(port)))
status, _, body = reply(r, 1, kind={kind!r}); said.append([status, json.loads(body)["errorType"]])
connection = main
part('b'); end(); answer()
"""
        assert self._said(host, script) == [[403, "InvalidStateTransition"]]

    def test_a_second_stream_beside_the_first_is_refused_and_read(self, host: FunctionHost) -> None:
        script = """
begin(r); part('a')
connection = socket.create_connection((host, int(port)))
begin(r); status, _, body = answer(); said.append([status, json.loads(body)["errorType"]])
for _ in range(64): part(b'z' * 65536)
end(); send("GET /2018-06-01/runtime/nothing HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"); said.append(answer()[0])
connection = main
part('b'); end(); answer()
"""
        assert self._said(host, script) == [[403, "InvalidStateTransition"], 404]

    def test_a_stream_behind_an_answer_is_out_of_order(self, host: FunctionHost) -> None:
        script = """
begin(r); part('ab'); end(); answer()
begin(r); end(); said.append(answer()[0])
"""
        assert self._said(host, script) == [403]

    @pytest.mark.parametrize(
        ("request_id", "header", "error"),
        [
            ("'0' * 36", "'X: y'", "InvalidRequestID"),
            ("r", "'Lambda-Runtime-Invocation-Id: ' + '0' * 36", "InvalidInvocationId"),
        ],
    )
    def test_a_stream_for_another_event_is_refused(
        self, host: FunctionHost, request_id: str, header: str, error: str
    ) -> None:
        script = f"""
begin({request_id}, {header}); part('z'); end(); status, _, body = answer()
said.append([status, json.loads(body)["errorType"]])
begin(r); part('ab'); end(); answer()
"""
        assert self._said(host, script) == [[400, error]]

    def test_a_stream_to_nowhere_is_not_found(self, host: FunctionHost) -> None:
        script = """
begin(r + "/more"); end(); said.append(answer()[0])
begin(r); part('ab'); end(); answer()
"""
        assert self._said(host, script) == [404]

    def test_a_refused_stream_is_not_asked_to_go_on(self, host: FunctionHost) -> None:
        script = """
begin("0" * 36, "Expect: 100-continue"); said.append(answer()[0]); end()
begin(r, "Expect: 100-continue"); said.append(connection.recv(1024).decode().split()[1])
part('ab'); end(); said.append(answer()[0])
"""
        assert self._said(host, script) == [400, "100", 202]
