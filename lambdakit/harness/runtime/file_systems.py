"""The files of Amazon EFS file systems: a directory of the harness's for each, which functions get at `/mnt/…`.

A function sees the root directory of its access point, as does every other one with the same: what one writes the
others read, at once and for as long as the file system is there. Users, permissions and throughput are not EFS's: who
may connect may read and write.
Source: AWS Lambda Developer Guide, "Configuring Amazon EFS file system access".
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something in a file system. path: its names from the root. kind: `directory`, `file` or `link`.

    owner: user and group. content: of a file; where a link leads.
    """

    path: tuple[str, ...]
    kind: str
    mode: int
    owner: tuple[int, int]
    content: bytes = b""


class FileSystems:
    """The files of one harness's file systems, below `directory`.

    find: where the access point of an ARN leads: a file system's id and the root directory there; None for none.
    """

    def __init__(self, directory: Path, find: Callable[[str], tuple[str, str] | None]) -> None:
        self._directory = directory.resolve()
        self._find = find
        self._roots: dict[str, set[Path]] = {}
        self._elsewhere: set[str] = set()  # those that the account does not have
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
        found = self._find(access_point_arn)
        file_system_id, path = found or (name.replace(":", "-").replace("/", "-"), "/")
        if found is None:
            self._elsewhere.add(file_system_id)
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
            there = os.fstat(descriptor)
            root = place.joinpath(*parts)
            self._roots.setdefault(file_system_id, set()).add(root)
        return Root(path=root, device=there.st_dev, inode=there.st_ino)

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

    def contents(self, file_system_id: str) -> Sequence[Entry] | None:
        """All that a file system holds and that can be read, as `bring_back` takes it; None when it is empty."""
        with self._lock:
            place = self._place(file_system_id)
            if not place.is_dir():
                return None
            with _opened(place) as directory:
                return tuple(_entries(directory, ())) or None

    def bring_back(self, file_system_id: str, taken: Sequence[Entry] | None) -> None:
        """A file system that holds no more than what was taken. Directories that functions have at hand stay the same.

        OSError for what cannot be taken away.
        """
        with self._lock:
            place = self._place(file_system_id)
            if not place.is_dir():
                return
            kept = {root.relative_to(place).parts for root in self._roots.get(file_system_id, ())}
            with _opened(place) as directory:
                _empty(directory, (), kept)
                for entry in taken or ():
                    _put(directory, entry)

    def empty_elsewhere(self) -> None:
        """Empties those that this account does not have, and that no stack will."""
        for file_system_id in tuple(self._elsewhere):
            self.bring_back(file_system_id, None)

    def remove(self, file_system_id: str) -> None:
        """Takes a file system's files away; functions that have them at hand keep an empty directory."""
        with self._lock:
            self._roots.pop(file_system_id, None)
            shutil.rmtree(self._place(file_system_id), ignore_errors=True)

    def _place(self, file_system_id: str) -> Path:
        name = PurePosixPath(file_system_id).name
        if name in ("", ".", ".."):
            raise FileNotFoundError(f"{file_system_id!r} is no file system")
        return self._directory / name


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


@contextlib.contextmanager
def _opened(name: str | Path, directory: int | None = None) -> Iterator[int]:
    """A directory, whatever its permissions. OSError for a link, or a file."""
    found = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    try:
        try:
            descriptor = os.open(".", _DIRECTORY, dir_fd=found)
        except PermissionError:
            os.chmod(f"/proc/self/fd/{found}", 0o700)  # noqa: PTH101  # what is open, not what has its name
            descriptor = os.open(".", _DIRECTORY, dir_fd=found)
    finally:
        os.close(found)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _entries(directory: int, above: tuple[str, ...]) -> Iterator[Entry]:
    """What an open directory holds. Functions may run meanwhile: what is gone when it is looked at is left out."""
    for name in os.listdir(directory):
        with contextlib.suppress(OSError):
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            mode, owner, path = stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid), (*above, name)
            if stat.S_ISDIR(found.st_mode):
                with _opened(name, directory) as inner:
                    yield Entry(path=path, kind="directory", mode=mode, owner=owner)
                    yield from _entries(inner, path)
            elif stat.S_ISLNK(found.st_mode):
                target = os.fsencode(os.readlink(name, dir_fd=directory))
                yield Entry(path=path, kind="link", mode=mode, owner=owner, content=target)
            elif stat.S_ISREG(found.st_mode):
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
                with os.fdopen(descriptor, "rb") as file:
                    yield Entry(path=path, kind="file", mode=mode, owner=owner, content=file.read())


def _empty(directory: int, above: tuple[str, ...], kept: Collection[tuple[str, ...]]) -> None:
    """Takes all out of an open directory but the directories that are `kept`, and those above them."""
    for name in os.listdir(directory):
        path = (*above, name)
        with contextlib.suppress(FileNotFoundError):  # a function was quicker
            if not stat.S_ISDIR(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode):
                os.unlink(name, dir_fd=directory)
                continue
            is_kept = any(root[: len(path)] == path for root in kept)
            with _opened(name, directory) as inner:
                _empty(inner, path, kept)
                if is_kept:
                    os.fchmod(inner, _ANYBODYS)
            if not is_kept:
                os.rmdir(name, dir_fd=directory)


def _put(directory: int, entry: Entry) -> None:
    """Makes what was there below an open directory, unless a function made something else of the same name."""
    *above, name = entry.path
    with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
        for part in above:
            directory = opened.enter_context(_opened(part, directory))
        if entry.kind == "link":
            os.symlink(os.fsdecode(entry.content), name, dir_fd=directory)
            return
        if entry.kind == "directory":
            descriptor = _descend(directory, name)
        else:
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=directory)
        try:
            left = memoryview(entry.content)
            while left:
                left = left[os.write(descriptor, left) :]
            if os.geteuid() == 0:
                os.fchown(descriptor, *entry.owner)
            os.fchmod(descriptor, entry.mode)
        finally:
            os.close(descriptor)
