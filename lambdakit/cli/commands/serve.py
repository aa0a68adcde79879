"""`lambdakit serve`: an empty emulated account."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from lambdakit.cli.ending import guarded


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(guarded(serve))


def serve(
    port: Annotated[int | None, typer.Option("--port", help="Where to listen.", show_default="any free port")] = None,
) -> None:
    """Serve an empty emulated account until Ctrl-C.

    Prints what another shell needs so that its AWS SDK or CLI talks to it; what happens goes to stderr.
    """
    from datetime import UTC, datetime

    from rich.console import Console

    from lambdakit.cli.timeline import Timeline
    from lambdakit.session.harness import Harness

    with Harness(port=port) as harness:
        typer.echo(f"# account {harness.account_id} at {harness.endpoint_url}; another shell uses it after:")
        typer.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
        for name, value in harness.environment.items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        timeline = Timeline(Console(stderr=True), start=datetime.now(UTC))
        for event in harness.trace.follow():
            timeline.write(event)
