from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

import pytest
from rich.console import Console

from lambdakit import trace
from lambdakit.cli.timeline import Timeline

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EVENTS = [
    kind
    for kind in vars(trace).values()
    if isinstance(kind, type) and issubclass(kind, trace.TraceEvent) and kind is not trace.TraceEvent
]
VALUES = {str: "text", int: 200, float: 1.5, bool: True, str | None: None, float | None: None, tuple[str, ...]: ("a",)}


def written(event: trace.TraceEvent, *hidden: type[trace.TraceEvent]) -> str:
    screen = io.StringIO()
    timeline = Timeline(Console(file=screen, width=80), start=START, hidden=hidden)
    timeline.write(dataclasses.replace(event, at=START + timedelta(milliseconds=1234)))
    return screen.getvalue()


def example(kind: type[trace.TraceEvent], **given: Any) -> trace.TraceEvent:
    hints = get_type_hints(kind)
    fields = {field.name: VALUES[hints[field.name]] for field in dataclasses.fields(kind) if field.name != "at"}
    return kind(**{**fields, **given})


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_class_of_event_has_a_form_of_its_own(kind: type[trace.TraceEvent]) -> None:
    assert kind.__name__ not in written(example(kind))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            example(trace.RequestReceived, method="GET", path="/[red]", door="http_api", resource="shop"),
            "request      GET /[red]  (http_api shop)",
        ),
        (example(trace.ServiceCalled, service="dynamodb", operation="PutItem", resource="t"), "table write  dynamodb"),
        (example(trace.ServiceCalled, service="dynamodb", operation="Query"), "table read   dynamodb Query"),
        (example(trace.ServiceCalled, service="sqs", operation="SendMessage", status=403), "answered 403"),
        (example(trace.InvocationEnded, status="success", duration_ms=12.34), "invocation   text  12.3 ms, 200 MB"),
        (example(trace.InvocationEnded, status="timeout", duration_ms=3000.0), "timeout after 3.00 s: text"),
        (example(trace.EnvironmentStopped, reason="crash"), "stopped      text  crash"),
        (example(trace.FunctionLogged, line="hello\n"), "log          hello"),
    ],
)
def test_line_says_when_what_kind_and_what(event: trace.TraceEvent, line: str) -> None:
    text = written(event)

    assert text.startswith("   1.234 s  ")
    assert line in text
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    "event",
    [
        example(trace.FunctionLogged, line="REPORT RequestId: 1 Duration: 2 ms"),
        example(trace.FunctionLogged, line="\n"),
        example(trace.EnvironmentStopped, reason="idle"),
        example(trace.InvocationStarted),
    ],
)
def test_what_another_line_says_has_none(event: trace.TraceEvent) -> None:
    assert written(event) == ""


def test_hidden_class_has_no_line() -> None:
    assert written(example(trace.FunctionLogged), trace.FunctionLogged) == ""
