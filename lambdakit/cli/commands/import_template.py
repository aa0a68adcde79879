"""`lambdakit import`: the beginning of a document, from a template of CloudFormation's or SAM's or a serverless.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import Diagnostic, SourceError


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("import")(guarded(import_template))


def import_template(
    template: Annotated[
        Path,
        typer.Argument(
            metavar="TEMPLATE",
            help="A template of SAM or CloudFormation, or a serverless.yml.",
            show_default=False,
            readable=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="A new file.",
            show_default="lambdakit.yaml beside the template",
            readable=False,
        ),
    ] = None,
) -> None:
    """Begin a document with what a template of SAM or CloudFormation, or a serverless.yml, says.

    Functions with what starts them become patterns, all else stays in CloudFormation's words; code that stands in the
    template is written to functions/ beside the document. What could not be carried over is listed on stderr, each
    with its place in the template; the document that is written is valid, but for handlers that are still to be made,
    and it is a beginning.
    """
    from lambdakit.sam.conversion import convert
    from lambdakit.sam.template_file import read_template_file
    from lambdakit.sam.yaml_text import yaml_text

    document = output or template.parent / "lambdakit.yaml"
    if document.exists():
        problem = "there is a file already, and nothing is written over it"
        raise SourceError(Diagnostic(path=str(document), problem=problem, code="LK254", hint="name another by -o"))
    if not document.absolute().parent.is_dir():
        problem = "the directory for it does not exist"
        raise SourceError(Diagnostic(path=str(document), problem=problem, code="LK254", hint="create it"))
    conversion = convert(read_template_file(template), document)
    heading = f"# Begun by `lambdakit import {template.name}`, which listed what it could not carry over.\n"
    try:
        with document.open("x", encoding="utf-8") as file:
            file.write(heading + yaml_text(conversion.document))
    except OSError as error:
        problem = f"it cannot be written: {(error.strerror or str(error)).lower()}"
        raise SourceError(Diagnostic(path=str(document), problem=problem, code="LK254")) from None
    for gap in conversion.gaps:
        typer.echo(gap.render(), err=True)
    typer.echo(f"{document}: written; not carried over: {len(conversion.gaps)}")
