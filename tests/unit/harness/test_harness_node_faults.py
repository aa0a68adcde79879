"""What a Node.js function's failures look like to its caller and in its log.

Sources: aws-lambda-ric 3.3.0 (RIC 3) for nodejs22.x and older, 4.0.2 (RIC 4) for nodejs24.x; AWS Lambda Developer Guide
(DG), pages as named.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.fakes.function_host import FunctionHost, error_of, json_of, own_lines
from tests.fakes.node_functions import BOTH, NEW, OLD, node_function

HANDLER = "export const handler = async () => 1;"
REJECTS = """
export const handler = async () => {
  Promise.reject(new Error('lost'));
  await new Promise((resolve) => setTimeout(resolve, 50));
};
"""
THROWS_LATER = (
    "export const handler = async () => { setTimeout(() => { throw new RangeError('late'); }, 1);"
    " await new Promise((r) => setTimeout(r, 50)); };"
)


@pytest.mark.parametrize("runtime", BOTH)
class TestInit:
    @pytest.mark.parametrize(
        ("files", "handler", "error_type", "message"),
        [
            pytest.param(
                {}, "app.handler", "Runtime.ImportModuleError",
                r"Error: Cannot find module 'app'\nRequire stack:\n- .*/index.mjs",
                id="no-module",
            ),
            pytest.param(
                {"app.cjs": "require('absent')"}, "app.handler", "Runtime.ImportModuleError",
                r"Error: Cannot find module 'absent'\nRequire stack:\n- .*/app.cjs(\n- .*/index.mjs)?",
                id="no-dependency-of-common-js",
            ),
            pytest.param(
                {"app.mjs": "import 'absent'"}, "app.handler", "Error",
                r"Cannot find package 'absent' imported from .*/app.mjs", id="no-dependency-of-an-es-module",
            ),
            pytest.param(
                {"app.mjs": HANDLER}, "app.other", "Runtime.HandlerNotFound", "app.other is undefined or not exported",
                id="no-function",
            ),
            pytest.param(
                {"app.mjs": "export const handler = 5;"}, "app.handler", "Runtime.HandlerNotFound",
                "app.handler is not a function", id="not-a-function",
            ),
            pytest.param({"app.mjs": HANDLER}, "app", "Runtime.MalformedHandlerName", "Bad handler", id="no-dot"),
            pytest.param(
                {"app.mjs": HANDLER}, "../app.handler", "Runtime.MalformedHandlerName",
                re.escape(
                    "'../app.handler' is not a valid handler name. Use absolute paths when specifying root directories "
                    "in handler names."
                ),
                id="leaves-the-package",
            ),
            pytest.param(
                {"app.cjs": "exports.handler = async ( => 1;"}, "app.handler", "Runtime.UserCodeSyntaxError",
                "SyntaxError: Unexpected token.*", id="syntax-of-common-js",
            ),
            pytest.param(
                {"app.mjs": "export const handler = async ( => 1;"}, "app.handler", "Runtime.UserCodeSyntaxError",
                "SyntaxError: .*", id="syntax-of-an-es-module",
            ),
            pytest.param(
                {"app.mjs": "throw new TypeError('top')"}, "app.handler", "TypeError", "top", id="thrown-while-loading"
            ),
            pytest.param({"app.mjs": "throw 'text'"}, "app.handler", "string", "text", id="no-error-thrown"),
            pytest.param(
                {"app.mjs": "await Promise.reject(new TypeError('top'))"}, "app.handler", "TypeError", "top",
                id="rejected-while-loading",
            ),
        ],
    )  # fmt: skip
    def test_a_function_that_cannot_be_loaded_says_why(
        self, host: FunctionHost, runtime: str, files: dict[str, str], handler: str, error_type: str, message: str
    ) -> None:
        """RIC 3 `UserFunction.js`, RIC 4 `user-function-loader`: types and texts."""
        function = node_function(host, files, handler=handler, runtime=runtime)

        result = host.invoke(function)

        error = error_of(result)
        assert error["errorType"] == error_type
        assert re.fullmatch(message, error["errorMessage"]), error["errorMessage"]
        assert set(error) == {"errorType", "errorMessage", "trace"}
        title = "Uncaught Exception" if runtime == OLD else "Init Error"
        said = error["errorMessage"].splitlines()[0]
        assert any(f"\tERROR\t{title} \t{{" in line and said in line for line in logged(host, result)), result.log


def logged(host: FunctionHost, result: Any) -> list[str]:
    """The invocation's lines and those of the init phase before it."""
    return [*(line for _, line in host.logs.written), *result.log]


class TestOldModules:
    SYNTAX = ({"app.js": HANDLER}, "Runtime.UserCodeSyntaxError")

    @pytest.mark.parametrize("runtime", ["nodejs18.x", "nodejs20.x", OLD])
    def test_a_js_file_with_es_syntax_needs_the_package_type(self, host: FunctionHost, runtime: str) -> None:
        """DG/lambda-nodejs: Lambda turns off Node's detection of the syntax and its `require` of ES modules."""
        files, error_type = self.SYNTAX

        assert error_of(host.invoke(node_function(host, files, runtime=runtime)))["errorType"] == error_type

    def test_node_24_detects_it(self, host: FunctionHost) -> None:
        """RIC 4 imports every module, and nothing is turned off."""
        assert json_of(host.invoke(node_function(host, self.SYNTAX[0], runtime=NEW))) == 1

    def test_node_options_turn_it_on_again(self, host: FunctionHost) -> None:
        """DG/lambda-nodejs: "Lambda detects this override and removes the corresponding disable flag"."""
        options = {"NODE_OPTIONS": "--experimental-require-module --experimental-detect-module"}

        assert json_of(host.invoke(node_function(host, self.SYNTAX[0], runtime=OLD, environment=options))) == 1


@pytest.mark.parametrize("runtime", BOTH)
class TestInvocation:
    def test_an_error_has_its_type_text_and_stack(self, host: FunctionHost, runtime: str) -> None:
        """DG/nodejs-exceptions: errorType, errorMessage, trace; a caught one is no crash."""
        source = """
        class OrderError extends Error { constructor(text) { super(text); this.name = 'OrderError'; this.order = 7; } }
        let n = 0;
        export const handler = async () => { n++; if (n === 1) throw new OrderError('no such order'); return n; };
        """
        function = node_function(host, source, runtime=runtime)

        first, second = host.invoke(function), host.invoke(function)

        error = error_of(first)
        assert (error["errorType"], error["errorMessage"]) == ("OrderError", "no such order")
        assert error["trace"][0].endswith("no such order")
        # RIC 3 and RIC 4 call the handler as a method of an object of their own, whose class stands before its name.
        called_on = "Runtime" if runtime == OLD else "BufferedInvokeProcessor"
        assert re.match(rf"    at {called_on}\.handler \(file://.*/app.mjs:4:\d+\)", error["trace"][1]), error["trace"]
        assert first.outcome.status == "error"
        assert json_of(second) == 2
        time, request_id, level, text = own_lines(first)[-1].split("\t", 3)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)
        assert (request_id, level) == (first.request_id, "ERROR")
        entry = json.loads(text.removeprefix("Invoke Error \t"))
        assert entry["errorType"] == "OrderError"
        assert entry["order"] == 7
        assert entry["stack"][0].endswith("no such order")

    @pytest.mark.parametrize(
        ("thrown", "error_type", "message"),
        [
            ("'text'", "string", "text"),
            ("42", "number", "42"),
            ("true", "boolean", "true"),
            ("{ a: 1 }", "object", "[object Object]"),
            ("new Error('del \\x7f')", "Error", "del %7F"),
            ("new Error('')", "Error", ""),
        ],
        ids=["string", "number", "boolean", "object", "del", "empty"],
    )
    def test_whatever_is_thrown(
        self, host: FunctionHost, runtime: str, thrown: str, error_type: str, message: str
    ) -> None:
        """RIC 3 `Errors.js`: no error has the type of the value, its text, and no trace; DEL is written as %7F."""
        function = node_function(host, f"export const handler = async () => {{ throw {thrown}; }};", runtime=runtime)

        error = error_of(host.invoke(function))

        assert (error["errorType"], error["errorMessage"]) == (error_type, message)
        assert (error["trace"] == []) == (error_type != "Error")

    def test_a_handler_that_is_not_async_may_throw(self, host: FunctionHost, runtime: str) -> None:
        function = node_function(host, "export const handler = () => { throw new Error('now'); };", runtime=runtime)

        assert error_of(host.invoke(function))["errorMessage"] == "now"

    @pytest.mark.parametrize(
        "result", ["1n", "(() => { const a = {}; a.a = a; return a; })()", "{ toJSON() { throw new Error('x'); } }"]
    )
    def test_a_result_that_json_cannot_express(self, host: FunctionHost, runtime: str, result: str) -> None:
        """RIC 3: `Error`; RIC 4: `Runtime.JSONStringifyError`; the same text."""
        function = node_function(host, f"export const handler = async () => ({result});", runtime=runtime)

        error = error_of(host.invoke(function))

        assert error["errorMessage"] == "Unable to stringify response body"
        assert error["errorType"] == ("Error" if runtime == OLD else "Runtime.JSONStringifyError")

    @pytest.mark.parametrize(
        ("status", "reason"),
        [(0, "Runtime exited without providing a reason"), (7, "Runtime exited with error: exit status 7")],
    )
    def test_an_exit(self, host: FunctionHost, runtime: str, status: int, reason: str) -> None:
        """DG/lambda-runtime-environment: the process is gone, and another one serves the next event."""
        source = (
            f"let n = 0; export const handler = async (stay) => {{ if (!stay) process.exit({status}); return ++n; }};"
        )
        function = node_function(host, source, runtime=runtime)

        first, second = host.invoke(function, False), host.invoke(function, True)

        assert error_of(first) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {first.request_id} Error: {reason}",
        }
        assert json_of(second) == 1

    def test_what_is_written_before_an_exit_is_not_lost(self, host: FunctionHost, runtime: str) -> None:
        source = """
        export const handler = async () => {
          for (let i = 0; i < 2000; i++) console.log('line', i);
          process.exit(1);
        };
        """

        result = host.invoke(node_function(host, source, runtime=runtime))

        assert [line.split("\t")[3] for line in own_lines(result)] == [f"line {i}" for i in range(2000)]


class TestUncaught:
    def test_a_rejection_that_nobody_handles(self, host: FunctionHost) -> None:
        """RIC 3 `index.mjs`: reported for the event that is being handled; the process exits with 128."""
        result = host.invoke(node_function(host, REJECTS, runtime=OLD))

        error = error_of(result)
        assert error["errorType"] == "Runtime.UnhandledPromiseRejection"
        assert error["errorMessage"] == "Error: lost"
        assert "\tERROR\tUnhandled Promise Rejection \t" in own_lines(result)[-1]

    def test_an_exception_outside_the_handler(self, host: FunctionHost) -> None:
        """RIC 3 `index.mjs`: the same; the process exits with 129."""
        result = host.invoke(node_function(host, THROWS_LATER, runtime=OLD))

        assert (error_of(result)["errorType"], error_of(result)["errorMessage"]) == ("RangeError", "late")
        assert "\tERROR\tUncaught Exception \t" in own_lines(result)[-1]

    @pytest.mark.parametrize("source", [REJECTS, THROWS_LATER], ids=["rejection", "exception"])
    def test_from_node_24_on_they_end_the_process_as_node_does(self, host: FunctionHost, source: str) -> None:
        """RIC 4 listens for neither."""
        result = host.invoke(node_function(host, source, runtime=NEW))

        assert error_of(result)["errorType"] == "Runtime.ExitError"
        assert error_of(result)["errorMessage"].endswith("Runtime exited with error: exit status 1")

    def test_a_promise_that_is_never_settled_ends_the_invocation(self, host: FunctionHost) -> None:
        """RIC 3 `Errors.js`: an async handler and an event loop without anything left."""
        source = "export const handler = async () => { await new Promise(() => {}); };"

        error = error_of(host.invoke(node_function(host, source, runtime=OLD)))

        assert error["errorType"] == "Runtime.NodeJsExit"
        assert "a Promise that was never settled" in error["errorMessage"]

    def test_from_node_24_on_it_ends_the_process(self, host: FunctionHost) -> None:
        """RIC 4 leaves it to Node.js, which has nothing more to do."""
        source = "export const handler = async () => { await new Promise(() => {}); };"

        error = error_of(host.invoke(node_function(host, source, runtime=NEW)))

        assert error["errorMessage"].endswith("Runtime exited without providing a reason")


@pytest.mark.parametrize("runtime", BOTH)
class TestLog:
    SOURCE = """
    console.log('loading');
    export const handler = async () => {
      console.trace('t'); console.debug('d'); console.info('i', { a: 1 }); console.log('%s=%d', 'n', 5);
      console.warn('two\\nlines'); console.error(new Error('seen').message);
    };
    """

    def test_text_lines(self, host: FunctionHost, runtime: str) -> None:
        """DG/nodejs-logging: time, request id, level and text behind tabs; the request id is missing while loading."""
        result = host.invoke(node_function(host, self.SOURCE, runtime=runtime))

        lines = [line.split("\t") for line in own_lines(result)]
        id_ = result.request_id
        assert [line[1:] for line in lines] == [
            ["undefined" if runtime == OLD else "-", "INFO", "loading"],
            [id_, "TRACE", "t"],
            [id_, "DEBUG", "d"],
            [id_, "INFO", "i { a: 1 }"],
            [id_, "INFO", "n=5"],
            [id_, "WARN", "two\nlines"],
            [id_, "ERROR", "seen"],
        ]

    @pytest.mark.parametrize(
        ("level", "messages"),
        [
            (None, ["loading", "i { a: 1 }", "n=5", "two\nlines", "seen"]),
            ("DEBUG", ["loading", "d", "i { a: 1 }", "n=5", "two\nlines", "seen"]),
            ("WARN", ["two\nlines", "seen"]),
            ("FATAL", []),
        ],
    )
    def test_json_lines_from_a_level_up(
        self, host: FunctionHost, runtime: str, level: str | None, messages: list[str]
    ) -> None:
        """DG/monitoring-cloudwatchlogs-log-level: INFO unless configured."""
        function = node_function(host, self.SOURCE, runtime=runtime, log_format="JSON", application_log_level=level)

        result = host.invoke(function)

        lines = [json.loads(line) for line in own_lines(result)]
        assert [line["message"] for line in lines] == messages
        assert all(line["requestId"] == result.request_id for line in lines if line["message"] != "loading")

    def test_json_keeps_objects_and_tells_errors_apart(self, host: FunctionHost, runtime: str) -> None:
        """DG/nodejs-logging, "Using structured JSON logs with Node.js"; RIC 3 `LogPatch.js`."""
        source = """
        export const handler = async () => {
          console.info({ order: 7 });
          console.error(new TypeError('alone'));
          console.error('failed:', new TypeError('with text'));
          const loop = {}; loop.loop = loop; console.info(loop);
        };
        """
        result = host.invoke(node_function(host, source, runtime=runtime, log_format="JSON"))

        plain, alone, text, loop = [json.loads(line) for line in own_lines(result)]
        assert plain["message"] == {"order": 7}
        assert (alone["message"]["errorType"], alone["message"]["errorMessage"]) == ("TypeError", "alone")
        assert alone["message"]["stackTrace"][0] == "TypeError: alone"
        assert (text["errorType"], text["errorMessage"]) == ("TypeError", "with text")
        assert text["message"].startswith("failed: TypeError: with text")
        assert loop["message"].startswith("<ref *1> { loop: [Circular *1] }")

    def test_a_call_without_a_value_logs_undefined(self, host: FunctionHost, runtime: str) -> None:
        """RIC 3 `LogPatch.js`, RIC 4 `index.mjs`: the message is a parameter of its own."""
        source = "export const handler = async () => { console.log(); console.warn(undefined, 1); };"

        result = host.invoke(node_function(host, source, runtime=runtime))

        assert [line.split("\t")[3] for line in own_lines(result)] == ["undefined", "undefined 1"]

    def test_the_error_of_several_values_is_the_first_that_may_be_one(self, host: FunctionHost, runtime: str) -> None:
        """RIC 3 looks at all of them, RIC 4 only behind the message: `formatJsonMessage`."""
        source = """
        export const handler = async () => {
          console.error(new TypeError('one'), new RangeError('two'), new Error('three'));
          console.error(new TypeError('one'), 'text');
        };
        """
        result = host.invoke(node_function(host, source, runtime=runtime, log_format="JSON"))

        told = [json.loads(line).get("errorMessage") for line in own_lines(result)]
        assert told == (["one", "one"] if runtime == OLD else ["two", None])
