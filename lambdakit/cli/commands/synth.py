"""`lambdakit synth`: a document's cloud assembly."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.cli.environment_option import EnvironmentOption


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("synth")(guarded(synth))


def synth(
    document: Annotated[
        Path, typer.Argument(metavar="DOC", help="The YAML document.", show_default=False, readable=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="A new or empty directory, or an earlier assembly, which is replaced.",
            show_default="cdk.out",
            readable=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Also run cdk-nag (AwsSolutions, Serverless) and cfn-lint; an error fails.")
    ] = False,
    environment: EnvironmentOption = None,
) -> None:
    """Write the cloud assembly of a document: its own stacks, and those of its environments.

    The CDK's validation runs. The command also works as the app of a cdk.json. What a check finds is told at the
    document's line; `acknowledge` of a pattern says why something is no fault.
    """
    import os
    import shutil

    from lambdakit.cli.progress import working
    from lambdakit.compiler.synthesize import Compiler

    # Set by what calls this as an app command in an edit-test loop; aws-cdk-lib reads the same variable.
    validation = os.environ.get("CDK_VALIDATION", "true").lower() != "false"
    asked_by_cdk = os.environ.get("CDK_OUTDIR")
    with Compiler(validation=validation or check, check=check) as compiler:
        if output is not None or not asked_by_cdk:
            with working(f"synthesizing {document}"):
                written = compiler.synthesize(document, output or Path("cdk.out"), environment=environment)
            typer.echo(str(written))
            return
        # The CDK CLI's own directory, in which it keeps its lock: written into, not replaced.
        shutil.copytree(compiler.synthesize(document, environment=environment), asked_by_cdk, dirs_exist_ok=True)
