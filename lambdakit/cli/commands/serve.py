"""`lambdakit serve`: an empty emulated account."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer

from lambdakit.cli.ending import guarded


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(guarded(serve))


def serve(
    port: Annotated[int | None, typer.Option("--port", help="Where to listen.", show_default="any free port")] = None,
    account_id: Annotated[
        str | None, typer.Option("--account-id", help="12 digits.", show_default="123456789012")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="What everything is in.", show_default="us-east-1")
    ] = None,
    enforce_iam: Annotated[
        str | None, typer.Option("--enforce-iam", help="on, strict or off.", show_default="on")
    ] = None,
) -> None:
    """Serve an empty emulated account until Ctrl-C.

    Prints what another shell needs so that its AWS SDK or CLI talks to it; what happens goes to stderr.
    """
    from datetime import UTC, datetime

    from rich.console import Console

    from lambdakit.cli.timeline import Timeline
    from lambdakit.session.harness import Harness

    options: dict[str, Any] = {"port": port, "account_id": account_id, "region": region, "enforce_iam": enforce_iam}
    given = {name: value for name, value in options.items() if value is not None}
    with Harness(**given) as harness:
        variables = harness.environment
        with _until_stopped():
            typer.echo(f"# account {harness.account_id} at {harness.endpoint_url}; another shell uses it after:")
            typer.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
            for name, value in variables.items():
                typer.echo(f"export {name}={shlex.quote(value)}")
            for line in _ADVICE:
                typer.echo(f"# {line.format(port=harness.endpoint_url.rpartition(':')[2])}")
            timeline = Timeline(Console(stderr=True), start=datetime.now(UTC))
            for event in harness.trace.follow():
                timeline.write(event)


# awscli 1.46, customizations/overridesslcommonname.py: the CLI's own addresses of some services, which go before
# AWS_ENDPOINT_URL and give way to the option.
_ADVICE: Final = (
    "AWS CLI version 1 sends sqs, emr, rds, docdb, neptune and health past AWS_ENDPOINT_URL, unless it is told:",
    "  alias aws='aws --endpoint-url \"$AWS_ENDPOINT_URL\"'",
    "the account is not bootstrapped: `lambdakit cdk bootstrap` comes before a first `lambdakit cdk deploy`",
    "an API is at http://127.0.0.1:{port}/_lambdakit/apis/API-ID/STAGE, a function URL at the same with URL-ID alone;",
    "curl and browsers also take http://API-ID.execute-api.REGION.localhost:{port}/STAGE",
)


@contextmanager
def _until_stopped() -> Iterator[None]:
    """Ctrl-C and SIGTERM are how serving is meant to end: the exit code is 0."""
    try:
        yield
    except KeyboardInterrupt:
        return
    except SystemExit as end:
        if end.code != 128 + signal.SIGTERM:
            raise
