"""Telemetry when something goes wrong: refused subscriptions, listeners that do not take it, invocations that fail.

Source, unless a test names another: AWS Lambda Developer Guide, "Accessing real-time telemetry data for extensions
using the Telemetry API" and "Lambda Telemetry API reference".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.function_host import FunctionHost, json_of
from tests.fakes.telemetry_extension import (
    EVERYTHING,
    LOGS,
    TELEMETRY,
    UNTIL_TAKEN,
    WAIT_FOR_RUNTIME_DONE,
    lines,
    records,
    subscribing_layer,
)

HELLO = "def handler(event, context):\n    print('hello', event)\n    return {'seen': event}\n"
PLATFORM = {**EVERYTHING, "types": ["platform"]}
FUNCTION = {**EVERYTHING, "types": ["function"]}


def refusals(host: FunctionHost) -> list[tuple[int, Any]]:
    """Status and body of each subscription."""
    found = [line.partition(" ") for line in lines(host, "answer")]
    return [(int(status), json.loads(body)) for status, _, body in found]


def test_subscribing_twice_is_one_subscription_and_another_api_is_refused(
    sandboxed: FunctionHost, tmp_path: Path
) -> None:
    other = {"types": ["platform"], "destination": {"protocol": "TCP", "port": 1}}
    bad = {**EVERYTHING, "types": [], "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain"}}
    layer = subscribing_layer(
        tmp_path, (TELEMETRY, bad), (TELEMETRY + "/", FUNCTION), (TELEMETRY, FUNCTION), (LOGS, other), (LOGS, "{")
    )
    function = sandboxed.function(HELLO, layers=(layer,), timeout_seconds=10)

    result = sandboxed.invoke(function, 1)
    sandboxed.pool.close()

    wrong, first, second, logs, nonsense = refusals(sandboxed)
    message = "URI port is not provided; types should not be empty"
    assert wrong == (400, {"errorType": "ValidationError", "errorMessage": message})
    assert first == second == (200, "OK")
    assert (logs[0], logs[1]["errorType"]) == (400, "Logs.ValidationError")
    assert "Telemetry API already" in logs[1]["errorMessage"]
    assert (nonsense[0], nonsense[1]["errorType"]) == (400, "Logs.ValidationError")
    assert [record["record"] for record in records(sandboxed)] == ["hello 1"]
    assert "TELEMETRY\tName: shipper\tState: Already subscribed\tTypes: [Function]" in result.log


def test_subscriptions_end_with_the_init_phase(sandboxed: FunctionHost, tmp_path: Path) -> None:
    """Source: open-telemetry/opentelemetry-lambda, pull request 1452: status, type and text of the refusal."""
    again = f"""\
    for path in ("{TELEMETRY}", "{LOGS}"):
        answer, body = call("PUT", path, identifier, {json.dumps(json.dumps(FUNCTION))})
        print("answer", answer.status, body, flush=True)
    answer, body = call("PUT", "{TELEMETRY}", {{}}, "")
    print("answer", answer.status, body, flush=True)
"""
    layer = subscribing_layer(tmp_path, event=again)
    function = sandboxed.function(HELLO, layers=(layer,), timeout_seconds=10)

    sandboxed.invoke(function)

    late, late_logs, nobody = refusals(sandboxed)
    assert late == (
        403,
        {"errorType": "Telemetry.SubscriptionClosed", "errorMessage": "Telemetry API subscription is closed already"},
    )
    assert late_logs[1]["errorType"] == "Logs.SubscriptionClosed"
    assert (nobody[0], nobody[1]["errorType"]) == (403, "Extension.InvalidExtensionIdentifier")


def test_a_listener_that_is_not_there_yet_is_tried_again(sandboxed: FunctionHost, tmp_path: Path) -> None:
    setup = """
def later():
    time.sleep(0.3)
    http.server.ThreadingHTTPServer(("sandbox.localdomain", 4243), Listener).serve_forever()
threading.Thread(target=later, daemon=True).start()
"""
    layer = subscribing_layer(tmp_path, (TELEMETRY, FUNCTION), setup=setup)
    source = UNTIL_TAKEN + "def handler(event, context):\n    print('kept')\n    until_taken('kept')\n"
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=10)

    sandboxed.invoke(function)

    assert [record["record"] for record in records(sandboxed)] == ["kept"]


def test_a_stuck_listener_holds_up_no_invocation_and_loses_records(sandboxed: FunctionHost, tmp_path: Path) -> None:
    # given: it answers nothing before it is told to shut down
    layer = subscribing_layer(
        tmp_path,
        (TELEMETRY, FUNCTION),
        delivery="received.acquire(); received.wait_for(lambda: 'end' in kinds); received.release()",
        event="    if event['eventType'] == 'SHUTDOWN':\n"
        "        with received: kinds.append('end'); received.notify_all()\n"
        "        time.sleep(0.5)\n",
    )
    source = """
    import sys

    def handler(event, context):
        for _ in range(60):
            sys.stdout.write("x" * 100_000 + "\\n")
        return 1
    """
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=10)

    # when
    results = [sandboxed.invoke(function) for _ in range(3)]
    sandboxed.pool.close()

    # then
    assert [json_of(result) for result in results] == [1, 1, 1]
    assert max(result.outcome.duration_ms for result in results) < 3000
    assert sandboxed.resets() == []
    dropped = [record["record"] for record in records(sandboxed, "platform.logsDropped")]
    sent = len(records(sandboxed, "function"))
    assert dropped
    assert sent + sum(loss["droppedRecords"] for loss in dropped) == 180
    assert all(loss["droppedBytes"] > 100_000 * loss["droppedRecords"] for loss in dropped)


@pytest.mark.parametrize(
    ("event", "status", "error_type", "reason"),
    [
        ("exit", "error", "Runtime.ExitError", "FAILURE"),
        ("hang", "timeout", None, "TIMEOUT"),
    ],
)
def test_a_failed_invocation_is_told_during_the_shutdown(
    sandboxed: FunctionHost, tmp_path: Path, event: str, status: str, error_type: str | None, reason: str
) -> None:
    layer = subscribing_layer(tmp_path, (TELEMETRY, PLATFORM))
    source = """
    import os, time

    def handler(event, context):
        os._exit(1) if event == "exit" else time.sleep(30)
    """
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=1)

    sandboxed.invoke(function, event)

    ends = [record["record"] for record in records(sandboxed, "platform.runtimeDone", "platform.report")]
    assert [(end["status"], end.get("errorType")) for end in ends] == [(status, error_type)] * 2
    assert "spans" not in ends[0], "nothing was answered"
    assert lines(sandboxed, "told") == [reason]


def test_an_error_of_the_handler_s_is_a_runtime_that_goes_on(sandboxed: FunctionHost, tmp_path: Path) -> None:
    layer = subscribing_layer(tmp_path, (TELEMETRY, PLATFORM), event=WAIT_FOR_RUNTIME_DONE)
    function = sandboxed.function("def handler(event, context): 1 / 0", layers=(layer,), timeout_seconds=10)

    sandboxed.invoke(function)
    sandboxed.pool.close()

    (done,) = records(sandboxed, "platform.runtimeDone")
    assert (done["record"]["status"], done["record"]["errorType"]) == ("error", "ZeroDivisionError")


def test_a_subscription_outlives_a_reset(sandboxed: FunctionHost, tmp_path: Path) -> None:
    """What the first extension process did not get goes to the second, and its subscribing again is no other one.

    Source: the page above, section "Specifying a destination protocol", for the listener that crashes; for "Already
    subscribed" and the phase `invoke`, Danwakeem/aws-lambda-telemetry-failure, README.
    """
    layer = subscribing_layer(tmp_path, (TELEMETRY, PLATFORM))
    source = "import os\ndef handler(event, context): os._exit(1) if event == 'exit' else None"
    function = sandboxed.function(source, layers=(layer,), timeout_seconds=5)

    sandboxed.invoke(function, "exit")
    result = sandboxed.invoke(function)
    sandboxed.pool.close()

    def told(kind: str, member: str) -> list[str]:
        """Of each record once: a portion that was not acknowledged in time comes again."""
        by_time = {record["time"]: record["record"][member] for record in records(sandboxed, kind)}
        return list(by_time.values())

    starts, reports = told("platform.initStart", "phase"), told("platform.initReport", "phase")
    states = told("platform.telemetrySubscription", "state")
    assert starts == reports == ["init", "invoke"]
    assert states == ["Subscribed", "Already subscribed"]
    assert told("platform.start", "requestId")[1] == result.request_id
