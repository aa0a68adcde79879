"""`lambdakit report`: what the harness can tell about a deployment."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lambdakit.cli.ending import guarded, print_diagnostics
from lambdakit.errors import Diagnostic, HarnessError, SourceError, not_yet

if TYPE_CHECKING:
    from lambdakit.session.permissions import Permissions


class Subject(StrEnum):
    """What a report is about."""

    PERMISSIONS = "permissions"
    REACHABILITY = "reachability"
    COST = "cost"
    COLD_STARTS = "cold-starts"


class OutputFormat(StrEnum):
    """For people, or for a program."""

    TEXT = "text"
    JSON = "json"


class Finding(StrEnum):
    """What a report may find."""

    UNUSED = "unused"
    UNUSED_ACTIONS = "unused-actions"
    DENIED = "denied"
    UNREACHABLE = "unreachable"


# What each report can find.
_FINDINGS = {
    Subject.PERMISSIONS: (Finding.UNUSED, Finding.UNUSED_ACTIONS, Finding.DENIED),
    Subject.REACHABILITY: (Finding.UNREACHABLE,),
}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("report")(guarded(report))


def report(
    subject: Annotated[Subject, typer.Argument(show_default=False)],
    source: Annotated[str | None, typer.Argument(metavar="SOURCE|REPORT", show_default=False)] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            "--events", metavar="DIR", help="Call each function with <function>*.json of DIR.", readable=False
        ),
    ] = None,
    exercise: Annotated[
        str | None, typer.Option("--exercise", metavar="COMMAND", help="Run COMMAND, which talks to the harness.")
    ] = None,
    minimal_policy: Annotated[
        str | None, typer.Option("--minimal-policy", metavar="NAME", help="Only this function's or role's, as JSON.")
    ] = None,
    output_format: Annotated[OutputFormat, typer.Option("--format", help="For people, or for a program.")] = (
        OutputFormat.TEXT
    ),
    fail_on: Annotated[
        list[Finding] | None, typer.Option("--fail-on", help="Exit with 1 when there is any; may be repeated.")
    ] = None,
) -> None:
    """Tell what a deployment's functions may do and did, or what they reach.

    permissions: what each role used, was granted in vain and was refused. SOURCE is deployed here and its functions are
    run by --events, --exercise or both; REPORT is a file of pytest --lambdakit-permissions, or of --format json.
    reachability: which services each function reaches through its network. SOURCE is deployed here.
    """
    if subject in (Subject.COST, Subject.COLD_STARTS):
        raise not_yet(" ".join(["lambdakit report", subject.value, *([source] if source else [])]))
    if source is None:
        raise typer.BadParameter("name what to report on", param_hint="SOURCE")
    wrong = [finding.value for finding in fail_on or () if finding not in _FINDINGS[subject]]
    if wrong:
        raise typer.BadParameter(f"{subject.value} are not {', '.join(wrong)}", param_hint="--fail-on")
    if subject is Subject.REACHABILITY:
        _report_reachability(source, output_format, fail=bool(fail_on))
        return
    permissions, failure = _permissions(source, events, exercise)
    _print_permissions(permissions, minimal_policy, output_format)
    found = {Finding.UNUSED: "unused", Finding.UNUSED_ACTIONS: "unused_actions", Finding.DENIED: "denied"}
    problems = [
        *([failure] if failure else []),
        *(
            Diagnostic(problem=f"{finding.value}: {item}", code="LK565")
            for finding in dict.fromkeys(fail_on or ())
            for item in sorted(getattr(permissions, found[finding]), key=str)
        ),
    ]
    _end(problems)


def _permissions(source: str, events: Path | None, exercise: str | None) -> tuple[Permissions, Diagnostic | None]:
    """The report, and what is wrong with the command that was to run the functions."""
    from lambdakit.cli.exercise import call_with_events, run_command
    from lambdakit.cli.progress import working
    from lambdakit.session.harness import Harness
    from lambdakit.session.permission_report import read_report

    if Path(source).suffix == ".json":
        if events is not None or exercise is not None:
            raise typer.BadParameter("a report of what ran already runs nothing", param_hint="--events, --exercise")
        return read_report(Path(source)), None
    if events is None and exercise is None:
        raise SourceError(
            Diagnostic(
                path=source,
                problem="nothing would run the functions: what was never called was never used",
                code="LK560",
                hint="pass --events DIR with events called <function>.json, or --exercise COMMAND",
            )
        )
    failure = None
    with Harness() as harness:
        with working(f"deploying {source}"):
            deployment = harness.deploy(source)
        if events is not None:
            for line in call_with_events(deployment, events):
                typer.echo(line, err=True)
        if exercise is not None:
            failure = run_command(exercise, harness, deployment)
        harness.drain()
        return deployment.permissions, failure


def _print_permissions(permissions: Permissions, minimal_policy: str | None, output_format: OutputFormat) -> None:
    import json

    from lambdakit.cli.report_text import permissions_text
    from lambdakit.session.permission_report import to_file

    if minimal_policy is not None:
        typer.echo(json.dumps(permissions.minimal_policy(minimal_policy), indent=2))
    elif output_format is OutputFormat.JSON:
        typer.echo(json.dumps(to_file(permissions), indent=1))
    else:
        typer.echo(permissions_text(permissions))


def _report_reachability(source: str, output_format: OutputFormat, *, fail: bool) -> None:
    import dataclasses
    import json

    from lambdakit.cli.progress import working
    from lambdakit.cli.report_text import reachability_text
    from lambdakit.session.harness import Harness

    with Harness() as harness:
        with working(f"deploying {source}"):
            deployment = harness.deploy(source)
        reachability = deployment.reachability
    if output_format is OutputFormat.JSON:
        rows = [dataclasses.asdict(row) for row in reachability]
        typer.echo(
            json.dumps(
                {"report": "reachability", "version": 1, "coverage": reachability.coverage, "rows": rows}, indent=1
            )
        )
    else:
        typer.echo(reachability_text(reachability))
    closed = sorted(reachability.unreachable, key=str) if fail else ()
    _end([Diagnostic(problem=f"unreachable: {row}", code="LK565") for row in closed])


def _end(problems: list[Diagnostic]) -> None:
    if problems:
        print_diagnostics(HarnessError(*problems))
        raise typer.Exit(1)
