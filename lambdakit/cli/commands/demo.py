"""`lambdakit demo`: the main job on the embedded pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.cli.ending import guarded

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(guarded(demo))


def demo() -> None:
    """Compile, deploy and call an embedded API.

    Real HTTP requests go to real function processes on this machine; the trace is shown as a timeline.
    """
    from rich.console import Console

    from lambdakit.cli.demonstration import demonstrate

    demonstrate(Console(soft_wrap=True))
