"""Functions as real processes: what comes of an event, whatever the function does."""

from __future__ import annotations

import re

import pytest

from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from lambdakit.harness.runtime.lifecycle import State
from lambdakit.trace import EnvironmentStarted
from tests.fakes.function_host import FunctionHost, error_of, json_of, own_lines

MIB = 1024 * 1024


class TestSuccess:
    def test_the_result_is_the_payload(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return {'got': event}")

        result = host.invoke(function, {"sku": "a"})

        assert json_of(result) == {"got": {"sku": "a"}}
        assert result.outcome.status == "success"
        assert result.executed_version == "$LATEST"

    @pytest.mark.parametrize("event", [None, True, 0, -1.5, "", "x", [], [1, [2]], {}, {"a": {"b": None}}])
    def test_every_json_value_goes_in_and_out(self, host: FunctionHost, event: object) -> None:
        function = host.function("def handler(event, context): return event")

        result = host.invoke(function, event)

        assert json_of(result) == event

    def test_an_empty_payload_is_an_empty_object(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return event")

        result = host.invoke(function, b"")

        assert json_of(result) == {}

    def test_unicode_goes_in_and_out(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return {'é': event, 'length': len(event)}")

        result = host.invoke(function, "ü😀\u2028\x00")

        assert json_of(result) == {"é": "ü😀\u2028\x00", "length": 4}

    def test_bytes_are_passed_on_as_they_are(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return b'\\xff\\x00no json'")

        result = host.invoke(function)

        assert result.outcome.payload == b"\xff\x00no json"
        assert result.outcome.status == "success"

    def test_an_event_of_6_mib_arrives_whole(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return [len(event), event[-1]]")

        result = host.invoke(function, "x" * (6 * MIB - 3) + "y")

        assert json_of(result) == [6 * MIB - 2, "y"]

    # The reference: an answer may be 6 MiB and 100 bytes long. The quotes take two of them.
    def test_the_largest_answer_is_passed_on(self, host: FunctionHost) -> None:
        function = host.function(f"def handler(event, context): return 'x' * {6 * MIB + 100 - 2}")

        result = host.invoke(function)

        assert len(result.outcome.payload) == 6_291_556
        assert result.outcome.status == "success"

    def test_one_byte_more_is_refused_and_the_next_event_is_served(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return 'x' * event")

        result = host.invoke(function, 6 * MIB + 100 - 1)
        following = host.invoke(function, 3)

        assert error_of(result) == {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        }
        assert result.outcome.status == "error"
        assert json_of(following) == "xxx"


class TestContext:
    def test_the_context_says_who_and_what(self, host: FunctionHost) -> None:
        source = """
        def handler(event, context):
            names = ["aws_request_id", "function_name", "function_version", "invoked_function_arn",
                     "memory_limit_in_mb", "log_group_name", "log_stream_name"]
            return {name: getattr(context, name) for name in names}
        """
        function = host.function(source, version="7", memory_mib=640)

        result = host.invoke(function, qualifier="live")

        found = json_of(result)
        stream = found.pop("log_stream_name")
        assert found == {
            "aws_request_id": result.request_id,
            "function_name": "fn",
            "function_version": "7",
            "invoked_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:fn:live",
            "memory_limit_in_mb": "640",
            "log_group_name": "/aws/lambda/fn",
        }
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[7\][0-9a-f]{32}", stream)

    def test_the_remaining_time_counts_down_from_the_time_out(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return context.get_remaining_time_in_millis()")

        cold = json_of(host.invoke(function))
        warm = json_of(host.invoke(function))

        assert 15_000 < cold <= 20_000
        assert 15_000 < warm <= 20_000

    def test_the_client_context_arrives_in_any_language(self, host: FunctionHost) -> None:
        source = """
        def handler(event, context):
            client = context.client_context
            return [client.custom, client.env]
        """
        function = host.function(source)

        result = host.invoke(function, client_context='{"custom": {"ü": "😀"},\n "env": {"k": "v"}}')

        assert json_of(result) == [{"ü": "😀"}, {"k": "v"}]

    def test_without_a_client_context_there_is_none(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return context.client_context is None")

        assert json_of(host.invoke(function)) is True

    def test_a_well_formed_trace_header_is_handed_on(self, host: FunctionHost) -> None:
        function = host.function("import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']")
        upstream = "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c;Parent=53995c3f42cd8ad8;Sampled=1"

        given = json_of(host.invoke(function, trace_id=upstream))
        made = json_of(host.invoke(function, trace_id="nonsense"))

        lineage = r";Lineage=[0-9a-f]{8}:0"
        assert re.fullmatch(re.escape(upstream) + lineage, given)
        assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0" + lineage, made)


class TestErrorsOfTheFunction:
    def test_an_exception_is_the_payload_and_the_environment_stays(self, host: FunctionHost) -> None:
        source = """
        calls = 0

        def handler(event, context):
            global calls
            calls += 1
            if event:
                raise LookupError("no ü")
            return calls
        """
        function = host.function(source)

        failed = host.invoke(function, True)
        following = host.invoke(function, False)

        error = error_of(failed)
        assert set(error) == {"errorMessage", "errorType", "requestId", "stackTrace"}
        assert error["errorMessage"] == "no ü"
        assert error["errorType"] == "LookupError"
        assert error["requestId"] == failed.request_id
        assert len(error["stackTrace"]) == 1
        assert re.fullmatch(
            r'  File "[^"]*/app\.py", line 8, in handler\n    raise LookupError\("no ü"\)\n', error["stackTrace"][0]
        )
        assert failed.outcome.status == "error"
        assert json_of(following) == 2

    def test_the_traceback_is_one_entry_of_the_log(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): raise LookupError('no')")

        result = host.invoke(function)

        (entry,) = own_lines(result)
        assert entry.startswith("[ERROR] LookupError: no\nTraceback (most recent call last):\n")

    def test_a_very_long_message_arrives_whole(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): raise ValueError('é' * event) if event else 'fine'")

        failed = host.invoke(function, 1_200_000)
        nearly = host.invoke(function, 500_000)

        assert error_of(failed)["errorMessage"] == "é" * 1_200_000
        assert error_of(nearly)["errorMessage"] == "é" * 500_000
        assert host.stopped() == []

    def test_a_result_that_is_no_json_is_a_marshal_error(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return object() if event else 'fine'")

        failed = host.invoke(function, True)
        following = host.invoke(function, False)

        error = error_of(failed)
        assert error["errorType"] == "Runtime.MarshalError"
        assert error["errorMessage"].startswith("Unable to marshal response: ")
        assert json_of(following) == "fine"

    def test_an_event_that_is_no_json_is_an_unmarshal_error(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return 'never'")

        error = error_of(host.invoke(function, b"{"))

        assert error["errorType"] == "Runtime.UnmarshalError"
        assert error["errorMessage"].startswith("Unable to unmarshal input: ")

    @pytest.mark.parametrize(
        ("source", "handler", "error_type", "message"),
        [
            ("import missing_package", "app.handler", "Runtime.ImportModuleError", "Unable to import module 'app': "),
            ("", "elsewhere.handler", "Runtime.ImportModuleError", "Unable to import module 'elsewhere': "),
            ("", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
            ("def (", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
            ("", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler': "),
            ("", "sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
            ("1 / 0", "app.handler", "ZeroDivisionError", "division by zero"),
        ],
    )
    def test_a_module_that_does_not_load_is_the_error_of_the_invocation(
        self, host: FunctionHost, source: str, handler: str, error_type: str, message: str
    ) -> None:
        function = host.function(source, handler=handler)

        result = host.invoke(function)

        error = error_of(result)
        assert error["errorType"] == error_type
        assert error["errorMessage"].startswith(message)
        assert error["requestId"] == ""
        assert isinstance(error["stackTrace"], list)
        assert result.outcome.status == "error"
        (started,) = (event for event in host.trace.events() if isinstance(event, EnvironmentStarted))
        assert started.status == "error"
        # Once in the init phase, and once more inside the invocation.
        assert [event.reason for event in host.resets()] == ["init failed", "init failed"]

    def test_a_failed_init_is_tried_again_inside_each_invocation(self, host: FunctionHost) -> None:
        function = host.function("import missing_package")

        first = host.invoke(function)
        second = host.invoke(function)

        assert error_of(first)["errorType"] == error_of(second)["errorType"] == "Runtime.ImportModuleError"
        assert len(host.resets()) == 3
        assert len({event.environment for event in host.resets()}) == 1
        assert host.stopped() == []


def test_a_new_environment_is_created_and_a_closed_one_stopped(host: FunctionHost) -> None:
    function = host.function("")
    environment = ExecutionEnvironment(
        function, launcher=host.launcher, variables=lambda _, place: {}, log=lambda *_: None
    )
    created = environment.state

    environment.close()
    environment.close()

    assert (created, environment.state) == (State.CREATED, State.STOPPED)
    assert not environment.reusable
