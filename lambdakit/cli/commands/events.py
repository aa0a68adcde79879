"""`lambdakit events`: sample events."""

from __future__ import annotations

from typing import Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import not_yet


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    events = typer.Typer(help="(not built yet) Sample events.", no_args_is_help=True)
    events.command("generate")(guarded(generate))
    events.callback()(_group)
    app.add_typer(events, name="events")


def generate(source: Annotated[str, typer.Argument(metavar="SOURCE", show_default=False)]) -> None:
    """(not built yet) A sample event for each function."""
    raise not_yet(f"lambdakit events generate {source}", hint="write the event by hand and pass it to lambdakit invoke")


def _group() -> None:
    """Keeps the group a group while it has one command."""
