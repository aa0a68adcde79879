"""`lambdakit runtimes`: what runs which managed runtime here, and the runtime images in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated, Final

import typer

from lambdakit.cli.ending import guarded
from lambdakit.cli.runtime_images import RuntimeImage, runtime_images
from lambdakit.errors import Diagnostic, HarnessError

_HEADINGS: Final = ("RUNTIME", "RUNS ON", "IMAGE", "SIZE")
_MIB: Final = 1024 * 1024


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    runtimes = typer.Typer(help="What runs which runtime, and the runtime images.", no_args_is_help=True)
    runtimes.command("list")(guarded(list_images))
    runtimes.command("install")(guarded(install))
    app.add_typer(runtimes, name="runtimes")


def list_images() -> None:
    """Show what runs each runtime here, and which images are there."""
    rows = [_HEADINGS]
    for identifier, runtime in runtime_images().items():
        rows.append((identifier, runtime.runs_on, *_state(runtime)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def install(
    runtimes: Annotated[list[str], typer.Argument(metavar="RUNTIME…", show_default=False, help="Such as python3.13.")],
) -> None:
    """Build runtime images ahead of their first use."""
    from lambdakit.harness.runtime.package_cache import PackagesUnavailable

    known, failed = runtime_images(), []
    _refuse_unknown(runtimes, tuple(known))
    for identifier in dict.fromkeys(runtimes):
        runtime, started = known[identifier], perf_counter()
        try:
            present = runtime.existing() is not None
            image = runtime.build()
        except (PackagesUnavailable, OSError) as error:
            failed.append(_failure(identifier, runtime, error))
            continue
        took = "image was there already" if present else f"image installed in {perf_counter() - started:.1f} s"
        typer.echo(f"{identifier}: {runtime.runs_on}; {took}, {_size(image)}")
    if failed:
        raise HarnessError(*failed)


def _state(runtime: RuntimeImage) -> tuple[str, str]:
    from lambdakit.harness.runtime.package_cache import PackagesUnavailable

    try:
        image = runtime.existing()
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


def _failure(identifier: str, runtime: RuntimeImage, error: Exception) -> Diagnostic:
    return Diagnostic(
        problem=f"the image of {identifier} for {runtime.runs_on} could not be installed: {error}",
        code="LK558",
        hint="connect to the package index, or name a mirror in pip's or npm's configuration",
    )
