"""`lambdakit import`: a document from a template."""

from __future__ import annotations

from typing import Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import not_yet


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("import")(guarded(import_template))


def import_template(template: Annotated[str, typer.Argument(metavar="TEMPLATE", show_default=False)]) -> None:
    """(not built yet) A document from a template."""
    raise not_yet(f"lambdakit import {template}", hint="deploy the template's CDK project or assembly as it is")
