"""`lambdakit diff`: what a deployment would change."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.cli.environment_option import EnvironmentOption
from lambdakit.errors import Diagnostic, SourceError

if TYPE_CHECKING:
    from lambdakit.reports.changes.model import Differences
    from lambdakit.reports.stack_templates import StackTemplate

_ASSEMBLY = "cdk.out"


class OutputFormat(StrEnum):
    """For people, or for a program."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("diff")(guarded(diff))


def diff(
    source: Annotated[
        str, typer.Argument(metavar="DOC", help="A document, cloud assembly or CDK project.", show_default=False)
    ],
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="ASSEMBLY|TEMPLATE",
            help="What it was: a cloud assembly, or one stack's template.",
            show_default="cdk.out beside the document",
            readable=False,
        ),
    ] = None,
    output_format: Annotated[OutputFormat, typer.Option("--format", help="For people, or for a program.")] = (
        OutputFormat.TEXT
    ),
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when anything changes.")] = False,
    environment: EnvironmentOption = None,
) -> None:
    """Tell what changes between an earlier assembly and DOC.

    What holds data and goes comes first, replacements are red, what is about security stands apart. Compared are the
    templates: what a resource's real state is, nobody asks. Exit code 0, with --exit-code 1 when there is a difference;
    a mistake is 1, too, with a message on stderr.
    """
    import json
    from contextlib import ExitStack

    from lambdakit.cli.progress import working
    from lambdakit.reports.changes.compare import compare
    from lambdakit.reports.changes.to_wire import to_wire
    from lambdakit.reports.stack_templates import named
    from lambdakit.session.sources import AssemblySources

    earlier = against or _beside(Path(source))
    if not earlier.exists():
        raise SourceError(_nothing_earlier(earlier, source, asked=against is not None))
    with ExitStack() as resources:
        sources = AssemblySources(account_id="123456789012", region="us-east-1", resources=resources)
        with working(f"synthesizing {source}"):
            assembly = sources.assembly_of(source, environment=environment)
        after = _templates(assembly.directory)
        before = _template(earlier, after) if earlier.is_file() else _templates(earlier)
        if environment is not None:
            before = named(before, [stack.name for stack in after])
        differences = compare(before, after)
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(to_wire(differences), indent=1))
    else:
        _print(differences)
    if exit_code and differences:
        raise typer.Exit(1)


def _beside(source: Path) -> Path:
    """Where the earlier assembly lies when nobody says."""
    if source.is_dir():
        if (source / "manifest.json").is_file() and not (source / "cdk.json").is_file():
            problem = "a cloud assembly has no earlier one beside it"
            raise SourceError(
                Diagnostic(path=str(source), problem=problem, code="LK250", hint="name one with --against")
            )
        return source / _ASSEMBLY
    return source.parent / _ASSEMBLY


def _nothing_earlier(earlier: Path, source: str, *, asked: bool) -> Diagnostic:
    if asked:
        problem = "there is no such file or directory to compare with"
        return Diagnostic(path=str(earlier), problem=problem, code="LK250", hint="name an assembly or a template")
    return Diagnostic(
        path=str(earlier),
        problem="there is no earlier assembly to compare with",
        code="LK250",
        hint=f"run `lambdakit synth {source} -o {earlier}` in the state to compare with, or name another by --against",
    )


def _templates(directory: Path) -> tuple[StackTemplate, ...]:
    from lambdakit.assembly.cloud_assembly import read_assembly
    from lambdakit.reports.stack_templates import stack_templates

    return stack_templates(read_assembly(directory))


def _template(path: Path, after: tuple[StackTemplate, ...]) -> tuple[StackTemplate, ...]:
    """One template as the earlier state of the stack it belongs to; the other stacks are compared with themselves."""
    from lambdakit.assembly.template import parse_template
    from lambdakit.reports.stack_templates import StackTemplate
    from lambdakit.sam.template_file import read_template_file

    stacks = [stack.name for stack in after if not stack.parent]
    fitting = stacks if len(stacks) == 1 else [name for name in stacks if path.name.startswith(f"{name}.")]
    if len(fitting) != 1:
        problem = f"which of the stacks {', '.join(stacks)} the template is of, its name does not tell"
        hint = f"call it {stacks[0]}.template.json, or compare with an assembly" if stacks else ""
        raise SourceError(Diagnostic(path=str(path), problem=problem, code="LK251", hint=hint))
    template = parse_template(read_template_file(path).content, path=path)
    others = tuple(stack for stack in after if stack.name != fitting[0])
    return (StackTemplate(name=fitting[0], template=template), *others)


def _print(differences: Differences) -> None:
    from rich.console import Console
    from rich.text import Text

    from lambdakit.cli.difference_text import difference_lines

    console = Console(soft_wrap=True, highlight=False)
    for text, style in difference_lines(differences):
        console.print(Text(text, style=style))
