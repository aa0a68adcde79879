"""Telemetry of real functions, to extensions that subscribed. They run in the sandbox only.

Source, unless a test names another: AWS Lambda Developer Guide, "Accessing real-time telemetry data for extensions
using the Telemetry API" and "Lambda Telemetry API Event schema reference".
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.fakes.function_host import FunctionHost
from tests.fakes.telemetry_extension import (
    EVERYTHING,
    LOGS,
    TELEMETRY,
    UNTIL_TAKEN,
    WAIT_FOR_RUNTIME_DONE,
    deliveries,
    records,
    subscribing_layer,
    types_of,
)

_CLOSED = 7  # tcp_states.h, TCP_CLOSE
HELLO = "def handler(event, context):\n    print('hello', event)\n    return {'seen': event}\n"
PLATFORM = {**EVERYTHING, "types": ["platform"]}
FUNCTION = {**EVERYTHING, "types": ["function"]}


def test_one_invocation_from_its_start_to_its_report(sandboxed: FunctionHost, tmp_path: Path) -> None:
    layer = subscribing_layer(tmp_path, (TELEMETRY, PLATFORM), event=WAIT_FOR_RUNTIME_DONE)
    function = sandboxed.function(HELLO, layers=(layer,), timeout_seconds=10)

    result = sandboxed.invoke(function, "a")
    sandboxed.pool.close()

    found = records(sandboxed)
    by_type = {record["type"]: record["record"] for record in found}
    # The runtime and its extensions initialize side by side.
    assert types_of(found).index("platform.telemetrySubscription") in (1, 2)
    assert [kind for kind in types_of(found) if kind != "platform.telemetrySubscription"] == [
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.extension",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    assert [record["time"] for record in found] == sorted(record["time"] for record in found)
    assert by_type["platform.initStart"]["phase"] == "init"
    assert by_type["platform.initStart"]["initializationType"] == "on-demand"
    assert by_type["platform.telemetrySubscription"] == {
        "name": "shipper",
        "state": "Subscribed",
        "types": ["platform"],
    }
    assert by_type["platform.extension"] == {"name": "shipper", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}
    assert by_type["platform.initRuntimeDone"]["status"] == "success"
    assert by_type["platform.initReport"]["metrics"]["durationMs"] > 0
    start, done, report = (by_type[f"platform.{kind}"] for kind in ("start", "runtimeDone", "report"))
    assert start["requestId"] == done["requestId"] == report["requestId"] == result.request_id
    assert start["version"] == "$LATEST"
    assert start["tracing"] == done["tracing"] == report["tracing"]
    assert done["metrics"]["producedBytes"] == len(result.outcome.payload)
    assert [span["name"] for span in done["spans"]] == ["responseLatency", "runtimeOverhead"]
    assert sum(span["durationMs"] for span in done["spans"]) == pytest.approx(done["metrics"]["durationMs"], abs=0.01)
    assert done["metrics"]["durationMs"] <= result.outcome.duration_ms
    assert report["metrics"]["durationMs"] == pytest.approx(result.outcome.duration_ms, abs=0.001)
    assert report["metrics"]["initDurationMs"] > 0


def test_what_function_and_extension_write_are_streams_of_their_own(sandboxed: FunctionHost, tmp_path: Path) -> None:
    layers = (
        subscribing_layer(tmp_path, (TELEMETRY, {**EVERYTHING, "types": ["function"]}), name="of-function"),
        subscribing_layer(
            tmp_path,
            (
                TELEMETRY,
                {
                    **EVERYTHING,
                    "types": ["extension"],
                    "destination": {"protocol": "HTTP", "URI": "http://sandbox:4244"},
                },
            ),
            name="of-extension",
            setup="""
server = http.server.ThreadingHTTPServer(("sandbox", 4244), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("I am an extension", file=sys.stderr, flush=True)
""",
        ),
    )
    function = sandboxed.function(HELLO, layers=layers, timeout_seconds=10)

    result = sandboxed.invoke(function, 7)
    sandboxed.pool.close()

    assert [record["record"] for record in records(sandboxed, "function")] == ["hello 7"]
    written = [record["record"] for record in records(sandboxed, "extension")]
    assert "I am an extension" in written
    assert "hello 7" not in written
    assert {"hello 7", "I am an extension"} <= set(result.log)


def test_a_line_below_the_log_level_is_told_though_it_is_not_logged(sandboxed: FunctionHost, tmp_path: Path) -> None:
    """Guide "Log-level filtering": it is what Lambda sends to CloudWatch Logs that is filtered."""
    line = '{"level":"debug","timestamp":"2024-11-02T16:51:31Z"}'
    layer = subscribing_layer(tmp_path, (TELEMETRY, FUNCTION))
    source = f"def handler(event, context):\n    print({line!r})\n"
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=10, log_format="JSON")

    result = sandboxed.invoke(function)
    sandboxed.pool.close()

    assert [record["record"]["level"] for record in records(sandboxed, "function")] == ["debug"]
    assert line not in result.log


def test_while_it_is_frozen_nothing_is_delivered(sandboxed: FunctionHost, tmp_path: Path) -> None:
    """The report is made when everybody waits for the next event, so it comes with that."""
    # given
    layer = subscribing_layer(tmp_path, (TELEMETRY, PLATFORM))
    function = sandboxed.function(HELLO, layers=(layer,), timeout_seconds=10)

    # when
    first = sandboxed.invoke(function).request_id
    while_frozen = [record["record"]["requestId"] for record in records(sandboxed, "platform.report")]
    gate = sandboxed.function(
        "import time\ndef handler(event, context): time.sleep(0.3)", name="other", timeout_seconds=10
    )
    sandboxed.invoke(gate)
    still_frozen = [record["record"]["requestId"] for record in records(sandboxed, "platform.report")]
    slow = sandboxed.invoke(function)
    sandboxed.pool.close()

    # then
    assert while_frozen == still_frozen == []
    assert [record["record"]["requestId"] for record in records(sandboxed, "platform.report")] == [
        first,
        slow.request_id,
    ]


def test_buffered_records_go_out_with_the_next_invocation(sandboxed: FunctionHost, tmp_path: Path) -> None:
    layer = subscribing_layer(tmp_path, (TELEMETRY, FUNCTION))
    source = UNTIL_TAKEN + "def handler(event, context):\n    print(event)\n    if event == 'b': until_taken(event)\n"
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=10)

    sandboxed.invoke(function, "a")
    result = sandboxed.invoke(function, "b")

    assert [record["record"] for record in records(sandboxed)] == ["a", "b"]
    assert any(line.startswith("got ") for line in result.log)


def test_shutdown_sends_what_is_buffered_before_it_is_told(sandboxed: FunctionHost, tmp_path: Path) -> None:
    late = {**FUNCTION, "buffering": {"timeoutMs": 30_000}}
    layer = subscribing_layer(tmp_path, (TELEMETRY, late))
    source = """
    import signal, sys

    def end(*_):
        print("last words", flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)

    def handler(event, context):
        print(event)
    """
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=10)

    for event in range(3):
        sandboxed.invoke(function, event)
    before = deliveries(sandboxed)
    sandboxed.pool.close()

    written = [line for _, line in sandboxed.logs.written]
    assert before == []
    assert [record["record"] for record in records(sandboxed)] == ["0", "1", "2", "last words"]
    assert written.index("told SPINDOWN") > max(written.index(line) for line in written if line.startswith("got "))


def test_a_portion_goes_at_once_when_it_has_its_items(sandboxed: FunctionHost, tmp_path: Path) -> None:
    full = {**FUNCTION, "buffering": {"timeoutMs": 30_000, "maxItems": 1000}}
    layer = subscribing_layer(tmp_path, (TELEMETRY, full))
    source = f"""{UNTIL_TAKEN}
def handler(event, context):
    print("\\n".join(str(number) for number in range(2500)))
    until_taken("1999")
"""
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=10)

    sandboxed.invoke(function)

    assert [len(portion) for portion in deliveries(sandboxed)] == [1000, 1000]
    assert [record["record"] for record in records(sandboxed)] == [str(number) for number in range(2000)]


@pytest.mark.parametrize(
    ("schema_version", "log_format", "expected"),
    [
        ("2022-12-13", "JSON", {"level": "INFO", "message": "m"}),
        ("2022-07-01", "JSON", '{"level": "INFO", "message": "m"}'),
        ("2022-12-13", "Text", '{"level": "INFO", "message": "m"}'),
    ],
)
def test_json_lines_are_objects_from_2022_12_13_on(
    sandboxed: FunctionHost, tmp_path: Path, schema_version: str, log_format: str, expected: object
) -> None:
    layer = subscribing_layer(tmp_path, (TELEMETRY, {**FUNCTION, "schemaVersion": schema_version}))
    source = """def handler(event, context): print('{"level": "INFO", "message": "m"}')"""
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=10, log_format=log_format)

    sandboxed.invoke(function)
    sandboxed.pool.close()

    assert [record["record"] for record in records(sandboxed)] == [expected]


def test_the_logs_api_has_its_own_names(sandboxed: FunctionHost, tmp_path: Path) -> None:
    """Source: AWS Lambda Developer Guide, "Using the Lambda Logs API"."""
    older = {
        "types": ["platform", "function"],
        "buffering": {"timeoutMs": 25},
        "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243", "method": "PUT"},
    }
    layer = subscribing_layer(tmp_path, (LOGS, older))
    function = sandboxed.function(HELLO, layers=(layer,), timeout_seconds=10)

    result = sandboxed.invoke(function, 1)
    sandboxed.pool.close()

    found = records(sandboxed)
    assert types_of(found) == [
        "platform.logsSubscription",
        "platform.extension",
        "platform.start",
        "function",
        "platform.end",
        "platform.report",
    ]
    assert found[2]["record"] == {"requestId": result.request_id, "version": "$LATEST"}
    assert set(found[5]["record"]) == {"requestId", "metrics"}
    assert "LOGS\tName: shipper\tState: Subscribed\tTypes: [Platform, Function]" in result.log


def test_tcp_gets_a_line_for_each_record(sandboxed: FunctionHost, tmp_path: Path) -> None:
    setup = """
listening = socket.create_server(("sandbox.localdomain", 4245))
def serve():
    connection, _ = listening.accept()
    for line in connection.makefile():
        take([json.loads(line)])
threading.Thread(target=serve, daemon=True).start()
"""
    tcp = {**FUNCTION, "destination": {"protocol": "TCP", "port": 4245}}
    layer = subscribing_layer(tmp_path, (TELEMETRY, tcp), setup=setup)
    source = (
        UNTIL_TAKEN + "def handler(event, context):\n    print(event)\n    until_taken(event)\n    print(event * 2)\n"
    )
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=10)

    sandboxed.invoke(function, "a")
    sandboxed.invoke(function, "c")

    assert [record["record"] for record in records(sandboxed)][:3] == ["a", "aa", "c"]


def test_without_a_subscriber_there_is_nothing_of_it(sandboxed: FunctionHost, tmp_path: Path) -> None:
    """No socket is kept, and no line is written, for a function that nobody listens to."""
    function = sandboxed.function(HELLO)

    before = _unconnected_sockets()
    result = sandboxed.invoke(function)

    assert not [line for line in result.log if line.startswith(("TELEMETRY", "EXTENSION", "LOGS"))]
    assert _unconnected_sockets() == before


def _unconnected_sockets() -> int:
    """How many sockets of this process neither listen nor are connected: those are in no table of the kernel's."""
    sockets = [link for link in Path("/proc/self/fd").iterdir() if _target(link).startswith("socket:")]
    found = 0
    for link in sockets:
        with socket.socket(fileno=os.dup(int(link.name))) as each:
            if each.family is socket.AF_INET and each.type is socket.SOCK_STREAM:
                found += each.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _CLOSED
    return found


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # the descriptor of the listing itself
        return ""
