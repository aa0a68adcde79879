"""The distributions that a package directory holds: what `pip install --target` or uv left beside the code.

Source: Python Packaging User Guide, "Recording installed projects" (`*.dist-info`), "Binary distribution format".
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from lambdakit.records import dataclass

# Also keeps what a package claims to be from being read as an option of the installer.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.!+_-]*")
_ONE_VERSION = re.compile(r"^Tag: cp3\d+-cp3(\d+)[a-z]*-", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution in `root`, a directory of the search path.

    files: what it installed, below `root`; where it has no record, its folders and modules only.
    minor: of the one Python version that its wheel was for; None when there is no one.
    """

    root: Path
    folder: str
    name: str
    version: str
    files: frozenset[str]
    minor: int | None

    def owns(self, path: str) -> bool:
        """Whether a file, named below `root`, is of this distribution."""
        top = path.partition("/")[0]
        return path in self.files or top in self.files or top.partition(".")[0] in self.files

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def distributions_in(root: Path) -> list[Distribution]:
    """The distributions whose metadata can be read, in the order of their names."""
    found = (_read(folder) for folder in sorted(root.glob("*.dist-info")) if folder.is_dir())
    return [distribution for distribution in found if distribution is not None]


def _read(folder: Path) -> Distribution | None:
    headers = HeaderParser().parsestr(_text(folder / "METADATA"))
    name, version = str(headers.get("Name", "")), str(headers.get("Version", ""))
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        return None
    record = csv.reader(_text(folder / "RECORD").splitlines())
    files = [row[0] for row in record if row and _is_below(row[0])]
    minors = set(_ONE_VERSION.findall(_text(folder / "WHEEL")))
    return Distribution(
        root=folder.parent,
        folder=folder.name,
        name=name,
        version=version,
        files=frozenset(files or _tops(_text(folder / "top_level.txt"), name)),
        minor=int(minors.pop()) if len(minors) == 1 else None,
    )


def _text(path: Path) -> str:
    """Empty where there is no such file."""
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _is_below(name: str) -> bool:
    """Whether a record's entry stays in the directory; scripts do not, and a hostile one may name anything."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _tops(listed: str, name: str) -> Iterable[str]:
    """The names that the distribution has in its root when it has no record."""
    folder = re.sub(r"[-_.]+", "_", name)
    named = [line for line in listed.split() if _is_below(line)]
    return named or {folder, folder.lower(), f"{folder}.libs", f"{folder.lower()}.libs"}
