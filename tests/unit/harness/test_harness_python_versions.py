"""Python functions on every interpreter of this machine: the version they declare is the one they run on."""

from __future__ import annotations

import dataclasses
import functools
import os
from pathlib import Path

import pytest

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.interpreters import MINORS, Interpreters, own_interpreter, usual_places
from lambdakit.harness.runtime.runtime_image import cache_directory
from lambdakit.trace import EnvironmentStarted, RuntimeNote
from tests.fakes.function_host import FunctionHost, error_of, json_of, own_lines


@functools.cache
def interpreters() -> Interpreters:
    return Interpreters(usual_places(os.environ, Path.home()), cache=cache_directory())


PRESENT = [minor for minor in MINORS if interpreters().exact(minor) is not None]
ABSENT = [minor for minor in (8, *MINORS, MINORS[-1] + 2) if interpreters().exact(minor) is None]


def notes(host: FunctionHost) -> list[str]:
    return [event.note for event in host.trace.events() if isinstance(event, RuntimeNote)]


def declared(host: FunctionHost, minor: int, source: str) -> FunctionConfiguration:
    """A function for Python 3.`minor`; skips when that has no image and no index is there to bring one."""
    function = host.function(source, runtime=f"python3.{minor}")
    _, note = host.launcher.describe(function)
    if "the package index cannot be reached" in note:
        pytest.skip(note)
    return function


@pytest.mark.parametrize("minor", PRESENT)
class TestPresent:
    def test_function_runs_on_the_version_it_declares(self, host: FunctionHost, minor: int) -> None:
        function = declared(
            host,
            minor,
            """
            import sys

            def handler(event, context):
                return [list(sys.version_info[:2]), context.function_name]
            """,
        )

        assert json_of(host.invoke(function)) == [[3, minor], "fn"]
        assert notes(host) == []
        (started,) = [event for event in host.trace.events() if isinstance(event, EnvironmentStarted)]
        assert started.interpreter.startswith(f"python3.{minor}.")

    def test_sdk_is_there_and_nothing_else_of_the_interpreter_s_packages(self, host: FunctionHost, minor: int) -> None:
        function = declared(
            host,
            minor,
            """
            import importlib.util, subprocess, sys
            import boto3, ctypes, hashlib, sqlite3, ssl, zoneinfo

            def handler(event, context):
                tables, buckets = boto3.client("dynamodb"), boto3.client("s3")
                found = [name for name in ("pip", "setuptools", "pytest", "wheel") if importlib.util.find_spec(name)]
                child = [sys.executable, "-c", "import boto3; print(boto3.__version__)"]
                told = subprocess.run(child, capture_output=True, text=True).stdout.strip()
                return [type(tables).__name__, type(buckets).__name__, found, told == boto3.__version__]
            """,
        )

        assert json_of(host.invoke(function)) == ["DynamoDB", "S3", [], True]

    def test_stack_trace_and_output_are_the_version_s_own(self, host: FunctionHost, minor: int) -> None:
        function = declared(
            host,
            minor,
            """
            import sys

            def handler(event, context):
                print(f"on 3.{sys.version_info.minor}")
                return {}["missing"]
            """,
        )

        result = host.invoke(function)

        error = error_of(result)
        assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'missing'")
        assert "in handler" in error["stackTrace"][0]
        assert own_lines(result)[0].strip() == f"on 3.{minor}"

    def test_syntax_that_the_version_does_not_have_is_refused(self, host: FunctionHost, minor: int) -> None:
        function = declared(
            host, minor, "def handler(event, context):\n    match event:\n        case _: return 'matched'\n"
        )

        result = host.invoke(function)

        if minor >= 10:
            assert json_of(result) == "matched"
        else:
            assert error_of(result)["errorType"] == "Runtime.UserCodeSyntaxError"

    def test_environment_is_kept_for_the_next_event(self, host: FunctionHost, minor: int) -> None:
        function = declared(
            host, minor, "calls = []\ndef handler(event, context):\n    calls.append(event)\n    return len(calls)\n"
        )

        assert [json_of(host.invoke(function)) for _ in range(3)] == [1, 2, 3]

    def test_layer_for_the_version_is_searched(self, host: FunctionHost, minor: int, tmp_path: Path) -> None:
        for other in (minor, minor + 1):
            folder = tmp_path / "layer/python/lib" / f"python3.{other}" / "site-packages"
            folder.mkdir(parents=True)
            (folder / "layered.py").write_text(f"VALUE = {other}\n")
        source = "import layered\ndef handler(event, context): return layered.VALUE\n"
        function = declared(host, minor, source)
        layered = dataclasses.replace(function, layers=(tmp_path / "layer",))

        assert json_of(host.invoke(layered)) == minor


@pytest.mark.parametrize("minor", ABSENT)
def test_nearest_version_stands_in_and_the_trace_says_so(host: FunctionHost, minor: int) -> None:
    nearest = interpreters().choose(minor)
    function = declared(host, minor, "import sys\ndef handler(event, context): return sys.version_info.minor\n")

    told = [json_of(host.invoke(function)) for _ in range(2)]

    assert told == [nearest.minor] * 2
    (note,) = notes(host)
    assert note.startswith(f"runs on {nearest.name}")
    assert note.endswith(f", not on Python 3.{minor} as on AWS")


def test_user_s_python_path_is_searched_after_the_package(host: FunctionHost) -> None:
    source = "import first, vendored\ndef handler(event, context): return [first.VALUE, vendored.VALUE]\n"
    function = host.function(source, environment={"PYTHONPATH": "/var/task/vendor:lib::"})
    for folder, name in (("", "first"), ("vendor", "first"), ("lib", "vendored")):
        (function.code / folder).mkdir(exist_ok=True)
        (function.code / folder / f"{name}.py").write_text(f"VALUE = {folder!r}\n")

    assert json_of(host.invoke(function)) == ["", "lib"]


def test_own_version_is_among_those_tried() -> None:
    assert own_interpreter().minor in PRESENT
