"""How Node.js handlers are found, loaded and called, and what they are given.

Sources: AWS Lambda Developer Guide (DG), pages as named; aws-lambda-ric 3.3.0 (RIC 3) and 4.0.2 (RIC 4).
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from lambdakit.trace import EnvironmentStarted, RuntimeNote
from tests.fakes.function_host import FunctionHost, error_of, json_of
from tests.fakes.node_functions import BOTH, NEW, OLD, node_function

ES = "export const handler = async () => '{}';"
COMMON = "exports.handler = async () => '{}';"
TYPE_MODULE = '{"type": "module"}'


@pytest.mark.parametrize("runtime", BOTH)
class TestLoading:
    @pytest.mark.parametrize(
        ("files", "handler", "found"),
        [
            pytest.param({"app.mjs": ES.format("mjs")}, "app.handler", "mjs", id="es-module"),
            pytest.param({"app.cjs": COMMON.format("cjs")}, "app.handler", "cjs", id="common-js"),
            pytest.param({"app.js": COMMON.format("js")}, "app.handler", "js", id="js-is-common-js"),
            pytest.param(
                {"app.js": ES.format("js"), "package.json": TYPE_MODULE}, "app.handler", "js", id="js-by-package-type"
            ),
            pytest.param(
                {"src/app.js": ES.format("js"), "package.json": TYPE_MODULE},
                "src/app.handler",
                "js",
                id="js-by-type-of-a-folder-above",
            ),
            pytest.param(
                {"src/app.js": COMMON.format("js"), "package.json": TYPE_MODULE, "src/package.json": "{}"},
                "src/app.handler",
                "js",
                id="nearest-package-json-decides",
            ),
            pytest.param(
                {"app.js": COMMON.format("js"), "app.mjs": ES.format("mjs"), "app.cjs": COMMON.format("cjs")},
                "app.handler",
                "js",
                id="js-before-mjs-before-cjs",
            ),
            pytest.param(
                {"app.mjs": ES.format("mjs"), "app.cjs": COMMON.format("cjs")},
                "app.handler",
                "mjs",
                id="mjs-before-cjs",
            ),
            pytest.param(
                {"app": COMMON.format("bare"), "app.js": COMMON.format("js")},
                "app.handler",
                "bare",
                id="bare-name-first",
            ),
            pytest.param({"a/b/app.mjs": ES.format("deep")}, "a/b/app.handler", "deep", id="folders"),
            pytest.param({"a/b/app.mjs": ES.format("deep")}, "./a/b/app.handler", "deep", id="relative-folders"),
            pytest.param(
                {"app.cjs": "exports.a = { b: { c: async () => 'nested' } }"},
                "app.a.b.c",
                "nested",
                id="nested-properties",
            ),
            pytest.param(
                {"node_modules/lib/index.js": COMMON.format("package")}, "lib.handler", "package", id="from-a-package"
            ),
            pytest.param(
                {"app.mjs": "const name = await Promise.resolve('awaited'); export const handler = async () => name;"},
                "app.handler",
                "awaited",
                id="top-level-await",
            ),
        ],
    )
    def test_the_module_is_the_first_that_there_is(
        self, host: FunctionHost, runtime: str, files: dict[str, str], handler: str, found: str
    ) -> None:
        """DG/nodejs-handler; RIC 3 `UserFunction.js`; RIC 4 `loadModule`."""
        function = node_function(host, files, handler=handler, runtime=runtime)

        assert json_of(host.invoke(function)) == found

    @pytest.mark.parametrize(
        ("result", "expected"),
        [
            ("undefined", None),
            ("null", None),
            ("{ a: [1, 'é', true] }", {"a": [1, "é", True]}),
            ("new Date(0)", "1970-01-01T00:00:00.000Z"),
            ("'x'.repeat(5000000)", "x" * 5_000_000),
        ],
    )
    def test_a_result_is_json(self, host: FunctionHost, runtime: str, result: str, expected: object) -> None:
        """RIC 3 and 4: `undefined` becomes null."""
        function = node_function(host, f"export const handler = async () => ({result});", runtime=runtime)

        assert json_of(host.invoke(function)) == expected

    def test_a_handler_need_not_be_async(self, host: FunctionHost, runtime: str) -> None:
        """DG/nodejs-handler: RIC 4 awaits whatever is returned, RIC 3 whatever has a `then`."""
        function = node_function(
            host, "export const handler = (event) => Promise.resolve(event.n + 1);", runtime=runtime
        )

        assert json_of(host.invoke(function, {"n": 1})) == 2

    def test_a_large_event_arrives_whole(self, host: FunctionHost, runtime: str) -> None:
        function = node_function(host, "export const handler = async (event) => event.text.length;", runtime=runtime)

        assert json_of(host.invoke(function, {"text": "é" * 2_500_000})) == 2_500_000

    def test_the_process_serves_the_next_event(self, host: FunctionHost, runtime: str) -> None:
        function = node_function(host, "let n = 0; export const handler = async () => ++n;", runtime=runtime)

        assert [json_of(host.invoke(function)) for _ in range(5)] == [1, 2, 3, 4, 5]

    def test_the_context(self, host: FunctionHost, runtime: str) -> None:
        """DG/nodejs-context."""
        source = """
        export const handler = async (event, context) => ({
          ...context, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID,
        });
        """
        function = node_function(host, source, runtime=runtime, timeout_seconds=7)

        result = host.invoke(function, client_context='{"custom": {"ü": 1}}', qualifier="live")

        context = json_of(result)
        assert 5000 < context.pop("left") <= 7000
        assert context.pop("trace").startswith("Root=1-")
        assert context["awsRequestId"] == result.request_id
        assert context["functionName"] == "fn"
        assert context["functionVersion"] == "$LATEST"
        assert context["invokedFunctionArn"] == f"{function.arn}:live"
        assert context["memoryLimitInMB"] == "512"
        assert context["logGroupName"] == "/aws/lambda/fn"
        assert "[$LATEST]" in context["logStreamName"]
        assert context["clientContext"] == {"custom": {"ü": 1}}
        assert ("callbackWaitsForEmptyEventLoop" in context) == (runtime == OLD)

    @pytest.mark.parametrize("source", ["app.mjs", "app.cjs"])
    def test_layers_and_runtime_come_after_the_package(
        self, host: FunctionHost, runtime: str, source: str, tmp_path: Path
    ) -> None:
        """DG/packaging-layers: NODE_PATH, which Lambda's `import` follows too; a later layer wins."""
        major = runtime.removeprefix("nodejs").removesuffix(".x")
        one, two = tmp_path / f"one-{runtime}-{source}", tmp_path / f"two-{runtime}-{source}"
        for layer, folder, package in (
            (one, "nodejs/node_modules", "mine"),
            (one, "nodejs/node_modules", "shared"),
            (two, "nodejs/node_modules", "shared"),
            (two, f"nodejs/node{major}/node_modules", "special"),
        ):
            place = layer / folder / package
            place.mkdir(parents=True)
            (place / "index.js").write_text(f"exports.origin = 'layer {layer.name[:3]}';")
        names = ["mine", "shared", "special"]
        load = "await import(name)" if source == "app.mjs" else "require(name)"
        export = "export const handler" if source == "app.mjs" else "exports.handler"
        function = node_function(
            host,
            {
                source: f"{export} = async (names) => {{ const o = []; for (const name of names) "
                f"o.push(({load}).origin); return o; }}",
                "node_modules/mine/index.js": "exports.origin = 'package';",
            },
            runtime=runtime,
            layers=(one, two),
        )

        assert json_of(host.invoke(function, names)) == ["package", "layer two", "layer two"]

    def test_the_surroundings(self, host: FunctionHost, runtime: str) -> None:
        """DG/configuration-envvars; the options are those of /var/runtime/bootstrap in AWS's base images."""
        source = """
        import os from 'node:os';
        import { execFileSync } from 'node:child_process';
        import { getHeapStatistics } from 'node:v8';
        export const handler = async () => ({
          cwd: process.cwd() === process.env.LAMBDA_TASK_ROOT,
          env: process.env.AWS_EXECUTION_ENV,
          node: execFileSync('node', ['--version']).toString().trim() === process.version,
          gc: typeof gc,
          collected: (gc(), true),
          heap: getHeapStatistics().heap_size_limit / 2 ** 20,
          home: typeof os.homedir(),
          seen: Object.keys(process.env).filter((name) => /^(HOME|VIRTUAL_ENV|npm_|NODE_OPTIONS)/.test(name)),
        });
        """
        function = node_function(host, source, runtime=runtime, memory_mib=256)

        surroundings = json_of(host.invoke(function))

        assert 200 < surroundings.pop("heap") <= 320
        assert surroundings == {
            "cwd": True,
            "env": f"AWS_Lambda_{runtime}",
            "node": True,
            "gc": "function",
            "collected": True,
            "home": "string",
            "seen": [],
        }


class TestCallbacks:
    @pytest.mark.parametrize("runtime", ["nodejs18.x", "nodejs20.x", OLD])
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("callback(null, 'result')", "result"),
            ("setTimeout(() => callback(null, 'later'), 20)", "later"),
            ("context.succeed('done')", "done"),
            ("context.done(null, 'done')", "done"),
            ("callback(null, 'first'); callback(null, 'second')", "first"),
            ("", None),
            ("return 'ignored'", None),
        ],
        ids=["callback", "later", "succeed", "done", "twice", "never", "returned-value"],
    )
    def test_a_handler_may_call_back(self, host: FunctionHost, runtime: str, body: str, expected: object) -> None:
        """RIC 3 `CallbackContext.js`: the first answer counts; without any, an empty event loop means null."""
        source = {"app.js": f"exports.handler = (event, context, callback) => {{ {body} }};"}
        function = node_function(host, source, runtime=runtime)

        assert json_of(host.invoke(function)) == expected

    @pytest.mark.parametrize(("waits", "at_least"), [("true", 0.15), ("false", 0.0)])
    def test_a_callback_s_result_waits_for_the_event_loop_unless_told_not_to(
        self, host: FunctionHost, waits: str, at_least: float
    ) -> None:
        """DG/nodejs-context: callbackWaitsForEmptyEventLoop."""
        source = f"""
        exports.handler = (event, context, callback) => {{
          context.callbackWaitsForEmptyEventLoop = {waits};
          setTimeout(() => {{}}, 150);
          callback(null, 1);
        }};
        """
        result = host.invoke(node_function(host, {"app.js": source}, runtime=OLD))

        assert json_of(result) == 1
        assert (result.outcome.duration_ms >= 150) == (at_least > 0)

    @pytest.mark.parametrize("body", ["callback(new TypeError('no'))", "context.fail(new TypeError('no'))"])
    def test_a_handler_may_call_back_with_an_error(self, host: FunctionHost, body: str) -> None:
        source = {"app.js": f"exports.handler = (event, context, callback) => {{ {body} }};"}

        error = error_of(host.invoke(node_function(host, source, runtime=OLD)))

        assert (error["errorType"], error["errorMessage"]) == ("TypeError", "no")

    def test_node_24_refuses_them(self, host: FunctionHost) -> None:
        """DG/nodejs-handler; the text is RIC 4's."""
        source = {"app.js": "exports.handler = (event, context, callback) => callback(null, 1);"}

        error = error_of(host.invoke(node_function(host, source, runtime=NEW)))

        assert error["errorType"] == "Runtime.CallbackHandlerDeprecated"
        assert error["errorMessage"].startswith("ERROR: AWS Lambda has removed support for callback-based function")


class TestProcess:
    def test_a_timer_that_is_left_stands_still_between_invocations(self, host: FunctionHost) -> None:
        """DG/lambda-runtime-environment: an idle environment is frozen."""
        source = """
        let ticks = 0;
        setInterval(() => ticks++, 5);
        export const handler = async () => {
          const seen = ticks;
          await new Promise((resolve) => setTimeout(resolve, 30));
          return [seen, ticks];
        };
        """
        function = node_function(host, source)

        _, before = json_of(host.invoke(function))
        deadline = time.monotonic() + 0.4
        while time.monotonic() < deadline:
            pass
        after, _ = json_of(host.invoke(function))

        assert after - before <= 10  # 80, if it had run on

    def test_128_mb_are_enough_for_a_small_function(self, host: FunctionHost) -> None:
        result = host.invoke(node_function(host, ES.format("small"), memory_mib=128))

        assert json_of(result) == "small"
        assert 30 <= result.outcome.max_memory_mib <= 90

    @pytest.mark.parametrize(
        "body",
        [
            "Buffer.alloc(400 * 2 ** 20, 1).length",
            "Array.from({ length: 40 }, () => Buffer.alloc(10 * 2 ** 20, 1)).length",
        ],
        ids=["at-once", "in-steps"],
    )
    def test_400_mb_in_a_128_mb_function_are_out_of_memory(self, host: FunctionHost, body: str) -> None:
        """DG/lambda-runtime-environment; the type is the emulator's `model/customer_error.go`."""
        result = host.invoke(node_function(host, f"export const handler = async () => {body};", memory_mib=128))

        assert error_of(result)["errorType"] == "Runtime.OutOfMemory"
        assert result.outcome.max_memory_mib == 128

    @pytest.mark.parametrize("runtime", BOTH)
    def test_a_time_out_ends_it(self, host: FunctionHost, runtime: str) -> None:
        source = "export const handler = () => new Promise((resolve) => setTimeout(resolve, 60000));"
        function = node_function(host, source, runtime=runtime, timeout_seconds=1)

        assert error_of(host.invoke(function))["errorType"] == "Sandbox.Timedout"

    @pytest.mark.parametrize(
        ("chosen", "options"),
        [
            ("", ["--max-semi-space-size=25", "--max-old-space-size=461"]),
            ("--max-old-space-size=300", []),
            ("--max_old_space_size=300", []),
            ("--max-semi-space-size=8", []),
        ],
    )
    def test_memory_options_of_the_function_come_first(
        self, host: FunctionHost, chosen: str, options: list[str]
    ) -> None:
        """/var/runtime/bootstrap of AWS's base images: a tenth is the young generation's; one chosen size ends both."""
        source = "export const handler = async () => process.execArgv.filter((option) => option.includes('space'));"
        environment = {"NODE_OPTIONS": chosen} if chosen else {}

        assert json_of(host.invoke(node_function(host, source, memory_mib=512, environment=environment))) == options

    @pytest.mark.parametrize(
        ("runtime", "note"), [("nodejs22.x", "runs on nodejs24"), ("nodejs18.x", "runs on nodejs24"), (NEW, "")]
    )
    def test_another_major_version_is_noted(self, host: FunctionHost, runtime: str, note: str) -> None:
        host.invoke(node_function(host, ES.format("x"), runtime=runtime))

        notes = [event.note for event in host.trace.events() if isinstance(event, RuntimeNote)]
        started = [event for event in host.trace.events() if isinstance(event, EnvironmentStarted)]
        assert [text.startswith(note) for text in notes] == ([True] if note else [])
        assert started[0].interpreter.startswith("nodejs24.")

    @pytest.mark.parametrize("mode", [0o755, 0o644, None], ids=["runs", "not-executable", "missing"])
    def test_a_wrapper_script_starts_the_runtime(self, host: FunctionHost, mode: int | None) -> None:
        """DG/runtimes-modify; statuses 126 and 127 are those of /var/runtime/bootstrap in AWS's base images."""
        function = node_function(
            host,
            "export const handler = async () => [process.env.WRAPPED, process.execArgv.includes('--no-deprecation')];",
            environment={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"},
        )
        if mode is not None:
            wrapper = function.code / "wrapper"
            wrapper.write_text('#!/bin/sh\nnode="$1"; shift\nWRAPPED=yes exec "$node" --no-deprecation "$@"\n')
            wrapper.chmod(mode)

        result = host.invoke(function)

        if mode == 0o755:
            assert json_of(result) == ["yes", True]
        else:
            status, reason = (127, "does not exist") if mode is None else (126, "is not an executable")
            assert error_of(result)["errorMessage"].endswith(f"exit status {status}")
            assert any(line.endswith(reason) for line in result.log), json.dumps(result.log)
