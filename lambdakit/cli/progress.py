"""What is said about work that takes more than a moment, so that nobody thinks it hangs: always on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from lambdakit.session.deployment import Deployment


@contextmanager
def working(text: str) -> Iterator[None]:
    """Shows `text` on a terminal until the block ends, then takes it away; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.text import Text

    # A status of rich's would take what is written to stdout meanwhile to stderr.
    shown = Spinner("dots", Text(f"{text} …"))
    with Live(shown, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False):
        yield


def tell_missing_images(deployment: Deployment) -> None:
    """Says which runtime images are still to be installed: a first call of a function waits for its own."""
    from lambdakit.cli.runtime_images import missing_images

    for runtime in missing_images({function.runtime for function in deployment.functions}):
        typer.echo(
            f"{runtime}: its runtime image is being made, once; a first call waits for it, up to a minute "
            f"(`lambdakit runtimes install {runtime}` does it ahead)",
            err=True,
        )
