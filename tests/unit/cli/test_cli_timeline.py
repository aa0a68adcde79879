from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast, get_type_hints

import pytest
from rich.console import Console

from lambdakit import trace
from lambdakit.cli.resource_names import ResourceNames
from lambdakit.cli.timeline import Timeline

if TYPE_CHECKING:
    from lambdakit.session.deployment import Deployment

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


def test_a_denial_names_the_statement_and_the_place() -> None:
    denied = example(trace.AccessDenied, function="create", statement='{"Effect": "Allow"}', place="app.yaml:9")

    assert written(denied).splitlines()[1:] == [
        f'{"":25}it takes {{"Effect": "Allow"}}',
        f"{'':25}in app.yaml:9",
    ]


def test_a_denial_that_nothing_helps_against_is_one_line() -> None:
    assert written(example(trace.AccessDenied, statement="", place="")).count("\n") == 1


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


def test_resources_are_called_what_the_user_called_them() -> None:
    resources = {
        "Jobs1": SimpleNamespace(logical_id="Jobs1", physical_id="http://127.0.0.1:1/123456789012/shop-jobs"),
        "Topic1": SimpleNamespace(logical_id="Topic1", physical_id="arn:aws:sns:us-east-1:123456789012:shop-topic"),
        "Table1": SimpleNamespace(logical_id="Table1", physical_id="shop-table"),
        "Pending1": SimpleNamespace(logical_id="Pending1", physical_id=None),
    }
    function = SimpleNamespace(name="shop-create-1", path="shop/orders/create/Function/Resource", also_called=())
    deployment = SimpleNamespace(stacks={"shop": SimpleNamespace(resources=resources)}, functions=(function,))
    names = ResourceNames()

    names.add(cast("Deployment", deployment))

    queue, topic = "arn:aws:sqs:us-east-1:123456789012:shop-jobs", "arn:aws:sns:us-east-1:123456789012:shop-topic"
    stream = "arn:aws:dynamodb:us-east-1:123456789012:table/shop-table/stream/2026-11-21T12:00:00.000"
    assert [names.of(name) for name in (queue, topic, stream, "shop-create-1", "shop-table")] == [
        "sqs Jobs1",
        "Topic1",
        "dynamodb Table1",
        "create",
        "Table1",
    ]
    assert names.of("arn:aws:s3:::elsewhere") == "arn:aws:s3:::elsewhere"
    assert names.of("lambda.amazonaws.com") == "lambda.amazonaws.com"
