"""`lambdakit graph`: a document's architecture, drawn."""

from __future__ import annotations

from typing import Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import not_yet


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("graph")(guarded(graph))


def graph(document: Annotated[str, typer.Argument(metavar="DOC", show_default=False)]) -> None:
    """(not built yet) A document's architecture."""
    raise not_yet(f"lambdakit graph {document}")
