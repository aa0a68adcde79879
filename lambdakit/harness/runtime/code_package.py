"""Deployment packages and layers: a directory, a zip file or inline source in; a directory that a process can run out.

Every package is unpacked once, under a name made from its content. Zip files come from outside: an entry that would
leave the directory, a link, or more than may be unpacked is refused.
Source: AWS Lambda Developer Guide, "Lambda quotas" (250 MB unzipped); CloudFormation User Guide,
"AWS::Lambda::Function Code" (inline source).
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import io
import lzma
import os
import shutil
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from lambdakit.harness.runtime.package_files import (
    InvalidPackage,
    copy_files,
    digest_of,
    file_mode,
    files_of,
    lay_over,
    make_directory,
    too_large,
)
from lambdakit.harness.runtime.response_modules import response_modules
from lambdakit.limits import PACKAGE_UNZIPPED_BYTES_MAX
from lambdakit.records import dataclass

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ARCHIVE = ".zip"  # of what a zip file was unpacked to, beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePackage:
    """An unpacked package.

    sha256: base64 of the hash, as `CodeSha256` shows it.
    size: bytes of the zip file; of the unpacked files where there is none.
    unzipped_bytes: of the unpacked files, which is what Lambda limits.
    """

    directory: Path
    sha256: str
    size: int
    unzipped_bytes: int


class CodeStore:
    """The unpacked packages of one harness, below `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._unzipped_bytes: dict[Path, int] = {}  # of zip files, known since they were unpacked
        directory.mkdir(parents=True, exist_ok=True)

    def from_directory(self, source: Path, *, bytes_max: int = PACKAGE_UNZIPPED_BYTES_MAX) -> CodePackage:
        """A package from a directory asset. InvalidPackage when there is none, or it has more than `bytes_max`."""
        if not source.is_dir():
            raise InvalidPackage(f"no directory at {source}")
        files = files_of(source, bytes_max=bytes_max)
        digest = digest_of(files)
        with self._lock:
            target = self._directory / digest.hex()
            if not target.exists():
                with self._built(target) as building:
                    copy_files(files, building)
        sha256 = base64.b64encode(digest).decode()
        size = sum(file.size for file in files)
        return CodePackage(directory=target, sha256=sha256, size=size, unzipped_bytes=size)

    def from_zip(self, content: bytes) -> CodePackage:
        """A package from a zip file's bytes. InvalidPackage when it is corrupt, hostile or too large."""
        digest = hashlib.sha256(content).digest()
        with self._lock:
            target = self._directory / digest.hex()
            if not target.exists():
                with self._built(target) as building:
                    self._unzipped_bytes[target] = _unpack(content, building)
                    target.with_suffix(_ARCHIVE).write_bytes(content)
        return CodePackage(
            directory=target,
            sha256=base64.b64encode(digest).decode(),
            size=len(content),
            unzipped_bytes=self._unzipped_bytes[target],
        )

    def archive(self, name: str) -> bytes | None:
        """The zip file of the package whose directory has this name; None when there is no such package.

        One that came as a directory is packed, so that its hash is another than the package's.
        """
        package = self._directory / name
        if not name.isalnum() or not package.is_dir():
            return None
        kept = package.with_suffix(_ARCHIVE)
        return kept.read_bytes() if kept.exists() else _packed(package)

    def empty(self) -> Path:
        """A directory with nothing in it."""
        return self.derived("empty", Path.mkdir)

    def from_inline(self, source: str, runtime: str) -> CodePackage:
        """A package from a template's `ZipFile`: one file called index, as the runtime's language names it.

        Beside it lies cfn-response, when the source loads that.
        """
        name = "index.py" if runtime.startswith("python") else "index.js"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, text in {name: source, **response_modules(source, runtime)}.items():
                entry = zipfile.ZipInfo(file, date_time=(1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, text)
        return self.from_zip(buffer.getvalue())

    def merged(self, layers: Sequence[Path]) -> Path:
        """One directory with the content of all layers; a later one wins.

        layers: directories of this store.
        """
        if len(layers) == 1:
            return layers[0]
        names = "\0".join(str(layer) for layer in layers)
        with self._lock:
            target = self._directory / hashlib.sha256(names.encode()).hexdigest()
            if not target.exists():
                with self._built(target) as building:
                    for layer in layers:
                        lay_over(layer, building)
        return target

    def derived(self, name: str, build: Callable[[Path], None]) -> Path:
        """A directory made from others once. name: the hash of all that it is made from. build: fills it."""
        with self._lock:
            target = self._directory / name
            if not target.exists():
                with self._built(target) as building:
                    build(building)
        return target

    @contextlib.contextmanager
    def _built(self, target: Path) -> Iterator[Path]:
        """A place to fill, which then is `target`. InvalidPackage when the disk is full; nothing is left then."""
        building = target.with_suffix(f".{os.getpid()}.partial")
        shutil.rmtree(building, ignore_errors=True)
        try:
            yield building
            building.replace(target)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise InvalidPackage(f"there is no room for the package in {self._directory}: {error.strerror}") from None
        finally:
            shutil.rmtree(building, ignore_errors=True)
            if not target.exists():
                target.with_suffix(_ARCHIVE).unlink(missing_ok=True)


def _packed(package: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(package).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = path.stat().st_mode << 16
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _unpack(content: bytes, target: Path) -> int:
    """Unpacks a zip file, and returns how many bytes its files have."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            if size > PACKAGE_UNZIPPED_BYTES_MAX:
                raise too_large()
            make_directory(target, target)
            links = [entry for entry in entries if _is_link(entry)]
            for entry in entries:
                if not _is_link(entry):
                    _unpack_file(archive, entry, target)
            # Last, so that nothing is ever written through a link.
            for entry in links:
                _unpack_link(archive.read(entry).decode(), _path_of(entry, target), target)
            for entry in links:
                _check_inside(_path_of(entry, target), target)
            return size
    except _CORRUPTIONS as error:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise
        raise InvalidPackage(
            f"Could not unzip uploaded file. Please check your file, then try to upload again. ({error})"
        ) from None
    except InvalidPackage:
        shutil.rmtree(target, ignore_errors=True)
        raise


# What zipfile and its decompressors raise for bytes that are no zip file, or one with a password.
_CORRUPTIONS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _path_of(entry: zipfile.ZipInfo, target: Path) -> Path:
    name = PurePosixPath(entry.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in entry.filename:
        raise InvalidPackage(f"the entry {entry.filename!r} would leave the package's directory")
    return target.joinpath(*name.parts)


def _unpack_file(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    path = _path_of(entry, target)
    if entry.is_dir():
        make_directory(path, target)
        return
    make_directory(path.parent, target)
    # zipfile reads no more than the header says, which is what the check of the size added up.
    with archive.open(entry) as source, path.open("wb") as sink:
        shutil.copyfileobj(source, sink)
    if path.stat().st_size != entry.file_size:
        raise zipfile.BadZipFile(f"{entry.filename!r} is shorter than it says")
    path.chmod(file_mode(bool((entry.external_attr >> 16) & 0o111)))


def _unpack_link(destination: str, path: Path, target: Path) -> None:
    if PurePosixPath(destination).is_absolute():
        raise InvalidPackage(f"the link {path.name!r} would leave the package's directory")
    make_directory(path.parent, target)
    _check_inside(path.parent, target)
    path.symlink_to(destination)


def _check_inside(path: Path, target: Path) -> None:
    """As the file system sees it: a link may lead through other links."""
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(target)):
        raise InvalidPackage(f"the link {path.name!r} would leave the package's directory")
