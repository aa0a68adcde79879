"""`lambdakit report`: what the harness can tell about a deployment."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import not_yet


class Subject(StrEnum):
    """What a report is about."""

    PERMISSIONS = "permissions"
    REACHABILITY = "reachability"
    COST = "cost"
    COLD_STARTS = "cold-starts"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("report")(guarded(report))


def report(
    subject: Annotated[Subject, typer.Argument(show_default=False)],
    source: Annotated[str | None, typer.Argument(metavar="SOURCE|TRACE", show_default=False)] = None,
) -> None:
    """(not built yet) Permissions, reachability, cost."""
    raise not_yet(" ".join(["lambdakit report", subject.value, *([source] if source else [])]))
