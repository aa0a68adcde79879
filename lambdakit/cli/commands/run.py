"""`lambdakit run`: a source, deployed and served until Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lambdakit.cli.ending import guarded
from lambdakit.cli.environment_option import EnvironmentOption, stacks_of

if TYPE_CHECKING:
    from rich.console import Console

    from lambdakit.session.deployment import Deployment


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("run")(guarded(run))


def run(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A document, cloud assembly or CDK project.")],
    port: Annotated[int | None, typer.Option("--port", help="Where to listen.", show_default="any free port")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Deploy again at every change. Not built yet.")] = False,
    environment: EnvironmentOption = None,
) -> None:
    """Deploy SOURCE here and serve it until Ctrl-C; of a document its own stacks, or those of --environment.

    Prints its URLs, then what happens, live.
    """
    from datetime import UTC, datetime

    from rich.console import Console

    from lambdakit.cli.progress import tell_missing_images, working
    from lambdakit.cli.timeline import Timeline
    from lambdakit.errors import not_yet
    from lambdakit.session.harness import Harness

    if watch:
        raise not_yet("run --watch", hint="leave --watch out, and run it again after a change")
    stacks = stacks_of(source, environment)
    console = Console(soft_wrap=True)
    with Harness(port=port) as harness:
        timeline = Timeline(console, start=datetime.now(UTC))
        with working(f"deploying {source}"):
            deployment = harness.deploy(source, stacks=stacks)
        timeline.name_resources(deployment)
        _print_summary(console, deployment, harness.endpoint_url)
        tell_missing_images(deployment)
        for event in harness.trace.follow():
            timeline.write(event)


def _print_summary(console: Console, deployment: Deployment, endpoint_url: str) -> None:
    for stack in deployment.stacks.values():
        console.print(f"stack {stack.name}: {len(stack.resources)} resources", style="bold", highlight=False)
        for name, value in stack.outputs.items():
            console.print(f"  {name} = {value}", highlight=False, markup=False)
    for api in deployment.apis:
        console.print(f"{api.kind} {api.name}: {api.url}", highlight=False, markup=False)
    console.print(f"AWS APIs: {endpoint_url}", highlight=False)
    console.print("serving until Ctrl-C", style="dim")
