"""`lambdakit graph`: an application's architecture, drawn."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from lambdakit.cli.ending import guarded
from lambdakit.cli.environment_option import EnvironmentOption
from lambdakit.errors import Diagnostic, SourceError

# Forms of pictures that somebody might ask for by the file's name; any other name gets Mermaid's text.
_OTHER_PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tiff", ".pdf", ".eps"})


class OutputFormat(StrEnum):
    """As what the picture comes."""

    MERMAID = "mermaid"
    SVG = "svg"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("graph")(guarded(graph))


def graph(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A document, cloud assembly or CDK project.", show_default=False)
    ],
    output_format: Annotated[
        OutputFormat | None,
        typer.Option("--format", help="Mermaid's text, or a picture.", show_default="mermaid; svg for -o FILE.svg"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where to write it.", show_default="standard output", readable=False
        ),
    ] = None,
    environment: EnvironmentOption = None,
) -> None:
    """Draw what SOURCE builds: who triggers, reads, writes and sends failures to whom.

    Read from the synthesized templates and their policies; nothing is deployed. Roles, policies, log groups and the
    CDK's own functions are left out. Of a document it is its own stacks, or those of --environment.
    """
    from contextlib import ExitStack

    from lambdakit.assembly.cloud_assembly import read_assembly
    from lambdakit.cli.progress import working
    from lambdakit.reports.architecture import architecture_of
    from lambdakit.reports.drawing.mermaid import mermaid
    from lambdakit.reports.drawing.svg import svg
    from lambdakit.reports.stack_templates import named, stack_templates
    from lambdakit.session.sources import AssemblySources

    suffix = "" if output is None else output.suffix.lower()
    if output is not None and output_format is None and suffix in _OTHER_PICTURES:
        problem = f"a picture is drawn as .svg, not as {suffix}"
        hint = f"-o {output.with_suffix('.svg')}, or --format mermaid for its text"
        raise SourceError(Diagnostic(path=str(output), problem=problem, code="LK259", hint=hint))
    with ExitStack() as resources:
        sources = AssemblySources(account_id="123456789012", region="us-east-1", resources=resources)
        with working(f"synthesizing {source}"):
            assembly = sources.assembly_of(source, environment=environment)
        stacks = named(stack_templates(read_assembly(assembly.directory)), assembly.stacks)
    architecture = architecture_of(stacks)
    if not architecture.nodes:
        raise SourceError(Diagnostic(path=source, problem="its stacks hold nothing that is drawn", code="LK255"))
    chosen = output_format or (OutputFormat.SVG if suffix == ".svg" else OutputFormat.MERMAID)
    text = svg(architecture) if chosen is OutputFormat.SVG else mermaid(architecture)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"it cannot be written: {(error.strerror or str(error)).lower()}"
        raise SourceError(Diagnostic(path=str(output), problem=problem, code="LK254")) from None
