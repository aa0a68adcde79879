"""A real package for another machine and Python, in a function that runs."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from lambdakit.trace import RuntimeNote
from tests.fakes.function_host import FunctionHost, json_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wheel it looks for is a Linux one")

HERE = platform.machine()
AWAY = "aarch64" if HERE == "x86_64" else "x86_64"
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


class TestRealPackage:
    def test_wheel_for_another_machine_and_python_runs_here(self, host: FunctionHost) -> None:
        function = host.function(
            """
            import markupsafe._speedups

            def handler(event, context):
                return [markupsafe._speedups.__file__, markupsafe.escape("<")]
            """,
            architecture=ARCHITECTURES[AWAY],
        )
        _download("markupsafe==3.0.2", function.code)
        assert list(function.code.glob(f"markupsafe/*cpython-313-{AWAY}-linux-gnu.so"))

        result = host.invoke(function)

        file, escaped = json_of(result)
        assert file.startswith(("/var/task/", str(function.code.anchor)))
        assert HERE in file
        assert escaped == "&lt;"
        notes = [event.note for event in host.trace.events() if isinstance(event, RuntimeNote)]
        assert any(note.startswith("MarkupSafe 3.0.2 is built for Python 3.13 on") for note in notes), notes


def _download(requirement: str, target: Path) -> None:
    """Installs a wheel for Python 3.13 on the other architecture, as for AWS; skips when the index is not there."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    command += ["--only-binary=:all:", "--python-version", "3.13", "--implementation", "cp", "--retries", "0"]
    command += ["--platform", f"manylinux2014_{AWAY}", requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "connection broken by" in done.stderr or "No module named pip" in done.stderr:
        pytest.skip(f"no package index: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
