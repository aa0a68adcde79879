"""How telemetry events are written, by API and schema version.

Source: AWS Lambda Developer Guide, "Lambda Telemetry API Event schema reference"; "Using the Lambda Logs API", section
"Log messages".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdakit.harness.runtime import platform_records
from lambdakit.harness.runtime.telemetry_events import TelemetryEvent, rendered
from lambdakit.harness.runtime.telemetry_subscription import Api, Subscription

AT = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
ALL = ("platform", "function", "extension")
TELEMETRY = Subscription(api=Api.TELEMETRY, schema_version="2022-12-13", types=ALL, port=1)
STRINGS = Subscription(api=Api.TELEMETRY, schema_version="2022-07-01", types=ALL, port=1)
NEWEST = Subscription(api=Api.TELEMETRY, schema_version="2025-01-29", types=ALL, port=1)
LOGS = Subscription(api=Api.LOGS, schema_version="2020-08-15", types=ALL, port=1)
LOGS_2021 = Subscription(api=Api.LOGS, schema_version="2021-03-18", types=ALL, port=1)
METRICS = {"durationMs": 1.5, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 31}


def wire(
    kind: str, record: str | Mapping[str, Any], subscription: Subscription = TELEMETRY, *, json_lines: bool = False
) -> Any:
    """What the subscriber gets; None when it gets nothing."""
    event = TelemetryEvent(at=AT, kind=kind, record=record)
    found = rendered(event, subscription, json_lines=json_lines)
    return None if found is None else json.loads(found)


def test_an_event_has_a_time_a_type_and_a_record() -> None:
    assert wire("function", "[INFO] Hello world, I am a function!") == {
        "time": "2026-01-02T03:04:05.678Z",
        "type": "function",
        "record": "[INFO] Hello world, I am a function!",
    }


@pytest.mark.parametrize("stream", ALL)
@pytest.mark.parametrize("kind", ["platform.start", "function", "extension"])
def test_only_what_was_subscribed_to_is_sent(stream: str, kind: str) -> None:
    subscription = Subscription(api=Api.TELEMETRY, schema_version="2022-12-13", types=(stream,), port=1)

    assert (wire(kind, "x", subscription) is not None) is (kind.partition(".")[0] == stream)


@pytest.mark.parametrize(
    ("subscription", "json_lines", "line", "expected"),
    [
        (TELEMETRY, True, '{"level":"INFO"}', {"level": "INFO"}),
        (NEWEST, True, '{"level":"INFO"}', {"level": "INFO"}),
        (STRINGS, True, '{"level":"INFO"}', '{"level":"INFO"}'),
        (LOGS, True, '{"level":"INFO"}', '{"level":"INFO"}'),
        (TELEMETRY, False, '{"level":"INFO"}', '{"level":"INFO"}'),
        (TELEMETRY, True, "[1, 2]", "[1, 2]"),
        (TELEMETRY, True, '{"level":', '{"level":'),
        (TELEMETRY, True, '{"a":' * 100_000, '{"a":' * 100_000),
        (TELEMETRY, True, "", ""),
    ],
    ids=["json", "newest", "before 2022-12-13", "logs api", "text", "list", "cut off", "too deep", "empty"],
)
def test_a_line_is_an_object_when_the_function_logs_in_json(
    subscription: Subscription, json_lines: bool, line: str, expected: object
) -> None:
    assert wire("function", line, subscription, json_lines=json_lines)["record"] == expected


@pytest.mark.parametrize(
    ("kind", "telemetry", "logs", "logs_2021"),
    [
        ("platform.initStart", True, False, False),
        ("platform.initRuntimeDone", True, False, False),
        ("platform.initReport", True, False, False),
        ("platform.start", True, True, True),
        ("platform.runtimeDone", True, False, True),
        ("platform.end", False, True, True),
        ("platform.report", True, True, True),
        ("platform.extension", True, True, True),
        ("platform.telemetrySubscription", True, False, False),
        ("platform.logsSubscription", False, True, True),
        ("platform.logsDropped", True, True, True),
        ("platform.fault", False, True, True),
    ],
)
def test_each_api_has_its_own_events(kind: str, telemetry: bool, logs: bool, logs_2021: bool) -> None:
    record = {"requestId": "r", "version": "1", "status": "success", "metrics": METRICS}

    found = [wire(kind, record, subscription) is not None for subscription in (TELEMETRY, LOGS, LOGS_2021)]

    assert found == [telemetry, logs, logs_2021]


@pytest.mark.parametrize(
    ("kind", "record", "expected"),
    [
        (
            "platform.start",
            {"requestId": "r", "version": "$LATEST", "tracing": {}},
            {"requestId": "r", "version": "$LATEST"},
        ),
        (
            "platform.report",
            {"requestId": "r", "status": "success", "metrics": METRICS},
            {"requestId": "r", "metrics": METRICS},
        ),
        ("platform.runtimeDone", {"requestId": "r", "status": "success"}, {"requestId": "r", "status": "success"}),
        ("platform.runtimeDone", {"requestId": "r", "status": "error"}, {"requestId": "r", "status": "failure"}),
        ("platform.runtimeDone", {"requestId": "r", "status": "timeout"}, {"requestId": "r", "status": "timeout"}),
        ("platform.fault", "RequestId: r Process exited", "RequestId: r Process exited"),
    ],
)
def test_the_logs_api_has_the_older_records(kind: str, record: Any, expected: object) -> None:
    assert wire(kind, record, LOGS_2021)["record"] == expected


@pytest.mark.parametrize(
    ("record", "keys"),
    [
        (
            platform_records.init_start("python3.13.1", "eu-west-1"),
            {"initializationType", "phase", "runtimeVersion", "runtimeVersionArn"},
        ),
        (
            platform_records.init_runtime_done("on-demand", phase="init", status="success", error_type=None),
            {"initializationType", "phase", "status"},
        ),
        (
            platform_records.init_report(duration_ms=1.0, status="crash", error_type="Runtime.ExitError"),
            {"initializationType", "phase", "status", "errorType", "metrics"},
        ),
        (
            platform_records.runtime_done(
                "r", status="success", error_type=None, duration_ms=1.0, produced_bytes=2, spans=[{}], trace_id="t"
            ),
            {"requestId", "status", "metrics", "spans", "tracing"},
        ),
        (
            platform_records.runtime_done(
                "r", status="timeout", error_type=None, duration_ms=1.0, produced_bytes=None, spans=[], trace_id="t"
            ),
            {"requestId", "status", "metrics", "tracing"},
        ),
        (platform_records.extension("x", "Ready", ["INVOKE"]), {"name", "state", "events"}),
        (
            platform_records.extension("x", "LaunchError", [], "PermissionDenied"),
            {"name", "state", "events", "errorType"},
        ),
        (platform_records.subscription("x", "Subscribed", ["platform"]), {"name", "state", "types"}),
        (platform_records.logs_dropped(1, 2), {"droppedBytes", "droppedRecords", "reason"}),
    ],
)
def test_records_have_the_keys_of_the_schema(record: dict[str, Any], keys: set[str]) -> None:
    assert set(record) == keys


@pytest.mark.parametrize(
    ("status", "error_type", "expected"),
    [
        ("success", None, {"status": "success"}),
        ("timeout", "Sandbox.Timedout", {"status": "timeout"}),
        ("error", "ValueError", {"status": "error", "errorType": "ValueError"}),
        ("crash", "Runtime.ExitError", {"status": "error", "errorType": "Runtime.ExitError"}),
        ("crash", None, {"status": "error", "errorType": "Runtime.Unknown"}),
    ],
)
def test_a_status_that_is_an_error_names_its_type(status: str, error_type: str | None, expected: object) -> None:
    assert platform_records.outcome(status, error_type) == expected
