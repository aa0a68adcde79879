"""The directories that `code` names exist within the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.wording import quoted

_CREATE = "create it, or name another; paths are relative to the document's directory"


def source_directories(context: RuleContext) -> Iterator[Finding]:
    """A finding for each `code` that leaves the project, does not exist or is no directory."""
    places: list[tuple[Pointer, str]] = [
        (("layers", name), layer.code) for name, layer in context.application.layers.items()
    ]
    places += [(function.pointer, function.written.code) for function in context.functions]
    known: dict[str, tuple[str, str, str] | None] = {}
    for pointer, code in places:
        if code not in known:
            known[code] = _wrong(context.directory, code)
        wrong = known[code]
        if wrong is not None:
            yield Finding(code=wrong[0], pointer=(*pointer, "code"), problem=wrong[1], hint=wrong[2])


def resolved_within(directory: Path, code: str) -> Path | None:
    """The directory that `code` names, links followed; None when it lies outside the project."""
    if PurePosixPath(code).is_absolute() or PureWindowsPath(code).drive:
        return None
    # Not Path.resolve, which raises for a link that leads to itself before Python 3.13.
    project = Path(os.path.realpath(directory))
    place = Path(os.path.realpath(project / code))
    return place if place.is_relative_to(project) else None


def _wrong(directory: Path, code: str) -> tuple[str, str, str] | None:
    """Code, problem and hint of a path that cannot be used."""
    try:
        place = resolved_within(directory, code)
        if place is None:
            return "LK137", f"{quoted(code)} leads out of the project's directory", "move the code into the project"
        if place.is_dir():
            return None
        if place.exists():
            problem = f"{quoted(code)} is a file, a directory is needed"
            return "LK136", problem, f"write {PurePosixPath(code).parent}"
    except OSError as error:  # a name longer than the file system allows, a directory without permission
        return "LK136", f"{quoted(code)} cannot be read: {(error.strerror or '').lower()}", ""
    return "LK136", f"there is no directory {quoted(code)} beside the document", _hint(directory, code)


def _hint(directory: Path, code: str) -> str:
    """The directory of the most similar name beside where `code` would be."""
    parent = PurePosixPath(code).parent
    place = resolved_within(directory, str(parent))
    if place is None:
        return _CREATE
    try:
        names = sorted(entry.name for entry in place.iterdir() if entry.is_dir())
    except OSError:  # no such directory either, or one that may not be listed
        return _CREATE
    close = nearest(PurePosixPath(code).name, names)
    return f"write {parent / close}" if close else _CREATE
