from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lambdakit.cli.application import application
from lambdakit.cli.embedded_patterns import pattern_names
from lambdakit.spec.document import load
from lambdakit.spec.schema import json_schema


def init(*arguments: str) -> Result:
    return CliRunner().invoke(application(["init"]), ["init", *arguments])


@pytest.mark.parametrize("pattern", pattern_names())
def test_project_of_each_pattern_is_valid_and_complete(tmp_path: Path, pattern: str) -> None:
    made = init("--pattern", pattern, str(tmp_path / "new"))

    assert made.exit_code == 0
    project = tmp_path / "new"
    assert load(project / "lambdakit.yaml").application.patterns
    assert {"README.md", "requirements.txt", "pytest.ini", "cdk.json", ".gitignore", f"test_{pattern}.py"} <= {
        path.name for path in project.iterdir()
    }
    assert not list(project.rglob("__pycache__"))


def test_document_of_a_project_names_the_schema_beside_it(tmp_path: Path) -> None:
    init(str(tmp_path))

    first_line = (tmp_path / "lambdakit.yaml").read_text().splitlines()[0]
    assert first_line == "# yaml-language-server: $schema=./application.schema.json"
    assert json.loads((tmp_path / "application.schema.json").read_text()) == json_schema()


def test_readme_of_a_project_speaks_of_the_project(tmp_path: Path) -> None:
    init(str(tmp_path))

    readme = (tmp_path / "README.md").read_text()
    assert "patterns/" not in readme
    assert "stacks/" not in readme
    assert "lambdakit run lambdakit.yaml" in readme


def test_empty_directory_is_taken(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()

    assert init(str(tmp_path / "new")).exit_code == 0


@pytest.mark.parametrize(
    ("present", "problem"),
    [(("thesis.txt",), "is not empty: it holds thesis.txt"), (("a", "b", ".git"), "is not empty: it holds .git and 2")],
)
def test_directory_that_is_not_empty_is_left_alone(tmp_path: Path, present: tuple[str, ...], problem: str) -> None:
    for name in present:
        (tmp_path / name).write_text("precious")

    refused = init(str(tmp_path))

    assert refused.exit_code == 1
    assert problem in refused.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(present)


def test_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new").touch()

    refused = init(str(tmp_path / "new"))

    assert refused.exit_code == 1
    assert "is not a directory [LK551]" in refused.stderr


@pytest.mark.parametrize("pattern", ["nonsense", "../api_backend", ""])
def test_unknown_pattern_lists_those_there_are(tmp_path: Path, pattern: str) -> None:
    refused = init("--pattern", pattern, str(tmp_path / "new"))

    assert refused.exit_code == 1
    assert "there are api_backend" in refused.stderr
    assert not (tmp_path / "new").exists()
