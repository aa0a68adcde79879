"""Where an assembly is put: a directory that is new, empty, or holds an earlier assembly."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from lambdakit.errors import Diagnostic, SynthesisError

# What every cloud assembly has; the first is written first, so that an interrupted copy is recognised, too.
_MARKERS: Final = ("cdk.out", "manifest.json")


def check_output_directory(directory: Path) -> None:
    """SynthesisError unless `directory` may be replaced by an assembly."""
    if directory.is_dir():
        if not any(directory.iterdir()) or any((directory / marker).is_file() for marker in _MARKERS):
            return
        problem = "is neither empty nor a cloud assembly, so it is not overwritten"
    elif directory.exists():
        problem = "is not a directory"
    else:
        return
    raise SynthesisError(
        Diagnostic(path=str(directory), problem=problem, code="LK431", hint="name a new directory, such as cdk.out")
    )


def place_assembly(assembly: Path, directory: Path) -> None:
    """Makes `directory` hold a copy of `assembly` and nothing else. SynthesisError when it cannot be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.iterdir():
            if old.is_dir() and not old.is_symlink():
                shutil.rmtree(old)
            else:
                old.unlink()
        for entry in sorted(assembly.iterdir()):
            if entry.is_dir():
                shutil.copytree(entry, directory / entry.name, symlinks=True)
            else:
                shutil.copy2(entry, directory / entry.name)
    except OSError as error:
        raise SynthesisError(
            Diagnostic(
                path=str(directory),
                problem=f"cannot be written: {error.strerror or error}",
                code="LK431",
                hint="name a directory that you may write to",
            )
        ) from error
