"""A function's or layer's code: a path in, a CDK asset out.

What lies in the directory ships as it is, except what no function needs and what would make two packages of the
same source differ: bytecode, tool caches, version control, earlier output.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aws_cdk import IgnoreMode
from aws_cdk import aws_lambda as lambda_

from lambdakit.errors import Diagnostic
from lambdakit.limits import MIB, PACKAGE_UNZIPPED_BYTES_MAX

EXCLUDED_DIRECTORIES: Final = (
    "__pycache__",
    ".git",
    ".hypothesis",
    ".idea",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".venv",
    ".vscode",
    "cdk.out",
)
EXCLUDED_SUFFIXES: Final = (".pyc", ".pyo")
EXCLUDED_FILES: Final = (".DS_Store", ".coverage")

_ARCHIVES: Final = (".zip", ".jar")


def code_asset(code: str | Path | lambda_.Code) -> lambda_.Code:
    """The CDK's code for a directory, or a .zip or .jar file; a `Code` stays as it is.

    A relative path counts from the working directory, as in the CDK.
    """
    if not isinstance(code, str | Path):
        return code
    return lambda_.Code.from_asset(
        str(code),
        exclude=[*EXCLUDED_DIRECTORIES, *(f"*{suffix}" for suffix in EXCLUDED_SUFFIXES), *EXCLUDED_FILES],
        ignore_mode=IgnoreMode.GIT,
    )


def package_files(directory: Path) -> Iterator[Path]:
    """What of a directory ships, links to directories among it, in an order that is always the same."""
    for parent, directories, files in os.walk(directory):
        directories[:] = sorted(name for name in directories if name not in EXCLUDED_DIRECTORIES)
        links = (name for name in directories if Path(parent, name).is_symlink())
        shipped = (name for name in files if not name.endswith(EXCLUDED_SUFFIXES) and name not in EXCLUDED_FILES)
        yield from (Path(parent, name) for name in sorted([*links, *shipped]))


def code_problems(pointer: str, code: str | Path | lambda_.Code) -> Iterator[Diagnostic]:
    """What keeps `code` from being a package: it is missing, empty, no archive, too large, or not of files alone."""
    if not isinstance(code, str | Path):
        return
    path = Path(code)
    if not path.exists():
        yield Diagnostic(
            pointer=pointer,
            problem=f"{code} does not exist",
            code="LK402",
            hint="name the directory that holds the handler's file, or a .zip of it",
        )
    elif path.is_file():
        if path.suffix not in _ARCHIVES:
            yield Diagnostic(
                pointer=pointer,
                problem=f"{code} is a file, but neither a .zip nor a .jar",
                code="LK402",
                hint=f"name its directory: {path.parent}",
            )
    else:
        yield from _directory_problems(pointer, path)


def _directory_problems(pointer: str, directory: Path) -> Iterator[Diagnostic]:
    found = [(path, os.lstat(path)) for path in package_files(directory)]
    for path, status in found:
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            yield Diagnostic(
                pointer=pointer,
                problem=f"{path} is neither a file nor a link, and cannot ship",
                code="LK402",
                hint="move the pipe, socket or device out of the directory",
            )
        if not _is_text(path.name):
            yield Diagnostic(
                pointer=pointer,
                problem=f"the name of {str(path).encode(errors='replace').decode()} is not UTF-8, and cannot ship",
                code="LK402",
                hint="rename the file",
            )
    sizes = [status.st_size for _, status in found]
    if not sizes:
        yield Diagnostic(
            pointer=pointer,
            problem=f"{directory} holds no files",
            code="LK402",
            hint="name the directory that holds the handler's file",
        )
    # Source: Lambda Developer Guide, "Lambda quotas": deployment package, unzipped, with all layers
    if (total := sum(sizes)) > PACKAGE_UNZIPPED_BYTES_MAX:
        yield Diagnostic(
            pointer=pointer,
            problem=f"{directory} holds {total / MIB:.1f} MiB, above {PACKAGE_UNZIPPED_BYTES_MAX // MIB} MiB, "
            "the most an unzipped package may have",
            code="LK403",
            hint="move what the function reads at run time to S3, or drop unused dependencies",
        )


def _is_text(name: str) -> bool:
    """Whether it can be written in UTF-8: bytes of a file's name that cannot be read so are surrogates in it."""
    return all(not "\ud800" <= character <= "\udfff" for character in name)
