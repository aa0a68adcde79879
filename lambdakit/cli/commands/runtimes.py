"""`lambdakit runtimes`: which interpreter runs which runtime here, and the runtime images in the cache."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import Diagnostic, HarnessError

if TYPE_CHECKING:
    from lambdakit.harness.runtime.interpreters import Interpreter
    from lambdakit.harness.runtime.runtime_image import RuntimeImages

_HEADINGS: Final = ("RUNTIME", "INTERPRETER", "IMAGE", "SIZE")
_MIB: Final = 1024 * 1024


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    runtimes = typer.Typer(help="Interpreters for Python runtimes, and their images.", no_args_is_help=True)
    runtimes.command("list")(guarded(list_images))
    runtimes.command("install")(guarded(install))
    app.add_typer(runtimes, name="runtimes")


def list_images() -> None:
    """Show what runs each Python runtime on this machine, and whether its image is there."""
    images = _images()
    rows = [_HEADINGS]
    for runtime, interpreter in _interpreters().items():
        state, size = _state(images, interpreter)
        rows.append((runtime, _described(runtime, interpreter), state, size))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def install(
    runtimes: Annotated[list[str], typer.Argument(metavar="RUNTIME…", show_default=False, help="Such as python3.13.")],
) -> None:
    """Build the images of runtimes ahead; else the first function that needs one waits for it."""
    from lambdakit.harness.runtime.package_cache import PackagesUnavailable

    known = _interpreters()
    _refuse_unknown(runtimes, tuple(known))
    images, failed = _images(), []
    for runtime in dict.fromkeys(runtimes):
        interpreter, started = known[runtime], perf_counter()
        existing = _state(images, interpreter)[0] == "installed"
        try:
            image = images.of(interpreter)
        except (PackagesUnavailable, OSError) as error:
            failed.append(_failure(runtime, interpreter, error))
            continue
        took = "installed already" if existing else f"installed in {perf_counter() - started:.1f} s"
        typer.echo(f"{runtime}: {_described(runtime, interpreter)}; {took}, {_size(image)}")
    if failed:
        raise HarnessError(*failed)


def _interpreters() -> Mapping[str, Interpreter]:
    """Runtime identifier -> the interpreter that runs it here."""
    from lambdakit.harness.runtime.interpreters import MINORS, Interpreters, usual_places
    from lambdakit.harness.runtime.runtime_image import cache_directory

    interpreters = Interpreters(usual_places(os.environ, Path.home()), cache=cache_directory())
    return {f"python3.{minor}": interpreters.choose(minor) for minor in MINORS}


def _images() -> RuntimeImages:
    from lambdakit.harness.runtime.runtime_image import RuntimeImages, cache_directory

    # No fallback: an image that does not outlast this command would be of no use.
    return RuntimeImages(cache_directory(), fallback=cache_directory())


def _described(runtime: str, interpreter: Interpreter) -> str:
    version = ".".join(map(str, interpreter.version))
    notes = [version]
    if interpreter.is_own:
        notes.append("the harness's own")
    if runtime != f"python3.{interpreter.minor}":
        notes.append("the nearest")
    return f"{interpreter.executable} ({', '.join(notes)})"


def _state(images: RuntimeImages, interpreter: Interpreter) -> tuple[str, str]:
    from lambdakit.harness.runtime.package_cache import PackagesUnavailable

    try:
        image = images.existing(interpreter)
    except PackagesUnavailable:
        return "unavailable", ""
    return ("not installed", "") if image is None else ("installed", _size(image))


def _size(image: Path) -> str:
    return f"{sum(file.stat().st_size for file in image.rglob('*') if file.is_file()) / _MIB:.0f} MiB"


def _refuse_unknown(runtimes: Sequence[str], known: Sequence[str]) -> None:
    unknown = [
        Diagnostic(
            problem=f"{runtime!r} is no runtime that has an image, only {', '.join(known)} are",
            code="LK557",
            hint="name one of them",
        )
        for runtime in runtimes
        if runtime not in known
    ]
    if unknown:
        raise HarnessError(*unknown)


def _failure(runtime: str, interpreter: Interpreter, error: Exception) -> Diagnostic:
    return Diagnostic(
        problem=f"the image of {runtime} for {interpreter.executable} could not be installed: {error}",
        code="LK558",
        hint="connect to a package index, or name a mirror in PIP_INDEX_URL or pip's configuration",
    )
