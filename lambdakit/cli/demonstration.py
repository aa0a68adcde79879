"""What `lambdakit demo` does and shows: an API that is compiled, deployed and called, with the trace as a timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from lambdakit.cli.embedded_patterns import DOCUMENT_NAME, pattern_directory
from lambdakit.cli.progress import tell_missing_images, working
from lambdakit.cli.timeline import Timeline
from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.session.harness import Harness
from lambdakit.trace import (
    DeploymentEnded,
    EnvironmentStarted,
    FunctionLogged,
    InvocationEnded,
    RuntimeNote,
    ServiceCalled,
)

if TYPE_CHECKING:
    import httpx
    from rich.console import Console

    from lambdakit.session.deployment import Deployment

_PATTERN: Final = "api_backend"
_SHOWN_LENGTH: Final = 100


def demonstrate(console: Console) -> None:
    """Runs the demonstration. HarnessError when the API does not answer as it should."""
    start = datetime.now(UTC)
    console.rule(f"[bold]{_PATTERN}/{DOCUMENT_NAME}", align="left")
    with Harness() as harness:
        with working("compiling and deploying"):
            deployment = harness.deploy(pattern_directory(_PATTERN) / DOCUMENT_NAME)
        ready = datetime.now(UTC)
        _show_stacks(console, deployment, took=ready - start)
        tell_missing_images(deployment)
        console.rule("[bold]requests", align="left")
        timeline = Timeline(console, start=ready, hidden=(FunctionLogged, RuntimeNote))
        timeline.name_resources(deployment)
        shown = len(harness.trace.events)
        with deployment.http() as http:
            for step in _conversation(http):
                _show_answer(console, step)
                events = harness.trace.events
                for event in events[shown:]:
                    timeline.write(event)
                shown = len(events)
        _show_summary(console, harness, took=datetime.now(UTC) - start)


def _conversation(http: httpx.Client) -> Iterator[httpx.Response]:
    """Creates, lists, reads and deletes an order, and asks for the deleted one; each answer once it is there."""
    created = http.post("/orders", json={"sku": "espresso-beans", "quantity": 2})
    yield _expected(created, 201)
    order = f"/orders/{created.json()['order_id']}"
    yield _expected(http.get("/orders"), 200)
    yield _expected(http.get(order), 200)
    yield _expected(http.delete(order), 204)
    yield _expected(http.get(order), 404)


def _expected(response: httpx.Response, status: int) -> httpx.Response:
    if response.status_code == status:
        return response
    request = f"{response.request.method} {response.request.url.path}"
    raise HarnessError(
        Diagnostic(
            problem=f"{request} was answered with {response.status_code} instead of {status}: {response.text[:200]}",
            code="LK556",
        )
    )


def _show_stacks(console: Console, deployment: Deployment, *, took: timedelta) -> None:
    for stack in deployment.stacks.values():
        types = Counter(resource.type for resource in stack.resources.values())
        console.print(
            f"[bold]stack {stack.name}[/]: {len(stack.resources)} resources, synthesized and deployed in "
            f"{took.total_seconds():.2f} s (deployed in {deployment.duration_ms:.0f} ms)",
            highlight=False,
        )
        for name, count in sorted(types.items()):
            console.print(f"  {count:3} {name}", highlight=False)
        for name, value in stack.outputs.items():
            console.print(f"  {name} = {value}", highlight=False, markup=False)


def _show_answer(console: Console, response: httpx.Response) -> None:
    sent = response.request.content.decode()
    console.print(f"\n[bold]{response.request.method} {response.request.url.path}[/] {sent}", highlight=False)
    body = response.text if len(response.text) <= _SHOWN_LENGTH else f"{response.text[: _SHOWN_LENGTH - 1]}…"
    console.print(f"  {response.status_code} {body}", highlight=False, markup=False)


def _show_summary(console: Console, harness: Harness, *, took: timedelta) -> None:
    trace = harness.trace
    invocations = trace.of(InvocationEnded)
    billed = sum(event.billed_duration_ms for event in invocations)
    resources = sum(event.resources for event in trace.of(DeploymentEnded))
    console.print()
    console.rule("[bold]summary", align="left")
    console.print(
        f"{resources} resources, {len(invocations)} invocations ({billed} ms billed), "
        f"{trace.count(EnvironmentStarted)} cold starts, {trace.count(ServiceCalled)} calls of AWS services, "
        f"all on this machine, in {took.total_seconds():.2f} s",
        highlight=False,
    )
    for note, functions in Counter(event.note for event in trace.of(RuntimeNote)).items():
        console.print(f"note: {note} ({functions} functions)", style="yellow", highlight=False, markup=False)
    console.print("next: lambdakit init my-project", style="dim", highlight=False)
