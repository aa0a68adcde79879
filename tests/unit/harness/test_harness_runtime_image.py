"""The packages that stand behind a managed Python runtime, for the harness's own interpreter and for others."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import subprocess
from pathlib import Path

import pytest

from lambdakit.harness.runtime.interpreters import Interpreter, own_interpreter
from lambdakit.harness.runtime.package_cache import PackagesUnavailable
from lambdakit.harness.runtime.runtime_image import RuntimeImages, cache_directory
from tests.fakes.fake_wheels import use_only, use_unreachable_index, write_wheel


@pytest.fixture
def images(tmp_path: Path) -> RuntimeImages:
    return RuntimeImages(tmp_path / "cache", fallback=tmp_path / "fallback")


@pytest.fixture
def other() -> Interpreter:
    """An interpreter that works and is not taken for the harness's own."""
    return dataclasses.replace(own_interpreter(), is_own=False)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index with a runtime client and an SDK that hold nothing."""
    for name in ("awslambdaric", "boto3"):
        write_wheel(tmp_path / "wheels", name, "9.9", "py3-none-any", {f"{name}/__init__.py": "VERSION = '9.9'\n"})
    use_only(tmp_path / "wheels", monkeypatch)
    return tmp_path / "wheels"


class TestOwnInterpreter:
    def test_image_holds_the_client_and_the_sdk_and_nothing_else_of_the_environment(
        self, images: RuntimeImages
    ) -> None:
        image = images.of(own_interpreter())

        importable = {path.name for path in image.iterdir() if not path.name.endswith(".dist-info")}
        assert {"awslambdaric", "boto3", "botocore", "urllib3", "dateutil", "six.py"} <= importable
        assert not {"pytest", "moto", "lambdakit", "werkzeug", "pip"} & importable

    def test_image_has_the_versions_that_are_installed(self, images: RuntimeImages) -> None:
        image = images.of(own_interpreter())

        command = [str(own_interpreter().executable), "-I", "-S", "-c", _VERSION_IN.format(path=str(image))]
        told = subprocess.run(command, capture_output=True, text=True, check=True)

        assert told.stdout.strip() == importlib.metadata.version("boto3")

    def test_image_is_made_once(self, images: RuntimeImages, tmp_path: Path) -> None:
        first = images.of(own_interpreter())
        marker = first / "marker"
        marker.write_text("")

        again = RuntimeImages(tmp_path / "cache", fallback=tmp_path / "fallback").of(own_interpreter())

        assert (again, marker.exists()) == (first, True)

    def test_image_exists_only_once_it_was_made(self, images: RuntimeImages) -> None:
        before = images.existing(own_interpreter())
        made = images.of(own_interpreter())

        assert (before, images.existing(own_interpreter())) == (None, made)

    def test_cache_that_cannot_be_written_is_done_without(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("a file")

        image = RuntimeImages(tmp_path / "cache", fallback=tmp_path / "fallback").of(own_interpreter())

        assert image.is_relative_to(tmp_path / "fallback")


_VERSION_IN = "import sys; sys.path.append({path!r}); import boto3; print(boto3.__version__)"


@pytest.mark.usefixtures("wheels")
class TestOtherInterpreter:
    def test_image_comes_from_the_index(self, images: RuntimeImages, other: Interpreter) -> None:
        image = images.of(other)

        assert sorted(path.name for path in image.iterdir() if "." not in path.name) == ["awslambdaric", "boto3"]
        assert (image / "boto3/__init__.py").read_text() == "VERSION = '9.9'\n"

    def test_image_is_not_the_own_one(self, images: RuntimeImages, other: Interpreter) -> None:
        assert images.of(other) != images.of(own_interpreter())

    def test_image_once_made_needs_no_index(
        self, images: RuntimeImages, other: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = images.of(other)
        use_only(tmp_path / "empty", monkeypatch)

        again = RuntimeImages(tmp_path / "cache", fallback=tmp_path / "fallback").of(other)

        assert again == image

    def test_failure_says_why_and_leaves_nothing_to_be_taken_for_an_image(
        self, images: RuntimeImages, other: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("PIP_NO_INDEX")
        use_unreachable_index(monkeypatch)

        with pytest.raises(PackagesUnavailable, match="cannot be reached"):
            images.of(other)

        assert images.existing(other) is None
        assert [path for path in (tmp_path / "cache/images").iterdir() if path.is_dir()] == []


class TestCacheDirectory:
    @pytest.mark.parametrize(
        ("variables", "expected"),
        [
            ({"LAMBDAKIT_CACHE": "/one", "XDG_CACHE_HOME": "/two"}, "/one"),
            ({"LAMBDAKIT_CACHE": "", "XDG_CACHE_HOME": "/two"}, "/two/lambdakit"),
            ({"HOME": "/home/me"}, "/home/me/.cache/lambdakit"),
        ],
    )
    def test_place_follows_the_user_s_settings(
        self, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("LAMBDAKIT_CACHE", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        assert cache_directory() == Path(expected)
