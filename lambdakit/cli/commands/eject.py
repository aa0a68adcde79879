"""`lambdakit eject`: a document as CDK code."""

from __future__ import annotations

from typing import Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import not_yet


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("eject")(guarded(eject))


def eject(document: Annotated[str, typer.Argument(metavar="DOC", show_default=False)]) -> None:
    """(not built yet) A document as CDK code."""
    raise not_yet(f"lambdakit eject {document}")
