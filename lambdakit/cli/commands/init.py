"""`lambdakit init`: a new project, made of a pattern."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lambdakit.cli.ending import guarded


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("init")(guarded(init))


def init(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A new or empty directory.", show_default=False, file_okay=True, readable=False
        ),
    ],
    pattern: Annotated[str, typer.Option("--pattern", metavar="P", help="What to start from.")] = "api_backend",
) -> None:
    """Make a new project that passes its own test."""
    from lambdakit.cli.new_project import write_project

    written = write_project(directory, pattern=pattern)
    typer.echo(f"{directory}: a project of the pattern {pattern}, {len(written)} files")
    typer.echo(f"next: cd {directory} && python -m pip install -r requirements.txt && python -m pytest")
