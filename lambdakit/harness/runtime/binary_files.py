"""The binary modules and libraries in a package: which machine and which Python each was built for.

Only names and the first bytes of files are read, and those only where the name is a shared library's.
Source: elf(5); Python documentation, "importlib", EXTENSION_SUFFIXES; PEP 3149 (tags in names).
"""

from __future__ import annotations

import os
import platform
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from lambdakit.records import dataclass

_NAME = re.compile(r"(?P<stem>[^.]+)(?P<middle>.*)\.(?:so(?:\.\d+)*|pyd|dylib)")
_TAG = re.compile(r"\.(?:cpython-3|cp3)(\d+)([a-z]*)-")
_MACHINES = {3: "i386", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
_MAC_STARTS = (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_MAC = "macOS"
_WINDOWS = "Windows"
_HEAD_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a binary must be built for. machine: as in `Binary`; minor: 13 for Python 3.13."""

    machine: str
    minor: int

    def __str__(self) -> str:
        return f"Python 3.{self.minor} on {self.machine}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """A shared library in a package.

    path: below the directory that was searched, with `/`. machine: `x86_64`, `aarch64`, `macOS`, `Windows` and such.
    minor: of the one Python version that it serves; None for a library or a module of the stable ABI.
    is_tagged: whether the name says that it is a Python module, and for which version.
    """

    path: str
    machine: str
    minor: int | None
    is_tagged: bool

    def fits(self, target: Target) -> bool:
        """Whether it can be loaded there."""
        return self.machine == target.machine and self.minor in (None, target.minor)

    @property
    def module(self) -> str:
        """Path and name without what says what it is built for: several files may be one module."""
        folder, slash, name = self.path.rpartition("/")
        return folder + slash + name.partition(".")[0]

    def __str__(self) -> str:
        return self.machine if self.minor is None else f"Python 3.{self.minor} on {self.machine}"


def this_machine() -> str:
    """The `machine` of binaries that can be loaded here."""
    return _MAC if sys.platform == "darwin" else platform.machine()


def binaries_below(directory: Path) -> list[Binary]:
    """Every shared library below `directory`, in the order of their paths; links are not followed."""
    return sorted(_walk(str(directory), ""), key=lambda binary: binary.path)


def _walk(directory: str, below: str) -> Iterator[Binary]:
    with os.scandir(directory) as entries:
        found = list(entries)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{below}{entry.name}/")
            continue
        match = _NAME.fullmatch(entry.name)
        if match is None or not entry.is_file(follow_symlinks=False):
            continue
        machine = _machine(entry.path)
        if machine is not None:
            tag = _TAG.search(match["middle"] + ".")
            minor = None if tag is None else int(tag[1])
            if tag is not None and tag[2]:  # free-threaded or debug: AWS has no such build
                machine = f"{machine} ({tag[2]} build)"
            is_tagged = tag is not None or match["middle"] == ".abi3"
            yield Binary(path=below + entry.name, machine=machine, minor=minor, is_tagged=is_tagged)


def _machine(path: str) -> str | None:
    """None for what is no binary, such as a linker script."""
    try:
        head = _head(path)
    except OSError:
        return None
    if head.startswith(b"\x7fELF") and len(head) == _HEAD_BYTES:
        order = "<" if head[5] == 1 else ">"
        number = struct.unpack_from(f"{order}H", head, 18)[0]
        return _MACHINES.get(number, f"ELF machine {number}")
    if head.startswith(_MAC_STARTS):
        return _MAC
    return _WINDOWS if head.startswith(b"MZ") else None


def _head(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  # pathlib would double the cost of a large package
        return file.read(_HEAD_BYTES)
