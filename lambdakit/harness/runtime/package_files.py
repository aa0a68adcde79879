"""The files of a directory that becomes a package: found through every link, summed up, copied.

Source: cdk-assets, `archive.ts`: a directory asset is zipped with its links followed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from lambdakit.limits import PACKAGE_UNZIPPED_BYTES_MAX
from lambdakit.records import dataclass

_READ_BYTES = 1024 * 1024


class InvalidPackage(Exception):
    """A package that Lambda would refuse. The text is AWS's where the reference has it."""


def too_large(bytes_max: int = PACKAGE_UNZIPPED_BYTES_MAX) -> InvalidPackage:
    """The refusal of a package that is more than Lambda unpacks."""
    return InvalidPackage(f"Unzipped size must be smaller than {bytes_max} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """A file of a package. name: its parts below the package's root. path: where its content is read."""

    name: tuple[str, ...]
    path: Path
    size: int
    is_executable: bool


def files_of(source: Path, *, bytes_max: int = PACKAGE_UNZIPPED_BYTES_MAX) -> list[PackageFile]:
    """Every file below `source`, links followed, in the order of their names; links that lead nowhere are left out.

    InvalidPackage for a link into a directory that holds it, for what is no file, and for more than `bytes_max`.
    """
    found, size = [], 0
    for file in _walk(source, (), ()):
        size += file.size
        if size > bytes_max:
            raise too_large(bytes_max)
        found.append(file)
    return sorted(found, key=lambda file: file.name)


def digest_of(files: list[PackageFile]) -> bytes:
    """A hash of names, contents and who may be executed; nothing else of a file matters."""
    digest = hashlib.sha256()
    for file in files:
        name = os.fsencode("/".join(file.name))
        digest.update(b"%b\0%d\0%d\0" % (name, file.is_executable, file.size))
        with file.path.open("rb") as content:
            while piece := content.read(_READ_BYTES):
                digest.update(piece)
    return digest.digest()


def copy_files(files: list[PackageFile], target: Path) -> None:
    """Copies files to below `target`, which is made."""
    make_directory(target, target)
    for file in files:
        path = target.joinpath(*file.name)
        make_directory(path.parent, target)
        shutil.copyfile(file.path, path)
        path.chmod(file_mode(file.is_executable))


def lay_over(source: Path, target: Path) -> None:
    """Puts what is below `source` over what is below `target`: directories are joined, everything else is replaced."""
    make_directory(target, target)
    for entry in _entries(source):
        path = target / entry.name
        joins = entry.is_dir(follow_symlinks=False) and path.is_dir() and not path.is_symlink()
        if not joins:
            _remove(path)
        if entry.is_dir(follow_symlinks=False):
            lay_over(Path(entry.path), path)
        else:
            shutil.copy2(entry.path, path, follow_symlinks=False)


def make_directory(path: Path, root: Path) -> None:
    """Makes a directory at or below `root`, so that every user can read it, whatever the mask of this process."""
    if path.is_dir():
        return
    if path != root:
        make_directory(path.parent, root)
    path.mkdir(parents=path == root)
    path.chmod(0o755)


def file_mode(is_executable: bool) -> int:
    """The permissions of an unpacked file."""
    return 0o755 if is_executable else 0o644


def _walk(directory: Path, name: tuple[str, ...], above: tuple[tuple[int, int], ...]) -> Iterator[PackageFile]:
    own = directory.stat()
    identity = own.st_dev, own.st_ino
    if identity in above:
        raise InvalidPackage(f"the link {'/'.join(name)} leads into a directory that holds it")
    for entry in _entries(directory):
        inner = (*name, entry.name)
        path = Path(entry.path)
        try:
            status = entry.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InvalidPackage(f"{'/'.join(inner)} cannot be read: {error.strerror}") from None
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(path, inner, (*above, identity))
        elif stat.S_ISREG(status.st_mode):
            yield PackageFile(name=inner, path=path, size=status.st_size, is_executable=bool(status.st_mode & 0o111))
        else:
            raise InvalidPackage(f"{'/'.join(inner)} is neither a file nor a directory")


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    with os.scandir(directory) as entries:
        return list(entries)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
