"""`lambdakit events`: sample events of every source that reaches a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import Diagnostic, HarnessError

if TYPE_CHECKING:
    from lambdakit.session.sample_events.sample import Sample

_HEADINGS: Final = ("SOURCE", "ARRIVES", "EVENT", "OPTIONS")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    events = typer.Typer(help="Sample events of every source.", no_args_is_help=True)
    events.command("generate")(guarded(generate))
    events.command("list")(guarded(list_sources))
    app.add_typer(events, name="events")


def generate(
    source: Annotated[str, typer.Argument(metavar="SOURCE", show_default=False, help="Such as sqs: see events list.")],
    body: Annotated[str | None, typer.Option(help="What was sent: a body, a record's data, an event's detail.")] = None,
    message: Annotated[str | None, typer.Option(help="What was published, logged or said.")] = None,
    key: Annotated[str | None, typer.Option(help="The key of an object or of a record.")] = None,
    bucket: Annotated[str | None, typer.Option(help="The bucket's name.")] = None,
    method: Annotated[str | None, typer.Option(help="The HTTP method.")] = None,
    path: Annotated[str | None, typer.Option(help="The HTTP path, which may have a query.")] = None,
    region: Annotated[str, typer.Option(help="The region of what the event names.")] = "us-east-1",
    account_id: Annotated[str, typer.Option(help="The account of what the event names.")] = "123456789012",
    count: Annotated[int | None, typer.Option(help="How many records. Default: 1.", show_default=False)] = None,
    members: Annotated[
        str | None,
        typer.Option(
            "--json", metavar="JSON", help="Members to lay over the event: objects and lists of objects are merged."
        ),
    ] = None,
) -> None:
    """Print a sample event of SOURCE, the same each time.

    For a function: lambdakit events generate sqs --body '{"a": 1}' | lambdakit invoke app.yaml resize --event -
    """
    import json

    from lambdakit.session.sample_events.generate import sample_event
    from lambdakit.session.sample_events.sample import Choices

    choices = Choices(
        account_id=account_id,
        region=region,
        count=count,
        body=body,
        message=message,
        bucket=bucket,
        key=key,
        method=method,
        path=path,
    )
    typer.echo(json.dumps(sample_event(source, choices, _parsed(members)), indent=2))


def list_sources() -> None:
    """Show every source: how its event arrives, what it tells and which options it takes."""
    from lambdakit.session.sample_events.samples import SAMPLES

    rows = [_HEADINGS, *(_row(name, sample) for name, sample in SAMPLES.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(name: str, sample: Sample) -> tuple[str, str, str, str]:
    from lambdakit.session.sample_events.generate import option

    return name, sample.arrives.value, sample.summary, " ".join(option(choice) for choice in sample.takes)


def _parsed(members: str | None) -> Any:
    import json

    if members is None:
        return None
    try:
        return json.loads(members)
    except json.JSONDecodeError as error:
        problem = f"--json is no JSON: {error.msg.lower()}"
        diagnostic = Diagnostic(path="--json", line=error.lineno, column=error.colno, problem=problem, code="LK581")
    except RecursionError:
        diagnostic = Diagnostic(path="--json", problem="--json is nested too deep", code="LK581")
    raise HarnessError(diagnostic)
