"""Folders that are built once for all harnesses of this user, and packages from the index in them.

A folder appears whole or not at all. Of several processes that want the same one, one builds it and the others wait.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from lambdakit.harness.runtime.interpreters import Interpreter, own_interpreter

_ROOT = Path("/")  # no folder of the user's: an installer would read its configuration there
_INSTALL_SECONDS = 300
_COMPILE_SECONDS = 120
_REASON_LENGTH = 300
# What a user sets for packages of their own would lead these elsewhere.
_LEFT_OUT = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_CONSTRAINT", "PIP_REQUIREMENT", "PIP_NO_BINARY")
_OVERRIDES = {"PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0", "PIP_ROOT_USER_ACTION": "ignore"}


class PackagesUnavailable(Exception):
    """Packages could not be installed. The text says why, in one line."""


def built_once(target: Path, build: Callable[[Path], None]) -> Path:
    """`target`, once it exists.

    build: fills a folder beside it, which then takes its name. What it raises goes on, and leaves nothing behind.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(target.with_name(f"{target.name}.lock")):
        if target.exists():
            return target
        for left_behind in target.parent.glob(f"{target.name}.*.partial"):
            shutil.rmtree(left_behind, ignore_errors=True)
        building = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".partial", dir=target.parent))
        try:
            build(building)
            building.chmod(0o755)
            building.rename(target)
        except OSError:
            if not target.exists():  # else a process that the lock does not hold off was first
                raise
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return target


def built_in_either(cache: Path, fallback: Path, below: Path, build: Callable[[Path], None]) -> Path:
    """As `built_once`, at `below` in a cache, or in its fallback where nothing can be written to the cache."""
    try:
        return built_once(cache / below, build)
    except OSError:
        return built_once(fallback / below, build)


def install(requirements: Sequence[str], target: Path, interpreter: Interpreter, *, dependencies: bool) -> None:
    """Puts wheels for `interpreter` and this machine into `target`, byte-compiled. PackagesUnavailable when it cannot.

    Nothing is built and no code of a package runs. The interpreter itself runs the installer, so that version and
    platform are judged as they are; indexes and proxies are those that the user has configured.
    """
    command = [*_installer(interpreter), "--target", str(target), "--only-binary", ":all:"]
    if not dependencies:
        command.append("--no-deps")
    variables = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT} | _OVERRIDES
    if interpreter.library_path:
        variables["LD_LIBRARY_PATH"] = interpreter.library_path
    run_installer([*command, *requirements], variables, seconds=_INSTALL_SECONDS, reason=_reason)
    shutil.rmtree(target / "bin", ignore_errors=True)
    # Functions cannot write there, and an import would take seconds.
    compiling = [str(interpreter.executable), "-I", "-m", "compileall", "-q", "-j", "0", str(target)]
    with contextlib.suppress(PackagesUnavailable):  # a file for another version of Python is no reason to fail
        run_installer(compiling, variables, seconds=_COMPILE_SECONDS, reason=_reason)


def run_installer(
    command: Sequence[str],
    variables: Mapping[str, str],
    *,
    seconds: int,
    reason: Callable[[str], str],
    directory: Path = _ROOT,
) -> None:
    """Runs a package installer to its end. PackagesUnavailable when it fails, and why.

    seconds: the most it may take. reason: what its standard error says, in one line.
    """
    try:
        done = subprocess.run(
            command,
            env=variables,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            umask=0o022,  # functions run as another user
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PackagesUnavailable(f"the installer did not end within {seconds} s") from None
    except OSError as error:
        raise PackagesUnavailable(f"{command[0]} does not start: {error.strerror}") from None
    if done.returncode != 0:
        raise PackagesUnavailable(reason(done.stderr))


def _installer(interpreter: Interpreter) -> list[str]:
    """The command that installs: a pip that the interpreter carries, uv, or the pip of this environment."""
    program = [str(interpreter.executable), "-I"]
    options = ["install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", "--retries", "1"]
    if any((folder / "pip" / "__main__.py").is_file() for folder in interpreter.packages):
        return [*program, "-m", "pip", *options]
    bundled = _bundled_pip(interpreter)
    if bundled is not None:
        return [*program, str(bundled / "pip"), *options]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--quiet", "--python", str(interpreter.executable)]
    present = importlib.util.find_spec("pip")
    if present is not None and present.origin is not None:
        return [*program, str(Path(present.origin).parent), *options]
    bundled = _bundled_pip(own_interpreter())
    if bundled is not None:
        return [*program, str(bundled / "pip"), *options]
    raise PackagesUnavailable(f"neither {interpreter.executable} nor {sys.executable} has pip, and uv is not on PATH")


def _bundled_pip(interpreter: Interpreter) -> Path | None:
    """The newest wheel of pip that came with an interpreter; Debian keeps its own in a folder for all of them."""
    folders = [folder / "ensurepip" / "_bundled" for folder in interpreter.library]
    for folder in (*folders, interpreter.prefix / "share" / "python-wheels"):
        wheels = sorted(folder.glob("pip-*.whl"))
        if wheels:
            return wheels[-1]
    return None


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # After a connection failed, pip's last word is that there is no such package.
    failed = [line.partition("connection broken by ")[2] for line in lines if "connection broken by " in line]
    if failed:
        return f"the package index cannot be reached: {failed[-1]}"[:_REASON_LENGTH]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["the installer failed without a word"])[-1][:_REASON_LENGTH]


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Waits until no other process holds the same lock; the kernel lets go of it when its holder dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: the last step is atomic all the same
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
