"""Which files of an asset changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lambdakit.reports.changes.model import FileChanges

# More files, or more bytes in one, are not compared: a package with all it depends on says nothing to a reader.
_FILES_MAX: Final = 5_000
_BYTES_MAX: Final = 16 * 1024 * 1024


def changed_files(before: Path | None, after: Path | None) -> FileChanges | None:
    """The files that differ between two directories; None when one is none, cannot be read or is too large."""
    if before is None or after is None or not (before.is_dir() and after.is_dir()):
        return None
    try:
        old, new = dict(_files(before)), dict(_files(after))
        if max(len(old), len(new)) > _FILES_MAX:
            return None
        return FileChanges(
            added=tuple(sorted(new.keys() - old.keys())),
            removed=tuple(sorted(old.keys() - new.keys())),
            changed=tuple(sorted(name for name in old.keys() & new.keys() if _differ(old[name], new[name]))),
        )
    except OSError:
        return None


def _files(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    pending, count = [root], 0
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                    continue
                yield Path(entry.path).relative_to(root).as_posix(), entry
                count += 1
                if count > _FILES_MAX:
                    return


def _differ(old: os.DirEntry[str], new: os.DirEntry[str]) -> bool:
    if old.is_symlink() or new.is_symlink():
        both = old.is_symlink() and new.is_symlink()
        return not both or Path(old.path).readlink() != Path(new.path).readlink()
    one, other = old.stat(), new.stat()
    if one.st_size != other.st_size:
        return True
    return one.st_size > _BYTES_MAX or Path(old.path).read_bytes() != Path(new.path).read_bytes()
