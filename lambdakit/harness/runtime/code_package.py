"""Deployment packages and layers: a directory, a zip file or inline source in; a directory that a process can run out.

Every package is unpacked once, under a name made from its content. Zip files come from outside: an entry that would
leave the directory, a link, or more than may be unpacked is refused.
Source: AWS Lambda Developer Guide, "Lambda quotas" (250 MB unzipped); CloudFormation User Guide,
"AWS::Lambda::Function Code" (inline source).
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import stat
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lambdakit.limits import PACKAGE_UNZIPPED_BYTES_MAX


class InvalidPackage(Exception):
    """A package that Lambda would refuse. The text is AWS's where the reference has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePackage:
    """An unpacked package.

    sha256: base64 of the hash, as `CodeSha256` shows it.
    size: bytes of the zip file; of the unpacked files where there is none.
    """

    directory: Path
    sha256: str
    size: int


class CodeStore:
    """The unpacked packages of one harness, below `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)

    def from_directory(self, source: Path) -> CodePackage:
        """A package from a directory asset. InvalidPackage when there is none, or it is too large."""
        if not source.is_dir():
            raise InvalidPackage(f"no directory at {source}")
        digest, size = _digest_of_directory(source)
        with self._lock:
            target = self._directory / digest.hex()
            if not target.exists():
                building = self._building(target)
                shutil.copytree(source, building, symlinks=False, ignore_dangling_symlinks=True)
                building.replace(target)
        return CodePackage(directory=target, sha256=base64.b64encode(digest).decode(), size=size)

    def from_zip(self, content: bytes) -> CodePackage:
        """A package from a zip file's bytes. InvalidPackage when it is corrupt, hostile or too large."""
        digest = hashlib.sha256(content).digest()
        with self._lock:
            target = self._directory / digest.hex()
            if not target.exists():
                building = self._building(target)
                _unpack(content, building)
                building.replace(target)
        return CodePackage(directory=target, sha256=base64.b64encode(digest).decode(), size=len(content))

    def from_inline(self, source: str, runtime: str) -> CodePackage:
        """A package from a template's `ZipFile`: one file called index, as the runtime's language names it."""
        name = "index.py" if runtime.startswith("python") else "index.js"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, source)
        return self.from_zip(buffer.getvalue())

    def merged(self, layers: Sequence[Path]) -> Path:
        """One directory with the content of all layers; a later one wins.

        layers: directories of this store.
        """
        if len(layers) == 1:
            return layers[0]
        names = "\0".join(layer.name for layer in layers)
        with self._lock:
            target = self._directory / hashlib.sha256(names.encode()).hexdigest()
            if not target.exists():
                building = self._building(target)
                for layer in layers:
                    shutil.copytree(layer, building, symlinks=True, dirs_exist_ok=True)
                building.replace(target)
        return target

    def _building(self, target: Path) -> Path:
        building = target.with_suffix(f".{os.getpid()}.partial")
        shutil.rmtree(building, ignore_errors=True)
        return building


def _digest_of_directory(source: Path) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    for path in sorted(source.rglob("*")):
        if path.is_dir() or not path.exists():
            continue
        digest.update(f"{path.relative_to(source).as_posix()}\0{path.stat().st_mode & 0o111}\0".encode())
        content = path.read_bytes()
        digest.update(f"{len(content)}\0".encode() + content)
        size += len(content)
        if size > PACKAGE_UNZIPPED_BYTES_MAX:
            raise _too_large()
    return digest.digest(), size


def _unpack(content: bytes, target: Path) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > PACKAGE_UNZIPPED_BYTES_MAX:
                raise _too_large()
            target.mkdir(parents=True)
            for entry in entries:
                _unpack_entry(archive, entry, target)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise InvalidPackage(
            f"Could not unzip uploaded file. Please check your file, then try to upload again. ({error})"
        ) from None
    except InvalidPackage:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    name = PurePosixPath(entry.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in entry.filename:
        raise InvalidPackage(f"the entry {entry.filename!r} would leave the package's directory")
    mode = entry.external_attr >> 16
    path = target.joinpath(*name.parts)
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    if stat.S_ISLNK(mode):
        _unpack_link(archive.read(entry).decode(), path, target)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, path.open("wb") as sink:
        shutil.copyfileobj(_Bounded(source, entry.file_size), sink)
    path.chmod(0o755 if mode & 0o111 else 0o644)


def _unpack_link(destination: str, path: Path, target: Path) -> None:
    resolved = Path(os.path.normpath(path.parent / destination))
    if Path(destination).is_absolute() or not resolved.is_relative_to(target):
        raise InvalidPackage(f"the link {path.name!r} would leave the package's directory")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(destination)


class _Bounded(io.RawIOBase):
    """Reads no more than an entry declares: its header is what the size check added up."""

    def __init__(self, source: object, size: int) -> None:
        self._source = source
        self._left = size

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._source.read(size)  # type: ignore[attr-defined]  # a zipfile's entry
        self._left -= len(data)
        if self._left < 0:
            raise InvalidPackage("an entry of the zip file is larger than it says")
        return data


_CORRUPT = "Could not unzip uploaded file. Please check your file, then try to upload again."


def _too_large() -> InvalidPackage:
    return InvalidPackage(f"Unzipped size must be smaller than {PACKAGE_UNZIPPED_BYTES_MAX} bytes")
