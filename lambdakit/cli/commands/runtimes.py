"""`lambdakit runtimes`: the runtime images in the cache."""

from __future__ import annotations

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import not_yet


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    runtimes = typer.Typer(help="(not built yet) Runtime images in the cache.", no_args_is_help=True)
    runtimes.command("list")(guarded(list_images))
    runtimes.command("install")(guarded(install))
    app.add_typer(runtimes, name="runtimes")


def list_images() -> None:
    """(not built yet) List the runtime images."""
    raise not_yet("lambdakit runtimes list")


def install() -> None:
    """(not built yet) Build the runtime images ahead."""
    raise not_yet("lambdakit runtimes install", hint="an image is built when the first function needs it")
