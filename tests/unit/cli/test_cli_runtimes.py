"""`lambdakit runtimes`: what runs which runtime, and images built ahead."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lambdakit.cli.application import application
from tests.fakes.fake_wheels import use_unreachable_index

OWN = f"python3.{sys.version_info.minor}"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(application(("runtimes",)), ("runtimes", *arguments), prog_name="lambdakit")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMBDAKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def row(identifier: str) -> str:
    listed = run("list")
    assert listed.exit_code == 0
    return next(line for line in listed.stdout.splitlines() if line.startswith(f"{identifier} "))


def test_every_managed_runtime_has_a_row() -> None:
    listed = run("list")

    heading, *rows = listed.stdout.splitlines()
    assert (listed.exit_code, listed.stderr) == (0, "")
    assert heading.split() == ["RUNTIME", "RUNS", "ON", "IMAGE", "SIZE"]
    pythons = [f"python3.{minor}" for minor in range(9, 15)]
    assert [line.split()[0] for line in rows] == [*pythons, *(f"nodejs{major}.x" for major in range(10, 25, 2))]
    assert all("not installed" in line for line in rows)


def test_row_names_the_program_and_its_version() -> None:
    version = ".".join(map(str, sys.version_info[:3]))

    assert f"({version}, the harness's own)" in row(OWN)


def test_image_built_ahead_is_listed_with_its_size() -> None:
    installed = run("install", OWN)

    assert (installed.exit_code, installed.stderr) == (0, "")
    assert re.fullmatch(rf"{OWN}: .*; image installed in \d+\.\d s, \d+ MiB\n", installed.stdout)
    assert re.search(r"  installed +\d+ MiB$", row(OWN))


def test_image_that_is_there_is_not_built_again() -> None:
    run("install", OWN)

    again = run("install", OWN, OWN)

    assert again.exit_code == 0
    assert again.stdout.count("image was there already") == 1


@pytest.mark.parametrize("identifier", ["ruby3.3", "python3", "python2.7", "", "--target=x"])
def test_unknown_runtime_is_refused_with_those_there_are(identifier: str, cache: Path) -> None:
    refused = run("install", OWN, "--", identifier)

    assert refused.exit_code == 1
    assert f"{identifier!r} is no runtime that has an image, only python3.9, " in refused.stderr
    assert "[LK557]" in refused.stderr
    assert not (cache / "images").exists()


def test_install_needs_a_runtime() -> None:
    assert run("install").exit_code == 2


def test_failures_are_told_together_after_what_could_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    use_unreachable_index(monkeypatch)
    listed = run("list").stdout.splitlines()
    others = [line.split()[0] for line in listed if line.startswith("python") and "the harness's own" not in line]
    if not others:
        pytest.skip("there is no interpreter here but the harness's own")

    failed = run("install", others[0], OWN)

    assert failed.exit_code == 1
    assert failed.stdout.startswith(f"{OWN}: ")
    assert f"the image of {others[0]} for " in failed.stderr
    assert "[LK558]" in failed.stderr
    assert "Traceback" not in failed.stderr
