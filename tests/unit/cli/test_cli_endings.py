"""How a process of the command line ends when it is interrupted or cannot write: an exit code, and no traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")

# While a module is looked for, a signal comes, and is told in another exception, as pydantic tells of one that comes
# while it builds a model.
INTERRUPTED = """
    import os
    import sys

    class Interrupting:
        def find_spec(self, name, path=None, target=None):
            if name == "lambdakit.spec.schema":
                try:
                    os.kill(os.getpid(), SIGNAL)
                except BaseException as error:
                    raise ValueError(f"error building a model: {type(error).__name__}") from None

    sys.meta_path.insert(0, Interrupting())
"""

# Root may read everything but for these two rights. Source: capabilities(7)
RIGHTS = "-dac_override,-dac_read_search"
WITHOUT_RIGHTS = ["setpriv", "--bounding-set", RIGHTS, "--inh-caps", RIGHTS] if os.geteuid() == 0 else []


def beside_a_secret(directory: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """The command line in a directory with a document that nobody may read."""
    (directory / "secret.yaml").write_text("application: shop")
    (directory / "secret.yaml").chmod(0)
    command = [*WITHOUT_RIGHTS, sys.executable, "-m", "lambdakit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=directory, check=False)


@needs_full
@pytest.mark.parametrize("arguments", [["schema"], ["explain", "LK111"], ["--version"], ["--help"]], ids=" ".join)
def test_a_full_disk_is_a_message(arguments: list[str]) -> None:
    with FULL.open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "lambdakit", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "nothing more can be written: no space left on device [LK260]",
        "  hint: make room where it goes, and run it again",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_is_told_in_another_exception_ends_as_ever(tmp_path: Path, number: signal.Signals) -> None:
    text = textwrap.dedent(INTERRUPTED).replace("SIGNAL", str(int(number)))
    (tmp_path / "sitecustomize.py").write_text(text)

    ended = subprocess.run(
        [sys.executable, "-m", "lambdakit", "schema"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + number, "", "")


@pytest.mark.skipif(bool(WITHOUT_RIGHTS) and shutil.which("setpriv") is None, reason="root may read everything")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["validate", "secret.yaml"], "secret.yaml: the file cannot be read: permission denied [LK100]"),
        (["synth", "secret.yaml"], "secret.yaml: the file cannot be read: permission denied [LK100]"),
        (["eject", "secret.yaml"], "secret.yaml: the file cannot be read: permission denied [LK100]"),
        (["import", "secret.yaml"], "secret.yaml: the file cannot be read: permission denied [LK100]"),
        (["import", "secret.yaml", "-o", "secret.yaml"], "secret.yaml: there is a file already"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_file_that_may_not_be_read_is_a_diagnostic(tmp_path: Path, arguments: list[str], told: str) -> None:
    ended = beside_a_secret(tmp_path, arguments)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(told)


@pytest.mark.skipif(bool(WITHOUT_RIGHTS) and shutil.which("setpriv") is None, reason="root may read everything")
@pytest.mark.parametrize(
    "arguments", [["graph", "closed"], ["graph", "secret.yaml"], ["run", "closed"], ["init", "closed"]], ids=" ".join
)
def test_what_the_file_system_refuses_is_a_diagnostic(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "closed").mkdir(mode=0)

    ended = beside_a_secret(tmp_path, arguments)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Traceback" not in ended.stderr
    assert "permission denied" in ended.stderr
    assert arguments[-1] in ended.stderr
