"""How a command ends when something goes wrong: diagnostics on stderr and an exit code, never a traceback."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from lambdakit.errors import Diagnostic, LambdakitError

P = ParamSpec("P")
R = TypeVar("R")


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """The command, with a user's mistake ending in exit code 1 and Ctrl-C in 130."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LambdakitError as error:
            print_diagnostics(error)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return run


def print_diagnostics(error: LambdakitError) -> None:
    """Every diagnostic on stderr; places and codes stand out on a terminal."""
    for diagnostic in error.diagnostics:
        typer.echo(_coloured(diagnostic) if _stderr_has_colours() else diagnostic.render(), err=True)


def _coloured(diagnostic: Diagnostic) -> str:
    text, _, hint = diagnostic.render().partition("\n")
    code = f"[{diagnostic.code}]"
    head, found, tail = text.rpartition(code)
    if found:
        text = head + typer.style(code, dim=True) + tail
    if diagnostic.path and text.startswith(diagnostic.path):
        place, separator, rest = text.partition(": ")
        text = typer.style(place, bold=True) + separator + rest
    text = typer.style("error: ", fg="red", bold=True) + text
    return f"{text}\n{typer.style(hint, fg='cyan')}" if hint else text


def _stderr_has_colours() -> bool:
    # The variable that many programs agree on, see no-color.org.
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")
