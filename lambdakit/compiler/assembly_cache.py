"""Cloud assemblies kept on disk by what they were made from.

An entry is a directory named by its key: `assembly/` and `files.json`, each file's hash. Entries appear by one
rename, so that none is ever seen half written; what is handed out is a copy whose every byte was checked, so that no
caller can change an entry and no damaged one is served.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

ENTRIES_MAX: Final = 64


def default_cache_directory() -> Path:
    """`$XDG_CACHE_HOME/lambdakit/assemblies`, else below `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lambdakit" / "assemblies"


class AssemblyCache:
    """A directory of entries; several processes may share it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def restore(self, key: str, destination: Path) -> bool:
        """Copies the entry to `destination`, which must not exist.

        False, with nothing there, when there is no sound entry.
        """
        entry = self._directory / key
        if not entry.exists():
            return False
        try:
            _copy_checked(entry / "assembly", destination, _read_hashes(entry / "files.json"))
        # ValueError: the hashes are no JSON, or no object.
        except (OSError, ValueError, _Damaged) as error:
            logger.warning("the cached assembly %s is discarded: %s", key[:12], error)
            shutil.rmtree(destination, ignore_errors=True)
            shutil.rmtree(entry, ignore_errors=True)
            return False
        with contextlib.suppress(OSError):
            os.utime(entry)
        return True

    def store(self, key: str, assembly: Path) -> None:
        """Keeps a copy of `assembly`. A cache that cannot be written is reported in the log, and is no error."""
        draft = self._directory / f".{key}.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            shutil.copytree(assembly, draft / "assembly", symlinks=True)
            hashes = {name: _hash(draft / "assembly" / name) for name in _names(draft / "assembly")}
            (draft / "files.json").write_text(json.dumps(hashes, indent=1, sort_keys=True), encoding="utf-8")
            draft.rename(self._directory / key)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            # Another process that stored the same first is as good as our own success.
            if not (self._directory / key).exists():
                logger.warning("the assembly is not cached: %s", error)
        else:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        with contextlib.suppress(OSError):
            entries = sorted(self._directory.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)
            for entry in entries[ENTRIES_MAX:]:
                shutil.rmtree(entry, ignore_errors=True)


class _Damaged(Exception):
    """An entry that does not hold what was stored."""


def _read_hashes(path: Path) -> Mapping[str, str]:
    hashes = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(hashes, dict):
        raise ValueError("files.json is no object")
    return {str(name): str(digest) for name, digest in hashes.items()}


def _copy_checked(source: Path, destination: Path, hashes: Mapping[str, str]) -> None:
    destination.mkdir(parents=True)
    for name, digest in hashes.items():
        target = destination / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, target, follow_symlinks=False)
        if _hash(target) != digest:
            raise _Damaged(f"{name} was changed")


def _names(directory: Path) -> Iterator[str]:
    for parent, directories, files in os.walk(directory):
        links = [name for name in directories if Path(parent, name).is_symlink()]
        for name in [*files, *links]:
            yield Path(parent, name).relative_to(directory).as_posix()


def _hash(path: Path) -> str:
    if path.is_symlink():
        return f"link:{path.readlink().as_posix()}"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
