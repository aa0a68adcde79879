"""The files of one cloud assembly: found only inside its directory, read only up to a bound.

Paths in a manifest are input from outside. A path that leaves the directory, be it by `..`, an absolute path or a
symbolic link, is refused: a function's code would else be taken from anywhere on the machine.

Source: aws-cdk-lib 2.275, core/lib/asset-staging: with staging on, assets are copied to the outermost assembly's
directory and written relative to the manifest (`../asset.…` within a stage). Absolute paths are written only when
staging is off (`cdk synth --no-staging`) or the asset lies outside the output directory.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Final, NoReturn

from lambdakit.assembly.codes import MISSING_FILE, NO_DIRECTORY, NO_MANIFEST, NOT_JSON, OUTSIDE_ASSEMBLY, TOO_LARGE
from lambdakit.assembly.place import Place
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

MANIFEST: Final = "manifest.json"

# CloudFormation takes templates of 1 MB; what is synthesized but never deployed there may well be larger.
FILE_BYTES_MAX: Final = 50 * 1024 * 1024
# Deeper than any template CloudFormation accepts; keeps every recursion over a template within Python's own limit.
DEPTH_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyDirectory:
    """given: the directory as the user named it. root: the same, resolved."""

    given: Path
    root: Path

    def find(self, base: Path, path: str, place: Place) -> Path:
        """The resolved file or directory that `path`, relative to `base`, names. AssemblyError outside the root."""
        try:
            resolved = (base / path).resolve()
            exists = resolved.exists()
        except (OSError, RuntimeError, ValueError):
            raise place.error(f"{path[:200]!r} is not a path", MISSING_FILE) from None
        if not resolved.is_relative_to(self.root):
            raise place.error(
                f"{path!r} leaves the cloud assembly {str(self.given)!r}",
                OUTSIDE_ASSEMBLY,
                hint="synthesize with asset staging on (without --no-staging), so that everything lies in the assembly",
            )
        if not exists:
            raise place.error(
                f"{path!r} does not exist", MISSING_FILE, hint="synthesize again: the cloud assembly is incomplete"
            )
        return resolved

    def shown(self, path: Path) -> str:
        """A resolved path inside the root as the user would name it."""
        return str(self.given / path.relative_to(self.root))

    def read_json(self, path: Path) -> object:
        """The content of a resolved JSON file. AssemblyError when it is no regular file, too large or no JSON."""
        return read_json(path, self.shown(path))


def open_directory(directory: Path) -> AssemblyDirectory:
    """The directory of a cloud assembly. AssemblyError when it is none, or holds no manifest."""
    try:
        root = directory.resolve()
        exists = root.exists()
    except (OSError, RuntimeError, ValueError):
        exists, root = False, directory
    if not exists or not root.is_dir():
        problem = "this is not a directory" if exists else "there is no such directory"
        _refuse(directory, problem, NO_DIRECTORY, "give the directory that `cdk synth` wrote (cdk.out)")
    if not (root / MANIFEST).is_file():
        _refuse(directory, f"no {MANIFEST} in it, so it is no cloud assembly", NO_MANIFEST, _hint(root))
    return AssemblyDirectory(given=directory, root=root)


def read_json(path: Path, shown: str) -> object:
    """The content of a JSON file that the user knows as `shown`, at most 50 MB and 100 levels deep."""
    place = Place(path=shown)
    if not path.is_file():
        raise place.error("not a file", MISSING_FILE)
    with path.open("rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise place.error(f"more than {FILE_BYTES_MAX} bytes, the most that is read", TOO_LARGE)
    try:
        value: object = json.loads(content, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise AssemblyError(
            Diagnostic(
                problem=f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}",
                code=NOT_JSON,
                path=shown,
                line=error.lineno,
                column=error.colno,
                hint="synthesize again: the file is damaged or cut off",
            )
        ) from None
    except (ValueError, RecursionError) as error:
        raise place.error(f"not JSON that can be read: {str(error)[:100]}", NOT_JSON) from None
    _check_values(value, place)
    return value


def _check_values(value: object, place: Place) -> None:
    """Refuses nesting that is too deep, and strings that are no Unicode text (lone surrogates)."""
    level: list[object] = [value]
    for _ in range(DEPTH_MAX + 1):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below += item
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and not item.isascii():
                _check_text(item, place)
            elif isinstance(item, float) and not math.isfinite(item):
                raise place.error("a number in it is too large", NOT_JSON)
        if not below:
            return
        level = below
    raise place.error(f"nested deeper than {DEPTH_MAX} levels, the most that is read", TOO_LARGE)


def _check_text(text: str, place: Place) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise place.error("a string in it is not Unicode text (half of a surrogate pair)", NOT_JSON) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _hint(root: Path) -> str:
    if (root / "cdk.out" / MANIFEST).is_file():
        return "give its cdk.out directory, or run `cdk synth` again"
    if (root / "cdk.json").is_file():
        return "run `cdk synth` there and give its output directory (cdk.out), or deploy the project directory itself"
    return "run `cdk synth` and give its output directory (cdk.out), or give the project directory that holds cdk.json"


def _refuse(directory: Path, problem: str, code: str, hint: str) -> NoReturn:
    raise AssemblyError(Diagnostic(problem=problem, code=code, path=str(directory), hint=hint))
