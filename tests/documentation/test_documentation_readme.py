"""The README says what is true: its tables are the registries', its commands and files exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lambdakit.spec.document import load
from tests.documentation.tables import README, with_tables

TEXT = README.read_text()
ROOT = README.parent


def test_generated_tables_are_up_to_date() -> None:
    assert with_tables(TEXT) == TEXT, "run: python -m tests.documentation.tables"


def test_the_document_it_shows_is_valid(tmp_path: Path) -> None:
    match = re.search(r"```yaml\n(application:.*?)```", TEXT, re.DOTALL)
    assert match is not None
    (tmp_path / "lambdakit.yaml").write_text(match[1])
    handlers = tmp_path / "functions" / "notes"
    handlers.mkdir(parents=True)
    (handlers / "app.py").write_text("def create(event, context): ...\n")

    document = load(tmp_path / "lambdakit.yaml")

    assert document.application.application == "notes"


def test_the_test_it_shows_passes(tmp_path: Path) -> None:
    match = re.search(r"```python\n(def test_.*?)```", TEXT, re.DOTALL)
    assert match is not None
    shutil.copytree(ROOT / "patterns" / "api_backend", tmp_path / "project", ignore=shutil.ignore_patterns("test_*"))
    (tmp_path / "project" / "test_shown.py").write_text(match[1])

    shown = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shown.py"],
        cwd=tmp_path / "project",
        capture_output=True,
        text=True,
        check=False,
    )

    assert shown.returncode == 0, shown.stdout


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((?!https?:|#)([^)]+)\)", TEXT))))
def test_every_file_it_links_to_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^lambdakit (\w+)", TEXT, re.MULTILINE))))
def test_every_command_it_shows_exists(command: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "lambdakit", command, "--help"], capture_output=True, text=True, check=False
    )

    assert shown.returncode == 0, shown.stderr
