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
from tests.fakes.pauses import VARIABLE

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


@pytest.mark.parametrize(("seconds", "is_paused"), [("", False), ("0", False), ("0.01", True)])
def test_pauses_are_put_in_when_they_are_asked_for(seconds: str, is_paused: bool) -> None:
    put = "import threading; own = threading.Event.set; from tests.fakes.pauses import put_pauses; put_pauses()"
    tell = "print(threading.Event.set is not own); each = threading.Event(); each.set(); assert each.is_set()"

    child = subprocess.run(
        [sys.executable, "-c", f"{put}; {tell}"],
        cwd=_ROOT,
        env={**os.environ, VARIABLE: seconds},
        capture_output=True,
        text=True,
        check=True,
    )

    assert child.stdout.strip() == str(is_paused)


def test_a_run_with_pauses_asks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "steps", lambda **_: ())
    monkeypatch.setenv(VARIABLE, "")

    assert check.main(["--pauses"]) == 0

    assert 0 < float(os.environ[VARIABLE]) < 1


def test_ci_runs_the_readmes_command() -> None:
    script = _ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == _COMMAND
    assert _COMMAND in (_ROOT / "README.md").read_text()
