"""Where the files of an ejected application go: beside nothing that they would overwrite unasked."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lambdakit.errors import Diagnostic, SourceError

_SHOWN: Final = 5


def check_place(directory: Path) -> None:
    """SourceError unless `directory` is one, or can become one."""
    try:
        parent = next(each for each in (directory, *directory.absolute().parents) if os.path.lexists(each))
        usable = parent.is_dir()
    except (OSError, ValueError, StopIteration):
        usable = False
    if not usable:
        raise _refused(directory, "is no directory, and none can be made there", "LK258", "name a directory by -o")


def write_files(directory: Path, files: Mapping[str, str], *, force: bool) -> tuple[Path, ...]:
    """The files written. SourceError, with nothing written, when one of them is there already.

    force: such files are replaced, one that is a link by a file of its own.
    """
    present = [name for name in files if os.path.lexists(directory / name)]
    blocked = [name for name in present if (directory / name).is_dir() and not (directory / name).is_symlink()]
    if blocked:
        raise _refused(directory / blocked[0], "is a directory, where a file is to be written", "LK258", _ELSEWHERE)
    if present and not force:
        shown = ", ".join(present[:_SHOWN]) + (f" and {len(present) - _SHOWN} more" if len(present) > _SHOWN else "")
        problem = f"holds {shown} already, and nothing is written over it"
        raise _refused(directory, problem, "LK257", "name another directory by -o, or replace with --force")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return tuple(_write(directory / name, text) for name, text in files.items())
    except OSError as error:
        problem = f"cannot be written: {(error.strerror or str(error)).lower()}"
        raise _refused(directory, problem, "LK258", _ELSEWHERE) from None


_ELSEWHERE: Final = "name a directory that you may write to by -o"


def _write(path: Path, text: str) -> Path:
    """The path, at which the text appears whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    return path


def _refused(path: Path, problem: str, code: str, hint: str) -> SourceError:
    return SourceError(Diagnostic(path=str(path), problem=problem, code=code, hint=hint))
