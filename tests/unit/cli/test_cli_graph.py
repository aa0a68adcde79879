from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lambdakit.cli.application import application
from tests.fakes.plain_assembly import write_stacks


def run(*arguments: str | Path) -> Result:
    texts = [str(argument) for argument in arguments]
    return CliRunner().invoke(application(texts), texts, prog_name="lambdakit")


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    return write_stacks(tmp_path / "out", {"shop": {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}})


def test_mermaid_goes_to_standard_output(assembly: Path) -> None:
    drawn = run("graph", assembly)

    assert (drawn.exit_code, drawn.stdout.splitlines()[0]) == (0, "flowchart LR")


@pytest.mark.parametrize(
    ("name", "options", "start"),
    [
        ("picture.svg", (), "<?xml"),
        ("picture.mmd", (), "flowchart LR"),
        ("PICTURE.SVG", (), "<?xml"),
        ("picture.txt", ("--format", "svg"), "<?xml"),
        ("picture.png", ("--format", "mermaid"), "flowchart LR"),
    ],
)
def test_file_is_written_in_the_form_that_fits(
    assembly: Path, tmp_path: Path, name: str, options: tuple[str, ...], start: str
) -> None:
    drawn = run("graph", assembly, "-o", tmp_path / name, *options)

    assert (drawn.exit_code, drawn.stdout) == (0, "")
    assert (tmp_path / name).read_text().startswith(start)


@pytest.mark.parametrize("name", ["picture.png", "picture.PDF"])
def test_a_form_that_is_not_drawn_is_refused_before_anything_is_read(tmp_path: Path, name: str) -> None:
    drawn = run("graph", tmp_path / "nothing", "-o", tmp_path / name)

    assert (drawn.exit_code, "[LK259]" in drawn.stderr) == (1, True)
    assert f"-o {tmp_path / 'picture.svg'}" in drawn.stderr
    assert not (tmp_path / name).exists()


def test_picture_of_nothing_is_a_message(tmp_path: Path) -> None:
    assembly = write_stacks(tmp_path / "out", {"shop": {"Resources": {"R": {"Type": "AWS::IAM::Role"}}}})

    drawn = run("graph", assembly)

    assert (drawn.exit_code, "[LK255]" in drawn.stderr) == (1, True)


def test_file_that_cannot_be_written_is_a_message(assembly: Path, tmp_path: Path) -> None:
    drawn = run("graph", assembly, "-o", tmp_path / "none" / "picture.svg")

    assert (drawn.exit_code, "[LK254]" in drawn.stderr) == (1, True)
