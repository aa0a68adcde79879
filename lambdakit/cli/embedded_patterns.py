"""The patterns that come with lambdakit: directories with a document, functions, events, a README and a test."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import lambdakit
from lambdakit.errors import Diagnostic, SourceError

DOCUMENT_NAME: Final = "lambdakit.yaml"

_PACKAGE: Final = Path(lambdakit.__file__).parent


def pattern_names() -> tuple[str, ...]:
    """The patterns' names, sorted."""
    return tuple(sorted(document.parent.name for document in _root().glob(f"*/{DOCUMENT_NAME}")))


def pattern_directory(name: str) -> Path:
    """Where the pattern is; to be read, never written to. SourceError when there is none of that name."""
    names = pattern_names()
    if name not in names:
        raise SourceError(
            Diagnostic(
                problem=f"there is no pattern {name!r}; there are {', '.join(names) or 'none'}",
                code="LK552",
                hint=f"pass --pattern {names[0]}" if names else "reinstall lambdakit",
            )
        )
    return _root() / name


def _root() -> Path:
    """Within the package where it was installed from a wheel, beside it in a checkout."""
    installed = _PACKAGE / "patterns"
    return installed if installed.is_dir() else _PACKAGE.parent / "patterns"
