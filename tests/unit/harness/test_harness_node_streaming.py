"""Node.js handlers that send their result while they make it.

Sources: AWS Lambda Developer Guide (DG), "Response streaming for Lambda functions"; aws-lambda-ric 3.3.0,
`src/ResponseStream.js` and `src/HttpResponseStream.js`.
"""

from __future__ import annotations

import pytest

from lambdakit.harness.wire import RequestParser
from tests.fakes.function_host import FunctionHost, error_of, own_lines
from tests.fakes.node_functions import BOTH, NEW, node_function
from tests.fakes.streaming_runtime import RecordedOutlet, start_stream, stream

MIB = 1024 * 1024


def streaming(body: str, *, more: str = "") -> str:
    """An ES module whose handler streams."""
    return (
        f"{more}\nexport const handler = awslambda.streamifyResponse(async (event, stream, context) => {{ {body} }});"
    )


@pytest.mark.parametrize("runtime", BOTH)
class TestStreaming:
    @pytest.mark.parametrize(
        ("body", "payload"),
        [
            ("stream.write('a'); stream.write(Buffer.from('é')); stream.end('c');", "aéc".encode()),
            ("stream.end();", b""),
            ("stream.write({ a: 1 }); stream.end();", b'{"a":1}'),
            ("stream.write(new Uint8Array([0, 255])); stream.end();", b"\x00\xff"),
            ("await pipeline(Readable.from(['x', 'y']), stream);", b"xy"),
            ("stream.write('1'); await new Promise((r) => setTimeout(r, 20)); stream.write('2'); stream.end();", b"12"),
            ("for (let i = 0; i < 5; i++) stream.write('z'.repeat(2 ** 20)); stream.end();", b"z" * 5 * MIB),
        ],
        ids=["pieces", "nothing", "object", "bytes", "pipeline", "over-time", "5-mib"],
    )
    def test_the_result_is_what_was_written(self, host: FunctionHost, runtime: str, body: str, payload: bytes) -> None:
        more = "import { pipeline } from 'node:stream/promises'; import { Readable } from 'node:stream';"
        function = node_function(host, streaming(body, more=more), runtime=runtime)

        first, second = host.invoke(function), host.invoke(function)

        assert first.outcome.fault is None, first.outcome.payload
        assert first.outcome.payload == payload
        assert second.outcome.payload == payload

    def test_an_http_answer_begins_with_its_status_and_headers(self, host: FunctionHost, runtime: str) -> None:
        """APIGW/response-transfer-mode-lambda: JSON, eight NULs, the body."""
        body = """
        const answer = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'x-a': 'b' } });
        answer.write('created'); answer.end();
        """
        result = host.invoke(node_function(host, streaming(body), runtime=runtime))

        assert result.outcome.payload == b'{"statusCode":201,"headers":{"x-a":"b"}}' + b"\0" * 8 + b"created"

    @pytest.mark.parametrize("before", ["", "stream.write('half');"], ids=["before-a-byte", "after-some"])
    def test_an_error_on_the_way_is_the_function_s(self, host: FunctionHost, runtime: str, before: str) -> None:
        """DG/runtimes-custom: the trailers Lambda-Runtime-Function-Error-Type and -Body."""
        result = host.invoke(node_function(host, streaming(f"{before} throw new RangeError('é');"), runtime=runtime))

        error = error_of(result)
        assert (error["errorType"], error["errorMessage"]) == ("RangeError", "é")
        assert error["trace"][0] == "RangeError: é"
        assert "\tERROR\tInvoke Error \t" in own_lines(result)[-1]

    def test_the_next_event_is_served_after_an_error(self, host: FunctionHost, runtime: str) -> None:
        body = "if (event) throw new Error('no'); stream.write(String(++n)); stream.end();"
        function = node_function(host, streaming(body, more="let n = 0;"), runtime=runtime)

        assert error_of(host.invoke(function, True))["errorMessage"] == "no"
        assert host.invoke(function, False).outcome.payload == b"1"

    def test_the_content_type_is_settled_by_the_first_byte(self, host: FunctionHost, runtime: str) -> None:
        body = "stream.setContentType('text/html'); stream.write('a'); stream.setContentType('text/plain');"

        error = error_of(host.invoke(node_function(host, streaming(body), runtime=runtime)))

        assert error["errorType"] == "Runtime.InvalidStreamingOperation"

    def test_a_returned_value_is_ignored(self, host: FunctionHost, runtime: str) -> None:
        result = host.invoke(node_function(host, streaming("stream.end('a'); return 5;"), runtime=runtime))

        assert result.outcome.payload == b"a"
        assert own_lines(result)[-1].endswith("\tWARN\tStreaming handlers ignore return values.")

    def test_a_handler_must_be_async(self, host: FunctionHost, runtime: str) -> None:
        source = "export const handler = awslambda.streamifyResponse((event, stream) => { stream.write('a'); });"

        error = error_of(host.invoke(node_function(host, source, runtime=runtime)))

        assert error["errorMessage"] == "Streaming does not support non-async handlers."

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            ("stream.end('a');", "application/octet-stream"),
            ("stream.setContentType('text/html'); stream.end('a');", "text/html"),
            (
                "awslambda.HttpResponseStream.from(stream, { statusCode: 200 }).end('a');",
                "application/vnd.awslambda.http-integration-response",
            ),
        ],
        ids=["none", "set", "http"],
    )
    def test_the_content_type_goes_to_the_caller_of_the_stream(
        self, host: FunctionHost, runtime: str, body: str, content_type: str
    ) -> None:
        result, outlet = stream(host, node_function(host, streaming(body), runtime=runtime))

        assert outlet.content_types == [content_type]
        assert outlet.content.endswith(b"a")
        assert result.outcome.fault is None

    def test_a_written_piece_goes_out_before_the_next_is_made(self, host: FunctionHost, runtime: str) -> None:
        body = "stream.write('one'); await fetch(`${process.env.AWS_ENDPOINT_URL}/more`); stream.end('two');"
        outlet = RecordedOutlet()

        invocation = start_stream(host, node_function(host, streaming(body), runtime=runtime), outlet)
        outlet.wait_for(b"one")
        host.gates.open("more")
        invocation.result()

        assert outlet.parts == [b"one", b"two"]

    def test_an_error_behind_the_end_comes_too_late(self, host: FunctionHost, runtime: str) -> None:
        """aws-lambda-ric, `ResponseStream.js`: trailers are added only to a stream that has not ended."""
        body = "stream.end('all'); throw new Error('too late');"

        result, outlet = stream(host, node_function(host, streaming(body), runtime=runtime))

        assert outlet.content == b"all"
        assert result.outcome.fault is None
        assert any("too late" in line for line in own_lines(result))

    @pytest.mark.parametrize("value", ["1", "true"])
    def test_the_global_can_be_switched_off(self, host: FunctionHost, runtime: str, value: str) -> None:
        source = "export const handler = async () => typeof globalThis.awslambda;"
        environment = {"AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA": value}

        result = host.invoke(node_function(host, source, runtime=runtime, environment=environment))

        assert result.outcome.payload == b'"undefined"'


class TestTimeOut:
    def test_a_stream_that_is_not_ended_runs_into_the_time_out(self, host: FunctionHost) -> None:
        source = streaming("stream.write('half'); await new Promise(() => setInterval(() => {}, 1000));")
        result = host.invoke(node_function(host, source, runtime=NEW, timeout_seconds=1))

        assert error_of(result)["errorType"] == "Sandbox.Timedout"


class TestTrailers:
    HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"

    def test_a_chunked_request_may_end_with_them(self) -> None:
        """RFC 9112, 7.1.2."""
        parser = RequestParser()
        parser.feed(self.HEAD + b"X-One: 1\r\nx-two:  2 \r\n")
        before = parser.next_request()
        parser.feed(b"\r\n")

        request = parser.next_request()

        assert before is None
        assert request is not None
        assert request.body == b"a"
        assert (request.trailers.get("x-one"), request.trailers.get("x-two")) == ("1", "2")
        assert "x-one" not in request.headers

    def test_the_next_request_does_not_inherit_them(self) -> None:
        parser = RequestParser()
        parser.feed(self.HEAD + b"X-One: 1\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")

        first, second = parser.next_request(), parser.next_request()

        assert first is not None and second is not None
        assert ("x-one" in first.trailers, "x-one" in second.trailers) == (True, False)
