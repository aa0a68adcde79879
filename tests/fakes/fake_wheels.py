"""Wheels and shared libraries that hold next to nothing, for tests of what installs and recognises them."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_MACHINES = {"x86_64": 62, "aarch64": 183}


def shared_library(machine: str) -> bytes:
    """The first bytes of an ELF file. machine: `x86_64` or `aarch64`."""
    return b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HH", 3, _MACHINES[machine]) + bytes(44)


def write_wheel(directory: Path, name: str, version: str, tag: str, files: Mapping[str, str]) -> Path:
    """A wheel in `directory`. tag: such as `py3-none-any`. files: path -> text."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}-{version}-{tag}.whl"
    metadata = _metadata(name, version, tag)
    record = "".join(f"{file},,\n" for file in [*files, *metadata, f"{name}-{version}.dist-info/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, **metadata, f"{name}-{version}.dist-info/RECORD": record}.items():
            archive.writestr(file, text)
    return path


def write_installed(root: Path, name: str, version: str, tag: str, files: Mapping[str, bytes]) -> None:
    """What installing such a wheel into `root` leaves there."""
    metadata = {path: text.encode() for path, text in _metadata(name, version, tag).items()}
    record = f"{name}-{version}.dist-info/RECORD"
    content = {**files, **metadata}
    content[record] = "".join(f"{path},,\n" for path in [*content, record]).encode()
    for path, text in content.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)


def use_only(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has pip know the wheels in `directory` and nothing else."""
    directory.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))


def use_unreachable_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has pip look where nothing listens."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def _metadata(name: str, version: str, tag: str) -> dict[str, str]:
    folder = f"{name}-{version}.dist-info"
    return {
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{folder}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
