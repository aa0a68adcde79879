"""The lines that Lambda itself writes.

Source: the sample lines of the AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle"
and "Sending Lambda function logs to CloudWatch Logs"; levels: "Log-level filtering".
"""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.platform_log import Accounting, PlatformLog, billed_ms

AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
ID = "b9cb5b8a-0000-4000-8000-000000000000"
TEXT = FunctionConfiguration(
    name="fn",
    account_id="123456789012",
    region="eu-west-1",
    runtime="python3.13",
    handler="app.handler",
    code=Path(),
    role="",
    log_group="/aws/lambda/fn",
    version="7",
    memory_mib=128,
    timeout_seconds=3,
)
JSON = dataclasses.replace(TEXT, log_format="JSON")
SUCCESS = Accounting(
    request_id=ID,
    status="success",
    error_type=None,
    error_message="",
    duration_ms=133.61,
    init_duration_ms=80.0,
    max_memory_mib=31,
    trace_id="Root=1-5e9f0c65-1de4d666d4dd26aced652b6c;Parent=53995c3f42cd8ad8;Sampled=0",
)
TIMEOUT = dataclasses.replace(SUCCESS, status="timeout", error_type="Sandbox.Timedout", init_duration_ms=None)
CRASH = dataclasses.replace(
    SUCCESS,
    status="crash",
    error_type="Runtime.ExitError",
    error_message=f"RequestId: {ID} Error: Runtime exited with error: exit status 1",
    init_duration_ms=None,
)


@pytest.mark.parametrize(
    ("duration", "init", "billed"),
    [(133.61, 80.0, 214), (3016.78, 84.0, 3101), (1.0, None, 1), (1.01, None, 2), (0.0, None, 0), (999.0, 1.0, 1000)],
)
def test_billed_duration_is_rounded_up_and_counts_init(duration: float, init: float | None, billed: int) -> None:
    assert billed_ms(duration, init) == billed


class TestText:
    def test_report_of_a_cold_start(self) -> None:
        end, report = PlatformLog(TEXT).end(SUCCESS, AT)

        assert end == f"END RequestId: {ID}"
        assert report == (
            f"REPORT RequestId: {ID}\tDuration: 133.61 ms\tBilled Duration: 214 ms\tMemory Size: 128 MB"
            "\tMax Memory Used: 31 MB\tInit Duration: 80.00 ms\t"
        )

    def test_start_names_the_version(self) -> None:
        assert PlatformLog(TEXT).start(ID, AT) == [f"START RequestId: {ID} Version: 7"]

    def test_a_time_out_names_the_configured_seconds(self) -> None:
        log = PlatformLog(TEXT)

        assert log.failure(TIMEOUT, AT)[0] == f"2026-01-02T03:04:05.678Z {ID} Task timed out after 3.00 seconds"
        assert log.end(TIMEOUT, AT)[1].endswith("Max Memory Used: 31 MB\tStatus: timeout\t")

    def test_a_crash_names_its_reason_and_type(self) -> None:
        log = PlatformLog(TEXT)

        assert log.failure(CRASH, AT) == [CRASH.error_message, "Runtime.ExitError"]
        assert log.end(CRASH, AT)[1].endswith("\tStatus: error\tError Type: Runtime.ExitError\t")

    def test_a_handlers_error_leaves_no_trace_of_the_platforms(self) -> None:
        error = dataclasses.replace(SUCCESS, status="error", error_type="ValueError")

        assert PlatformLog(TEXT).failure(error, AT) == []
        assert "Status" not in PlatformLog(TEXT).end(error, AT)[1]

    def test_a_sampled_trace_is_named_behind_the_report(self) -> None:
        sampled = dataclasses.replace(SUCCESS, trace_id=SUCCESS.trace_id.replace("Sampled=0", "Sampled=1"))

        report = PlatformLog(TEXT).end(sampled, AT)[1]

        assert report.splitlines()[1] == (
            "XRAY TraceId: 1-5e9f0c65-1de4d666d4dd26aced652b6c\tSegmentId: 53995c3f42cd8ad8\tSampled: true\t"
        )

    def test_init_is_reported_only_when_it_failed(self) -> None:
        log = PlatformLog(TEXT)

        assert log.init_report(duration_ms=80, status="success", error_type=None, at=AT) == []
        assert log.init_report(duration_ms=1236.04, status="timeout", error_type="Sandbox.Timedout", at=AT) == [
            "INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: timeout"
        ]
        assert log.init_report(duration_ms=1236.04, status="crash", error_type="Runtime.ExitError", at=AT) == [
            "INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError"
        ]

    @pytest.mark.parametrize(
        ("interpreter", "version"),
        [
            ("python3.13.1", "python:3.13.1"),
            ("nodejs24.19.0", "nodejs:24.19.0"),
            ("provided.al2023", "provided:al2023"),
        ],
    )
    def test_a_cold_start_names_the_runtimes_version(self, interpreter: str, version: str) -> None:
        (line,) = PlatformLog(TEXT).init_start(interpreter, AT)

        assert line.startswith(
            f"INIT_START Runtime Version: {version}\tRuntime Version ARN: arn:aws:lambda:eu-west-1::"
        )


class TestJson:
    def test_lines_are_records_of_the_telemetry_schema(self) -> None:
        log = PlatformLog(JSON)

        (start,) = map(json.loads, log.start(ID, AT))
        (report,) = map(json.loads, log.end(SUCCESS, AT))

        assert start == {
            "time": "2026-01-02T03:04:05.678Z",
            "type": "platform.start",
            "record": {"requestId": ID, "version": "7"},
        }
        assert report["record"] == {
            "requestId": ID,
            "status": "success",
            "metrics": {
                "durationMs": 133.61,
                "billedDurationMs": 214,
                "memorySizeMB": 128,
                "maxMemoryUsedMB": 31,
                "initDurationMs": 80.0,
            },
        }

    @pytest.mark.parametrize(
        ("level", "accounting", "types"),
        [
            ("DEBUG", SUCCESS, ["platform.runtimeDone", "platform.report"]),
            ("INFO", SUCCESS, ["platform.report"]),
            (None, SUCCESS, ["platform.report"]),
            ("WARN", SUCCESS, []),
            ("WARN", TIMEOUT, ["platform.runtimeDone", "platform.report"]),
            ("INFO", CRASH, ["platform.runtimeDone", "platform.report"]),
        ],
    )
    def test_records_below_the_system_level_are_left_out(
        self, level: str | None, accounting: Accounting, types: list[str]
    ) -> None:
        log = PlatformLog(dataclasses.replace(JSON, system_log_level=level))

        assert [json.loads(line)["type"] for line in log.end(accounting, AT)] == types

    def test_a_failed_record_says_how(self) -> None:
        report = json.loads(PlatformLog(JSON).end(CRASH, AT)[-1])

        assert report["record"]["status"] == "error"
        assert report["record"]["errorType"] == "Runtime.ExitError"
