"""`lambdakit eject`: a document as CDK code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.cli.environment_option import EnvironmentOption


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("eject")(guarded(eject))


def eject(
    document: Annotated[
        Path, typer.Argument(metavar="DOC", help="The YAML document.", show_default=False, readable=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Where the files go.",
            show_default="the document's directory",
            readable=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
    environment: EnvironmentOption = None,
) -> None:
    """Write the CDK application in Python that DOC stands for.

    It has a class for each stack, an app.py and a cdk.json, uses the code where it lies, and synthesizes to the very
    templates of DOC, logical ids included: that is checked before a file is written. It is deployed as any CDK
    application, in place of DOC and over what was deployed from it.
    """
    from lambdakit.cli.progress import working
    from lambdakit.compiler.ejected_files import check_place, write_files
    from lambdakit.compiler.synthesize import Compiler

    directory = document.parent if output is None else output
    check_place(directory)
    with Compiler(validation=False) as compiler, working(f"synthesizing {document}"):
        files = compiler.eject(document, directory, environment=environment)
    for path in write_files(directory, files, force=force):
        typer.echo(str(path))
