"""`lambdakit invoke`: one call of one function."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from lambdakit.cli.ending import guarded
from lambdakit.cli.environment_option import EnvironmentOption, stacks_of

_TRACE_LINES: Final = 40


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("invoke")(guarded(invoke))


def invoke(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A document, cloud assembly or CDK project.")],
    function: Annotated[str, typer.Argument(metavar="FUNCTION", help="Its name, id, path, or a unique part of it.")],
    event: Annotated[str | None, typer.Option("--event", metavar="FILE", help="The event; - is stdin.")] = None,
    qualifier: Annotated[str | None, typer.Option("--qualifier", help="A version or an alias.")] = None,
    environment: EnvironmentOption = None,
) -> None:
    """Deploy SOURCE here and call one FUNCTION; of a document its own stacks, or those of --environment.

    Its answer goes to stdout, its log to stderr; when the function fails, the trace as well, and the exit code is 1.
    Without --event it gets {}.
    """
    from lambdakit.cli.event_file import read_event
    from lambdakit.cli.failed_test import trace_text
    from lambdakit.cli.progress import tell_missing_images, working
    from lambdakit.session.harness import Harness

    payload = read_event(event)
    stacks = stacks_of(source, environment)
    with Harness() as harness:
        with working(f"deploying {source}"):
            deployment = harness.deploy(source, stacks=stacks)
        called = deployment.function(function)
        tell_missing_images(deployment)
        result = called.invoke(payload, qualifier=qualifier)
        happened = "" if result.function_error is None else trace_text(harness, lines=_TRACE_LINES)
    if result.log:
        typer.echo(result.log, err=True)
    if happened:
        typer.echo(f"what happened:\n{happened}", err=True)
    sys.stdout.buffer.write(result.raw_payload + b"\n")
    if result.function_error is not None:
        raise typer.Exit(1)
