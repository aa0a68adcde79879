"""A new project: a pattern's files, and what a project needs around them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lambdakit import __version__
from lambdakit.cli.embedded_patterns import DOCUMENT_NAME, pattern_directory
from lambdakit.errors import Diagnostic, SourceError
from lambdakit.spec.schema import SCHEMA_FILE, json_schema

_LEFT_OUT: Final = ("__pycache__", "*.pyc", "cdk.out", ".pytest_cache")

# The command that `lambdakit cdk deploy` runs. The CDK CLI says by CDK_OUTDIR where the assembly goes.
_CDK_JSON: Final = {"app": "python -m lambdakit synth lambdakit.yaml"}

_GITIGNORE: Final = """\
.venv/
__pycache__/
.pytest_cache/
cdk.out/
cdk.context.json
"""

_PYTEST: Final = """\
[pytest]
testpaths = .
addopts = --import-mode=importlib
"""


def write_project(directory: Path, *, pattern: str) -> tuple[Path, ...]:
    """The files written, relative to `directory`. SourceError when it is not empty or the pattern is unknown."""
    template = pattern_directory(pattern)
    _check_empty(directory)
    try:
        shutil.copytree(template, directory, ignore=shutil.ignore_patterns(*_LEFT_OUT), dirs_exist_ok=True)
        for path in (directory / DOCUMENT_NAME, directory / "README.md"):
            path.write_text(_at_home(path.read_text(encoding="utf-8"), pattern), encoding="utf-8")
        for name, text in _surroundings().items():
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _refused(directory, f"cannot be written: {error.strerror or error}") from None
    return tuple(sorted(path.relative_to(directory) for path in directory.rglob("*") if path.is_file()))


def _at_home(text: str, pattern: str) -> str:
    """A pattern's text with the paths of a project, and without what only the checkout has."""
    text = re.sub(r"\$schema=\S+", f"$schema=./{SCHEMA_FILE.name}", text)
    text = text.replace(f"patterns/{pattern}/", "").replace(f" patterns/{pattern}", "")
    paragraphs = [paragraph for paragraph in text.split("\n\n") if "`stacks/" not in paragraph]
    return "\n\n".join(paragraphs).rstrip() + "\n"


def _surroundings() -> Mapping[str, str]:
    return {
        SCHEMA_FILE.name: json.dumps(json_schema(), indent=2) + "\n",
        "requirements.txt": f"lambdakit[harness]~={__version__}\npytest>=9\n",
        "pytest.ini": _PYTEST,
        "cdk.json": json.dumps(_CDK_JSON, indent=2) + "\n",
        ".gitignore": _GITIGNORE,
    }


def _check_empty(directory: Path) -> None:
    if directory.is_dir():
        present = sorted(path.name for path in directory.iterdir())
        if present:
            more = f" and {len(present) - 1} more" if len(present) > 1 else ""
            raise _refused(directory, f"is not empty: it holds {present[0]}{more}")
    elif directory.exists():
        raise _refused(directory, "is not a directory")


def _refused(directory: Path, problem: str) -> SourceError:
    return SourceError(
        Diagnostic(path=str(directory), problem=problem, code="LK551", hint="name a new or empty directory")
    )
