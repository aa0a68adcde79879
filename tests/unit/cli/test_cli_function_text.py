from __future__ import annotations

import json

import pytest

from lambdakit.cli.function_text import failure_text, log_text

FRAMES = [
    '  File "/var/task/app.py", line 11, in create\n    return save(event)\n',
    '  File "/var/runtime/boto3/resources/factory.py", line 581, in do_action\n    response = action(self)\n',
    '  File "/var/task/store.py", line 4, in save\n    return os.environ["TABEL_NAME"]\n',
]


def record(**fields: object) -> str:
    return json.dumps({"timestamp": "2026-11-21T12:00:00Z", "requestId": "1", **fields})


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("\n", id="empty"),
        pytest.param("REPORT RequestId: 1 Duration: 2 ms", id="platform's text"),
        pytest.param(record(type="platform.report", record={}), id="platform's record"),
        pytest.param(record(level="ERROR", errorMessage="'x'", errorType="KeyError", stackTrace=FRAMES), id="failure"),
        pytest.param("[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File", id="failure as text"),
        pytest.param("[WARNING] LAMBDA_WARNING: Unhandled exception. The most likely cause is", id="warning"),
        pytest.param(record(level="WARNING", message="LAMBDA_WARNING: Unhandled exception. The"), id="JSON warning"),
        pytest.param(record(level="INFO", message="Found credentials", logger="botocore.credentials"), id="SDK"),
    ],
)
def test_what_another_event_says_or_nobody_wrote_is_left_out(line: str) -> None:
    assert log_text(line) is None


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param("hello \n", "hello", id="text"),
        pytest.param("[ERROR]\t2026\t1\tno\nTraceback (most", "[ERROR]\t2026\t1\tno\nTraceback (most", id="logger"),
        pytest.param("[ERROR] KeyError: 'x'", "[ERROR] KeyError: 'x'", id="text format"),
        pytest.param(record(level="INFO", message="saved", logger="root"), "INFO saved", id="JSON"),
        pytest.param(record(level="WARNING", message="slow", logger="botocore.credentials"), "WARNING slow", id="SDK"),
        pytest.param('{"sku": "a"}', '{"sku": "a"}', id="JSON of the function's own"),
        pytest.param('{"level": 3, "message": "a"}', '{"level": 3, "message": "a"}', id="another logger's levels"),
        pytest.param("{broken", "{broken", id="no JSON"),
        pytest.param("{" * 50, "{" * 50, id="many braces"),
        pytest.param('{"a":' * 3000, '{"a":' * 3000, id="deep"),
    ],
)
def test_a_functions_own_line_is_kept(line: str, text: str) -> None:
    assert log_text(line) == text


def test_a_logged_exception_comes_with_the_functions_own_frames() -> None:
    line = record(
        level="ERROR", message="not saved", logger="root", errorType="KeyError", errorMessage="'x'", stackTrace=FRAMES
    )

    assert log_text(line) == (
        "ERROR not saved: KeyError: 'x'\n"
        '  File "/var/task/app.py", line 11, in create: return save(event)\n'
        '  File "/var/task/store.py", line 4, in save: return os.environ["TABEL_NAME"]'
    )


def test_a_failure_is_its_message_and_the_functions_own_frames() -> None:
    payload = json.dumps({"errorMessage": "'TABEL_NAME'", "errorType": "KeyError", "stackTrace": FRAMES})

    assert failure_text(payload).splitlines() == [
        "'TABEL_NAME'",
        '  File "/var/task/app.py", line 11, in create: return save(event)',
        '  File "/var/task/store.py", line 4, in save: return os.environ["TABEL_NAME"]',
    ]


def test_a_failure_of_node_has_its_frames_as_well() -> None:
    trace = ["TypeError: no", "    at save (/var/task/store.js:4:9)", "    at node:internal/process:1:1"]
    payload = json.dumps({"errorType": "TypeError", "errorMessage": "no", "trace": trace})

    assert failure_text(payload) == "no\n  at save (/var/task/store.js:4:9)"


def test_of_a_deep_trace_the_innermost_frames_are_kept() -> None:
    frames = [f'  File "/var/task/app.py", line {n}, in f\n    f()\n' for n in range(1000)]

    *_, last = lines = failure_text(json.dumps({"errorMessage": "deep", "stackTrace": frames})).splitlines()

    assert len(lines) == 7
    assert "line 999" in last


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("Unable to import module 'app': No module named 'requests'", "put requests into one of them"),
        ("Unable to import module 'orders.app': No module named 'orders.app'", "the package has no orders/app.py"),
    ],
)
def test_a_missing_module_comes_with_the_way_out(message: str, hint: str) -> None:
    error = {"errorMessage": message, "errorType": "Runtime.ImportModuleError", "stackTrace": []}

    assert hint in failure_text(json.dumps(error))
    assert hint not in failure_text(json.dumps({**error, "errorType": "KeyError"}))


@pytest.mark.parametrize("payload", ["", "null", "[]", '{"errorMessage": 1}', '{"statusCode": 200}', "text"])
def test_another_payload_stands_for_itself(payload: str) -> None:
    assert failure_text(payload) == payload


def test_a_long_payload_is_cut() -> None:
    assert len(failure_text("x" * 10_000)) == 600
