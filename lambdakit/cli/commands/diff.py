"""`lambdakit diff`: what a deployment would change."""

from __future__ import annotations

from typing import Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import not_yet


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("diff")(guarded(diff))


def diff(document: Annotated[str, typer.Argument(metavar="DOC", show_default=False)]) -> None:
    """(not built yet) What a deployment would change."""
    raise not_yet(f"lambdakit diff {document}", hint="use `lambdakit cdk diff`")
