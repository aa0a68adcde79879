"""`lambdakit explain`: what a code means."""

from __future__ import annotations

from typing import Annotated

import typer

from lambdakit.cli.ending import guarded


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("explain")(guarded(explain))


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="LK and three digits.", show_default=False)],
) -> None:
    """Say what the code of a diagnostic means."""
    from lambdakit.cli.explanations import explanation

    typer.echo(explanation(code))
