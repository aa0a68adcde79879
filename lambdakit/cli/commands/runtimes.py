"""`lambdakit runtimes`: what runs which managed runtime here, and the runtime images in the cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lambdakit.cli.ending import guarded
from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from lambdakit.harness.runtime.interpreters import Interpreter

_HEADINGS: Final = ("RUNTIME", "RUNS ON", "IMAGE", "SIZE")
_NODE_MAJORS: Final = (10, 12, 14, 16, 18, 20, 22, 24)
_FIRST_WITH_SDK_V3: Final = 18
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runtime:
    """A managed runtime on this machine.

    runs_on: the program, for the user. existing: its image, None while there is none. build: makes it and returns it.
    Both may raise PackagesUnavailable or OSError.
    """

    runs_on: str
    existing: Callable[[], Path | None]
    build: Callable[[], Path]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    runtimes = typer.Typer(help="What runs which runtime, and the runtime images.", no_args_is_help=True)
    runtimes.command("list")(guarded(list_images))
    runtimes.command("install")(guarded(install))
    app.add_typer(runtimes, name="runtimes")


def list_images() -> None:
    """Show what runs each runtime here, and which images are there."""
    rows = [_HEADINGS]
    for identifier, runtime in _runtimes().items():
        rows.append((identifier, runtime.runs_on, *_state(runtime)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def install(
    runtimes: Annotated[list[str], typer.Argument(metavar="RUNTIME…", show_default=False, help="Such as python3.13.")],
) -> None:
    """Build runtime images ahead of their first use."""
    from lambdakit.harness.runtime.package_cache import PackagesUnavailable

    known, failed = _runtimes(), []
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


def _runtimes() -> Mapping[str, _Runtime]:
    """Every runtime that has an image, by its identifier."""
    return {**_python_runtimes(), **_node_runtimes()}


def _python_runtimes() -> Mapping[str, _Runtime]:
    from lambdakit.harness.runtime.interpreters import MINORS, Interpreters, usual_places
    from lambdakit.harness.runtime.runtime_image import RuntimeImages, cache_directory

    cache = cache_directory()
    interpreters = Interpreters(usual_places(os.environ, Path.home()), cache=cache)
    images = RuntimeImages(cache, fallback=cache)  # an image that does not outlast this command would be of no use

    def runtime(minor: int) -> _Runtime:
        interpreter = interpreters.choose(minor)
        return _Runtime(
            runs_on=_described(interpreter, minor),
            existing=lambda: images.existing(interpreter),
            build=lambda: images.of(interpreter),
        )

    return {f"python3.{minor}": runtime(minor) for minor in MINORS}


def _node_runtimes() -> Mapping[str, _Runtime]:
    """Their image is the AWS SDK; without the package that brings Node.js there are none."""
    from lambdakit.harness.runtime.bundled_node import bundled_node
    from lambdakit.harness.runtime.node_sdk import LOCK_V2, NodeSdk
    from lambdakit.harness.runtime.runtime_image import cache_directory
    from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable

    try:
        node = bundled_node()
    except RuntimeUnavailable:
        return {}
    sdk_v3 = NodeSdk(cache_directory(), fallback=cache_directory())
    sdk_v2 = NodeSdk(cache_directory(), fallback=cache_directory(), lock=LOCK_V2)

    def runtime(major: int) -> _Runtime:
        sdk = sdk_v3 if major >= _FIRST_WITH_SDK_V3 else sdk_v2
        nearest = "" if major == node.major else ", the nearest"
        return _Runtime(
            runs_on=f"{node.executable} ({node.version}{nearest})",
            existing=lambda: sdk.installed,
            build=lambda: sdk.install(node),
        )

    return {f"nodejs{major}.x": runtime(major) for major in _NODE_MAJORS}


def _described(interpreter: Interpreter, minor: int) -> str:
    notes = [".".join(map(str, interpreter.version))]
    if interpreter.is_own:
        notes.append("the harness's own")
    if interpreter.minor != minor:
        notes.append("the nearest")
    return f"{interpreter.executable} ({', '.join(notes)})"


def _state(runtime: _Runtime) -> tuple[str, str]:
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


def _failure(identifier: str, runtime: _Runtime, error: Exception) -> Diagnostic:
    return Diagnostic(
        problem=f"the image of {identifier} for {runtime.runs_on} could not be installed: {error}",
        code="LK558",
        hint="connect to the package index, or name a mirror in pip's or npm's configuration",
    )
