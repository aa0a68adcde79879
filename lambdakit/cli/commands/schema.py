"""`lambdakit schema`: the JSON Schema of the document, for editors."""

from __future__ import annotations

import typer

from lambdakit.cli.ending import guarded


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("schema")(guarded(schema))


def schema() -> None:
    """Print the JSON Schema of the document."""
    import json

    from lambdakit.spec.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))
