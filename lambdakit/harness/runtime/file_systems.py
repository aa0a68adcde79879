"""The files of Amazon EFS file systems: a directory of the harness's for each, which functions get at `/mnt/…`.

A function sees the root directory of its access point, as does every other one with the same: what one writes the
others read, at once and for as long as the file system is there. Users, permissions and throughput are not EFS's: who
may connect may read and write.
Source: AWS Lambda Developer Guide, "Configuring Amazon EFS file system access".
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from lambdakit.harness.runtime.function_configuration import FileSystemMount
from lambdakit.records import dataclass

_ANYBODYS = 0o777  # a function is another user than the harness, if that is root
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The directory that an access point leads to.

    device, inode: of the directory itself. What lies above it functions may change at any time, into links that lead
    out of here; whoever goes there by its path has to see that it is the same.
    """

    path: Path
    device: int
    inode: int


class FileSystems:
    """The files of one harness's file systems, below `directory`.

    find: where the access point of an ARN leads: a file system's id and the root directory there; None for none.
    """

    def __init__(self, directory: Path, find: Callable[[str], tuple[str, str] | None]) -> None:
        self._directory = directory.resolve()
        self._find = find
        self._roots: dict[str, set[Path]] = {}
        self._lock = threading.Lock()

    def file_system_of(self, access_point_arn: str) -> str:
        """The id of the file system that an access point leads to; empty without such an access point."""
        found = self._find(access_point_arn)
        return found[0] if found is not None else ""

    def root_of(self, access_point_arn: str) -> Root | None:
        """Where an access point leads, made when it is not there; None for what is none of EFS's.

        One that this account does not have leads to a file system of its own, as if it had been there before. OSError
        where a function put something else in its place.
        """
        name = access_point_arn.partition(":elasticfilesystem:")[2]
        if not name:
            return None
        file_system_id, path = self._find(access_point_arn) or (name.replace(":", "-").replace("/", "-"), "/")
        # No part of it leads out, whatever it says: `..` is no name that EFS takes.
        parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
        place = self._place(file_system_id)
        with self._lock, contextlib.ExitStack() as opened:
            place.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(place, _DIRECTORY)
            opened.callback(os.close, descriptor)
            os.fchmod(descriptor, _ANYBODYS)
            for part in parts:
                descriptor = _descend(descriptor, part)
                opened.callback(os.close, descriptor)
            found = os.fstat(descriptor)
            root = place.joinpath(*parts)
            self._roots.setdefault(file_system_id, set()).add(root)
        return Root(path=root, device=found.st_dev, inode=found.st_ino)

    def notes_on(self, mounts: Sequence[FileSystemMount]) -> tuple[str, ...]:
        """What a function's file systems are not, for the trace."""
        notes = []
        for mount in mounts:
            if self._find(mount.arn) is None:
                what = (
                    "an empty file system: this account does not have"
                    if self.root_of(mount.arn)
                    else "nothing: only file systems of Amazon EFS are mounted here, not"
                )
                notes.append(f"at {mount.path} is {what} {mount.arn}")
        return tuple(notes)

    def contents(self, file_system_id: str) -> bytes | None:
        """All files of a file system, as `bring_back` takes them; None when there are none."""
        place = self._place(file_system_id)
        if not place.is_dir() or not any(path.is_symlink() or not path.is_dir() for path in place.rglob("*")):
            return None
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.add(place, arcname=".")
        return buffer.getvalue()

    def bring_back(self, file_system_id: str, taken: bytes | None) -> None:
        """A file system with no other files than those taken. Directories that functions have at hand stay the same."""
        place = self._place(file_system_id)
        if not place.is_dir():
            return
        self._empty(place, self._roots.get(file_system_id, set()))
        if taken is not None:
            with tarfile.open(fileobj=io.BytesIO(taken)) as archive:
                # It is our own: what a link in it names is not followed, as nothing in it lies below one.
                archive.extraction_filter = lambda member, _: member
                archive.extractall(place)

    def remove(self, file_system_id: str) -> None:
        """Takes a file system's files away; functions that have them at hand keep an empty directory."""
        with self._lock:
            self._roots.pop(file_system_id, None)
        shutil.rmtree(self._place(file_system_id), ignore_errors=True)

    def _place(self, file_system_id: str) -> Path:
        return self._directory / PurePosixPath(file_system_id).name

    def _empty(self, directory: Path, roots: set[Path]) -> None:
        for path in directory.iterdir():
            is_directory = path.is_dir() and not path.is_symlink()
            if is_directory and any(root == path or path in root.parents for root in roots):
                self._empty(path, roots)
            elif is_directory:
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def _descend(directory: int, name: str) -> int:
    """A directory in one that is open, made when it is not there, and opened. OSError for a link, or a file."""
    is_new = False
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=directory)
        is_new = True
    descriptor = os.open(name, _DIRECTORY, dir_fd=directory)
    if is_new:
        os.fchmod(descriptor, _ANYBODYS)
    return descriptor
