"""`lambdakit cdk`: the CDK CLI."""

from __future__ import annotations

import typer

from lambdakit.cli.ending import guarded


def register(app: typer.Typer) -> None:
    """Adds the command; whatever follows it, `--help` included, is the CDK CLI's."""
    settings = {
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
        "help_option_names": [],
    }
    app.command("cdk", context_settings=settings, add_help_option=False)(guarded(cdk))


def cdk(context: typer.Context) -> None:
    """Run the CDK CLI with the bundled Node.js.

    All that follows is the CDK CLI's own.
    """
    from lambdakit.cli.cdk_cli import run_cdk

    raise typer.Exit(run_cdk(context.args))
