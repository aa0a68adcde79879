"""Functions that bring their own runtime, and runtimes that cannot be run.

Sources: AWS Lambda Developer Guide (DG), "Building a custom runtime for AWS Lambda"; the texts are those that users of
AWS report, see `runtimes/provided.py`.
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from tests.fakes.function_host import FunctionHost, error_of, json_of

OWN = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
OTHER = {"x86_64": "arm64", "arm64": "x86_64"}.get(OWN, "arm64")
MACHINES = {"x86_64": 62, "arm64": 183}

# A runtime in a few lines of shell: python3 stands in for curl, which not every machine has.
BOOTSTRAP = """#!/bin/sh
exec python3 -c '
import json, os, urllib.request as http
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
n = 0
while True:
    with http.urlopen(api + "next") as event:
        request_id, payload = event.headers["Lambda-Runtime-Aws-Request-Id"], json.load(event)
    n += 1
    print("event", n, flush=True)
    names = ("AWS_EXECUTION_ENV", "_X_AMZN_TRACE_ID", "_HANDLER", "PATH", "LAMBDA_TASK_ROOT")
    seen = {name: os.environ.get(name) for name in names}
    result = {"n": n, "from": "ORIGIN", "event": payload, "cwd": os.getcwd(), "seen": seen}
    http.urlopen(http.Request(api + request_id + "/response", json.dumps(result).encode()))
'
"""


def elf(machine: str) -> bytes:
    """The beginning of a program for `machine`."""
    return b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack("<HH", 2, MACHINES[machine]) + b"\0" * 44


def provided(
    host: FunctionHost, files: Mapping[str, str | bytes], *, mode: int = 0o755, **settings: Any
) -> FunctionConfiguration:
    """A function for an OS-only runtime; all its files have `mode`."""
    function = host.function("", handler="anything", **{"runtime": "provided.al2023", "architecture": OWN, **settings})
    for name, content in files.items():
        _write(function.code / name, content, mode)
    return function


def _write(path: Path, content: str | bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)


class TestBootstrap:
    @pytest.mark.parametrize("runtime", ["provided.al2", "provided.al2023"])
    def test_a_script_serves_events(self, host: FunctionHost, runtime: str) -> None:
        """DG/configuration-envvars: neither AWS_EXECUTION_ENV nor _X_AMZN_TRACE_ID, nor a language's folder in PATH."""
        function = provided(host, {"bootstrap": BOOTSTRAP.replace("ORIGIN", "package")}, runtime=runtime)

        first, second = host.invoke(function, {"a": 1}), host.invoke(function, "b")

        result = json_of(first)
        seen = result.pop("seen")
        assert result == {"n": 1, "from": "package", "event": {"a": 1}, "cwd": seen["LAMBDA_TASK_ROOT"]}
        assert (seen["AWS_EXECUTION_ENV"], seen["_X_AMZN_TRACE_ID"], seen["_HANDLER"]) == (None, None, "anything")
        assert seen["PATH"].startswith("/usr/local/bin:/usr/bin/:/bin")
        assert (json_of(second)["n"], json_of(second)["event"]) == (2, "b")
        assert "event 2" in second.log

    def test_the_package_s_comes_before_a_layer_s(self, host: FunctionHost, tmp_path: Path) -> None:
        """DG/runtimes-custom: /var/task/bootstrap before /opt/bootstrap; DG/chapter-layers: a later layer wins."""
        for layer in ("one", "two"):
            _write(tmp_path / layer / "bootstrap", BOOTSTRAP.replace("ORIGIN", layer), 0o755)
        layers = (tmp_path / "one", tmp_path / "two")

        from_layer = json_of(host.invoke(provided(host, {}, layers=layers, name="a")))
        files = {"bootstrap": BOOTSTRAP.replace("ORIGIN", "package")}
        from_package = json_of(host.invoke(provided(host, files, layers=layers, name="b")))

        assert (from_layer["from"], from_package["from"]) == ("two", "package")

    @pytest.mark.parametrize(
        ("files", "mode", "problem"),
        [
            pytest.param(
                {}, 0o755, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]", id="none"
            ),
            pytest.param(
                {"bootstrap/main": "#!/bin/sh\n"},
                0o755,
                "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
                id="a-folder",
            ),
            pytest.param(
                {"bootstrap": "#!/bin/sh\n"}, 0o644, "fork/exec /var/task/bootstrap: permission denied", id="no-program"
            ),
            pytest.param(
                {"bootstrap": "echo no first line\n"},
                0o755,
                "fork/exec /var/task/bootstrap: exec format error",
                id="text",
            ),
            pytest.param({"bootstrap": ""}, 0o755, "fork/exec /var/task/bootstrap: exec format error", id="empty"),
            pytest.param(
                {"bootstrap": elf(OTHER)}, 0o755, "fork/exec /var/task/bootstrap: exec format error", id="other-machine"
            ),
            pytest.param(
                {"bootstrap": "#!/bin/sh\r\n"},
                0o755,
                "fork/exec /var/task/bootstrap: no such file or directory",
                id="line-breaks-of-windows",
            ),
            pytest.param(
                {"bootstrap": "#!/opt/bin/php\n"},
                0o755,
                "fork/exec /var/task/bootstrap: no such file or directory",
                id="interpreter-missing",
            ),
        ],
    )
    def test_one_that_cannot_start(
        self, host: FunctionHost, files: dict[str, str | bytes], mode: int, problem: str
    ) -> None:
        result = host.invoke(provided(host, files, mode=mode))

        assert error_of(result) == {
            "errorType": "Runtime.InvalidEntrypoint",
            "errorMessage": f"RequestId: {result.request_id} Error: {problem}",
        }

    def test_one_that_ends(self, host: FunctionHost) -> None:
        result = host.invoke(provided(host, {"bootstrap": "#!/bin/sh\necho going\nexit 3\n"}))

        assert error_of(result)["errorType"] == "Runtime.ExitError"
        assert error_of(result)["errorMessage"].endswith("exit status 3")
        assert "going" in result.log

    def test_one_for_the_declared_machine_which_is_not_this_one_is_refused(self, host: FunctionHost) -> None:
        """On AWS it would run: that it does not here is no fault of the function's."""
        function = provided(host, {"bootstrap": elf(OTHER)}, architecture=OTHER)

        with pytest.raises(RuntimeUnavailable, match=f"a bootstrap for {OTHER}, and this machine is {OWN}"):
            host.invoke(function)


class TestRefused:
    @pytest.mark.parametrize(
        ("runtime", "way_out"),
        [
            ("java21", "GraalVM"),
            ("java8.al2", "GraalVM"),
            ("dotnet8", "Native AOT"),
            ("ruby3.4", "aws_lambda_ric"),
            ("go1.x", "Go"),
        ],
    )
    def test_other_languages_name_a_way_out(self, host: FunctionHost, runtime: str, way_out: str) -> None:
        function = host.function("", runtime=runtime)

        with pytest.raises(RuntimeUnavailable, match=way_out) as refusal:
            host.invoke(function)

        assert runtime in str(refusal.value)
        assert "provided.al2023" in str(refusal.value)

    @pytest.mark.parametrize("runtime", ["nodejs8.10", "nodejs26.x", "cobol"])
    def test_an_unknown_runtime_is_refused(self, host: FunctionHost, runtime: str) -> None:
        with pytest.raises(RuntimeUnavailable, match=runtime):
            host.invoke(host.function("", runtime=runtime))
