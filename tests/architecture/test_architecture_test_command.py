"""The one test command: what it runs, when it stops, and that README and CI run the same one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests import check
from tests.check import Step, steps

_ROOT: Final = Path(__file__).parents[2]
_COMMAND: Final = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/python -m tests.check"


def test_tests_come_last() -> None:
    assert [step.headline for step in steps()] == ["format", "lint", "types", "tests"]


def test_long_tests_run_alone() -> None:
    last = steps(soak=True)[-1]

    assert last.arguments == ("-m", "soak", "-n", "0")


def test_what_repeats_others_runs_when_it_is_asked_for() -> None:
    last = steps(exhaustive=True)[-1]

    assert last.arguments[:2] == ("-m", "not soak")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param([], ["first", "failing"], id="stops"),
        pytest.param(["--keep-going"], ["first", "failing", "last"], id="keeps going"),
    ],
)
def test_failing_step_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str], expected: list[str]
) -> None:
    run = (
        Step(headline="first", module="platform"),
        Step(headline="failing", module="json.tool", arguments=("--no-such-option",)),
        Step(headline="last", module="py_compile", arguments=("no_such_file.py",)),
    )
    monkeypatch.setattr(check, "steps", lambda **_: run)

    exit_code = check.main(arguments)

    assert exit_code == 2
    assert [line.removeprefix("=== ") for line in capfd.readouterr().out.split("\n") if "===" in line] == expected


def test_arguments_that_are_not_its_own_go_to_pytest() -> None:
    child = subprocess.run(
        [sys.executable, "-m", "tests.check", "--help"], cwd=_ROOT, capture_output=True, text=True, check=False
    )

    assert child.returncode == 0
    assert steps(pytest_arguments=["-k", "x"])[-1].arguments[-2:] == ("-k", "x")


def test_ci_runs_the_readmes_command() -> None:
    script = _ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == _COMMAND
    assert _COMMAND in (_ROOT / "README.md").read_text()
