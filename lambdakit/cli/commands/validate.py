"""`lambdakit validate`: all errors of a document at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from lambdakit.cli.ending import guarded, print_diagnostics
from lambdakit.cli.environment_option import EnvironmentOption

_PLUGINS: Final = "PYDANTIC_DISABLE_PLUGINS"


class OutputFormat(StrEnum):
    """For people, or for which kind of program."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("validate")(guarded(validate))


def validate(
    document: Annotated[
        Path, typer.Argument(metavar="DOC", help="The YAML document.", show_default=False, readable=False)
    ],
    output_format: Annotated[OutputFormat, typer.Option("--format", help="For people, or for a program.")] = (
        OutputFormat.TEXT
    ),
    environment: EnvironmentOption = None,
) -> None:
    """Report all errors of a document, of its files and of its environments, at once."""
    from lambdakit.errors import LambdakitError

    error: LambdakitError | None = None
    with _models_without_plugins():
        from lambdakit.spec.document import load

        try:
            load(document, environment=environment)
        except LambdakitError as found:
            error = found
    if output_format is OutputFormat.TEXT:
        if error is None:
            typer.echo(f"{document}: valid")
        else:
            print_diagnostics(error)
    else:
        from lambdakit.cli import diagnostic_formats

        writers = {
            OutputFormat.JSON: diagnostic_formats.as_json,
            OutputFormat.SARIF: diagnostic_formats.as_sarif,
            OutputFormat.GITHUB: diagnostic_formats.as_github,
        }
        text = writers[output_format](error.diagnostics if error else ())
        if text:
            typer.echo(text)
    if error is not None:
        raise typer.Exit(1)


@contextmanager
def _models_without_plugins() -> Iterator[None]:
    """Models that are made in it are watched by no plugin of pydantic's.

    Looking for plugins reads the metadata of every installed package.
    """
    before = os.environ.get(_PLUGINS)
    os.environ[_PLUGINS] = "__all__"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PLUGINS]
        else:
            os.environ[_PLUGINS] = before
