"""What is said about work that takes long."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from lambdakit.cli.progress import tell_missing_images, working
from lambdakit.cli.runtime_images import missing_images, runtime_images

if TYPE_CHECKING:
    from lambdakit.session.deployment import Deployment

OWN = f"python3.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDAKIT_CACHE", str(tmp_path / "cache"))


def of_runtimes(*runtimes: str) -> Deployment:
    functions = tuple(SimpleNamespace(runtime=runtime) for runtime in runtimes)
    return cast("Deployment", SimpleNamespace(functions=functions))


def test_an_image_that_is_missing_is_told_with_what_makes_it_ahead(capsys: pytest.CaptureFixture[str]) -> None:
    tell_missing_images(of_runtimes(OWN, OWN, "nodejs24.x", ""))

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert told.err.startswith(f"{OWN}: its runtime image is being made, once; ")
    assert f"lambdakit runtimes install {OWN}" in told.err


def test_an_image_that_is_there_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    runtime_images()[OWN].build()

    tell_missing_images(of_runtimes(OWN))

    assert capsys.readouterr().err == ""
    assert missing_images([OWN]) == []


@pytest.mark.parametrize("runtimes", [[], ["nodejs24.x"], ["python2.7"], ["provided.al2023", ""]])
def test_what_has_no_image_of_its_own_misses_none(runtimes: list[str]) -> None:
    assert missing_images(runtimes) == []


@pytest.mark.parametrize("is_terminal", [True, False])
def test_work_is_told_on_a_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    monkeypatch.setenv("TERM", "xterm")

    with working("deploying [red]app.yaml"):
        print("result")

    told = capsys.readouterr()
    assert ("deploying [red]app.yaml" in told.err) is is_terminal
    assert told.out == "result\n"


def test_what_goes_wrong_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with pytest.raises(ValueError, match="no"), working("deploying"):
        raise ValueError("no")
