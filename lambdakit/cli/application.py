"""The command `lambdakit`: which commands there are, and how a process of it ends.

Exit codes: 0, also of `serve` when it is stopped; 1 for what the user can mend (diagnostics on stderr); 2 for a wrong
command line; 130 after Ctrl-C.
"""

from __future__ import annotations

import errno
import gc
import importlib
import inspect
import signal
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Annotated, Final, NoReturn

import typer

from lambdakit import __version__
from lambdakit.cli.ending import print_diagnostics
from lambdakit.errors import Diagnostic, SourceError

# How many new objects stay before garbage is looked for among them. What a command loads is far more than Python's
# 700, and none of it is garbage: looking through it again and again takes a tenth of `validate`.
_NEW_OBJECTS: Final = 50_000
# Why a file system refuses: it is full, or it does not let this user in.
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_ACCESS: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.ENAMETOOLONG})

# Command -> module in `lambdakit.cli.commands`, in the order of the help text. Each has `register(app)`.
COMMANDS: Final[Mapping[str, str]] = {
    "demo": "demo",
    "init": "init",
    "validate": "validate",
    "explain": "explain",
    "schema": "schema",
    "synth": "synth",
    "run": "run",
    "invoke": "invoke",
    "serve": "serve",
    "cdk": "cdk",
    "diff": "diff",
    "graph": "graph",
    "eject": "eject",
    "import": "import_template",
    "events": "events",
    "report": "report",
    "runtimes": "runtimes",
}


def main() -> NoReturn:
    """Runs the command line of this process, and ends the process."""
    gc.set_threshold(_NEW_OBJECTS)
    told: list[int] = []

    def end(number: int, frame: FrameType | None) -> NoReturn:
        """An ending that unwinds: the harness's process and the temporary directories go with it."""
        told.append(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
    # A shell's background process ignores it, and goes on doing so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)
    arguments = sys.argv[1:]
    try:
        application(arguments)(arguments, prog_name="lambdakit")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if told:
            # Whoever is interrupted may say so in an exception of its own: pydantic does while it builds a model.
            sys.exit(128 + told[0])
        if isinstance(error, OSError) and (refusal := _refusal(error)) is not None:
            print_diagnostics(refusal)
            sys.exit(1)
        raise
    finally:
        # The interpreter takes nothing apart that is frozen: the memory goes with the process. `atexit` runs as ever.
        gc.freeze()
    sys.exit(0)


def application(arguments: Sequence[str]) -> typer.Typer:
    """The command line that `arguments` need: the one command they name, or all of them."""
    app = typer.Typer(
        name="lambdakit",
        help="AWS Lambda systems as short YAML or CDK constructs, and a harness that runs them on this machine.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    named = arguments[0] if arguments and arguments[0] in COMMANDS else None
    for command, module in COMMANDS.items():
        if named in (None, command):
            importlib.import_module(f"lambdakit.cli.commands.{module}").register(app)
    for registered in app.registered_commands:  # what is not given as this would be cut to one line of the terminal
        registered.short_help = (inspect.getdoc(registered.callback) or "").partition("\n\n")[0]
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lambdakit {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """The options before a command: each acts by its callback."""


def _refusal(error: OSError) -> SourceError | None:
    """What the user can mend of a file system that refuses; None of every other error, which is one of ours."""
    path, reason = str(error.filename or ""), (error.strerror or str(error)).lower()
    if error.errno in _NO_ROOM:
        problem, code, hint = "nothing more can be written", "LK260", "make room where it goes, and run it again"
    elif error.errno in _NO_ACCESS and path:
        problem, code, hint = "it cannot be used", "LK261", "see who may read and write it, and what it is in"
    else:
        return None
    return SourceError(Diagnostic(path=path, problem=f"{problem}: {reason}", code=code, hint=hint))
