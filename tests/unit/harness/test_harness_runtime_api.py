"""Runtimes that do not keep to the Runtime API's protocol."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.harness.invocation.invoke import InvocationResult
from lambdakit.trace import InvocationStarted
from tests.fakes.function_host import HOLD, FunctionHost, json_of

MIB = 1024 * 1024


class TestRuntimeApi:
    """A runtime that does not keep to the protocol. It is written into the module, before the client takes over."""

    CLIENT = """
import http.client, json, os, socket

address = os.environ["AWS_LAMBDA_RUNTIME_API"]
connection = http.client.HTTPConnection(address, timeout=20)
said = []

def call(method, path, body=None, headers={}):
    connection.request(method, "/2018-06-01/runtime/" + path, body, headers)
    response = connection.getresponse()
    text = response.read()
    if (method, path) != ("GET", "invocation/next"):
        said.append([response.status, json.loads(text)])
    return response

def next_event():
    return call("GET", "invocation/next").headers["Lambda-Runtime-Aws-Request-Id"]

def answer(request_id, result):
    return call("POST", "invocation/" + request_id + "/response", json.dumps(result))
"""

    def _said(self, host: FunctionHost, script: str) -> tuple[InvocationResult, Any]:
        """The result of one event, and what the Runtime API said to `script` until then."""
        function = host.function(self.CLIENT + script)
        result = host.invoke(function)
        assert result.outcome.fault is None, (result.outcome.payload, result.log)
        return result, json_of(result)

    def test_a_wrong_request_id_is_refused_and_the_right_one_still_taken(self, host: FunctionHost) -> None:
        _, said = self._said(host, "r = next_event(); answer('0' * 36, 'no'); answer(r, said); next_event()")

        assert said == [[400, {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}]]

    @pytest.mark.parametrize("call", ["response", "error"])
    def test_an_answer_before_the_first_event_is_out_of_order(self, host: FunctionHost, call: str) -> None:
        _, said = self._said(
            host, f"call('POST', 'invocation/0/{call}', '1'); r = next_event(); answer(r, said); next_event()"
        )

        assert [status for status, _ in said] == [403]
        assert said[0][1]["errorType"] == "InvalidStateTransition"

    def test_an_init_error_during_an_event_is_out_of_order(self, host: FunctionHost) -> None:
        _, said = self._said(host, "r = next_event(); call('POST', 'init/error', '{}'); answer(r, said); next_event()")

        assert [(status, body["errorType"]) for status, body in said] == [(403, "InvalidStateTransition")]

    def test_a_second_answer_is_out_of_order(self, host: FunctionHost) -> None:
        script = """
r = next_event()
answer(r, "first")
answer(r, "second")
call("POST", "invocation/" + r + "/error", "{}")
r = next_event()
answer(r, said)
next_event()
"""
        function = host.function(self.CLIENT + script)

        first, second = host.invoke(function), host.invoke(function)

        assert json_of(first) == "first"
        assert [status for status, _ in json_of(second)] == [202, 403, 403]
        assert json_of(second)[0][1] == {"status": "OK"}

    def test_asking_for_the_next_event_before_the_answer_is_out_of_order(self, host: FunctionHost) -> None:
        script = """
r = next_event()
early = call("GET", "invocation/next")
said.append(early.status)
answer(r, said)
next_event()
"""
        _, said = self._said(host, script)

        assert said == [403]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "nothing"),
            ("DELETE", "invocation/next"),
            ("GET", "invocation/1/response"),
            ("GET", "restore/next"),
            ("POST", "restore/error"),
        ],
    )
    def test_an_unknown_call_is_not_found(self, host: FunctionHost, method: str, path: str) -> None:
        _, said = self._said(host, f"call('{method}', '{path}'); r = next_event(); answer(r, said); next_event()")

        assert [status for status, _ in said] == [404]
        assert set(said[0][1]) == {"errorMessage", "errorType"}

    def test_garbage_is_refused_and_disturbs_nothing(self, host: FunctionHost) -> None:
        script = """
r = next_event()
host, _, port = address.partition(":")
for garbage in (b"\\x16\\x03\\x01 no http\\r\\n\\r\\n", b"GET\\r\\n\\r\\n", b"\\x00" * 100 + b"\\r\\n\\r\\n"):
    with socket.create_connection((host, int(port)), timeout=60) as other:
        other.sendall(garbage)
        said.append(other.makefile("rb").readline().decode().strip())
with socket.create_connection((host, int(port))) as other:
    other.sendall(b"POST /2018-06-01/runtime/invocation/" + r.encode() + b"/response HTTP/1.1\\r\\nContent-Length: 99")
answer(r, said)
next_event()
"""
        _, said = self._said(host, script)

        assert said == ["HTTP/1.1 400 Bad Request"] * 3

    def test_an_echoed_invocation_id_must_be_the_one_handed_out(self, host: FunctionHost) -> None:
        script = """
event = call("GET", "invocation/next")
r, own = event.headers["Lambda-Runtime-Aws-Request-Id"], event.headers["Lambda-Runtime-Invocation-Id"]
call("POST", "invocation/" + r + "/response", "1", {"Lambda-Runtime-Invocation-Id": "0" * 36})
call("POST", "invocation/" + r + "/response", json.dumps(said), {"Lambda-Runtime-Invocation-Id": own})
next_event()
"""
        _, said = self._said(host, script)

        assert [(status, body["errorType"]) for status, body in said] == [(400, "InvalidInvocationId")]

    def test_a_chunked_answer_is_taken(self, host: FunctionHost) -> None:
        script = """
r = next_event()
connection.request("POST", "/2018-06-01/runtime/invocation/" + r + "/response", iter([b'{"a":', b'1}']),
                   {"Transfer-Encoding": "chunked"}, encode_chunked=True)
connection.getresponse().read()
next_event()
"""
        function = host.function(self.CLIENT + script)

        assert json_of(host.invoke(function)) == {"a": 1}

    def test_an_error_report_is_passed_on_as_received(self, host: FunctionHost) -> None:
        script = """
r = next_event()
body = '{"errorType": "Mine", "errorMessage": "m", "more": [1]}'
call("POST", "invocation/" + r + "/error", body, {"Lambda-Runtime-Function-Error-Type": "Function.Mine"})
next_event()
"""
        function = host.function(self.CLIENT + script)

        result = host.invoke(function)

        assert result.outcome.payload == b'{"errorType": "Mine", "errorMessage": "m", "more": [1]}'
        assert result.outcome.fault is not None
        assert result.outcome.fault.error_type == "Mine"

    def test_a_runtime_that_never_comes_back_for_the_next_event_times_it_out(self, host: FunctionHost) -> None:
        script = """
import threading
answer(next_event(), "first")
threading.Event().wait()
"""
        function = host.function(self.CLIENT + script, timeout_seconds=1)

        first, second, third = (host.invoke(function) for _ in range(3))

        assert json_of(first) == "first"
        assert second.outcome.status == "timeout"
        assert json_of(third) == "first"

    def test_a_runtime_that_exits_after_its_answer_costs_no_event(self, host: FunctionHost) -> None:
        function = host.function(self.CLIENT + "answer(next_event(), 'once'); os._exit(0)")

        results = [json_of(host.invoke(function)) for _ in range(3)]

        assert results == ["once"] * 3

    def test_a_runtime_that_exits_instead_of_coming_back_costs_no_event(self, host: FunctionHost) -> None:
        script = "answer(next_event(), os.urandom(8).hex())\nhold('exit')\nos._exit(0)\n"
        function = host.function(self.CLIENT + HOLD + script)
        first = json_of(host.invoke(function))

        # The environment is taken for the second event while its runtime still runs, and goes away then. Nothing tells
        # of that moment, as the event does not start there: it has half a second for it.
        second = host.start(function)
        seen = host.trace.wait_for(
            lambda events: sum(isinstance(event, InvocationStarted) for event in events) == 2, timeout_seconds=0.5
        )
        assert sum(isinstance(event, InvocationStarted) for event in seen) == 1
        host.gates.open("exit")

        result = second.result()
        assert result.outcome.status == "success"
        assert json_of(result) != first

    def test_a_runtime_that_does_not_read_its_event_is_timed_out(self, host: FunctionHost) -> None:
        script = """
import threading
host, _, port = address.partition(":")
deaf = socket.create_connection((host, int(port)))
deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
deaf.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
threading.Event().wait()
"""
        function = host.function(self.CLIENT + script, timeout_seconds=1)

        result = host.invoke(function, "x" * (6 * MIB))

        assert result.outcome.status == "timeout"
        assert result.outcome.duration_ms < 5000
