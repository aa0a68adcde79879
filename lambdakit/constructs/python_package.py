"""A Python function's directory with its dependencies, built by uv for the function's own Python and architecture.

    handler directory + uv.lock | pyproject.toml | requirements.txt -> a directory in the cache, to ship as it is

What goes in decides what comes out: the directory is named by a hash of the sources, the lock, Python, architecture
and uv's version, and is built once. Nothing is built from source, as that would build for this machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lambdakit.constructs.code_asset import package_files
from lambdakit.errors import Diagnostic, SynthesisError
from lambdakit.limits import MIB, PACKAGE_UNZIPPED_BYTES_MAX

# A change of what is built from the same input is a new number.
_FORMAT: Final = "1"
_TIMEOUT_SECONDS: Final = 600
_NO_WHEEL: Final = re.compile(r"Wheels are required for `([^`]+)`")
_NOT_FOUND: Final = re.compile(r"(?:Because |and )(\S+) was not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonTarget:
    """What a package is built for. python: `3.13`. architecture: as Lambda calls it, `arm64` or `x86_64`.

    is_layer: everything then lies below `python/`, where Lambda looks into layers.
    """

    python: str
    architecture: str
    is_layer: bool = False

    @property
    def platform(self) -> str:
        """As uv calls it.

        Source: Lambda Developer Guide, "Lambda runtimes": Python 3.12 and later on Amazon Linux 2023, which has glibc
        2.34, those before on Amazon Linux 2, which has 2.26.
        """
        machine = "aarch64" if self.architecture == "arm64" else "x86_64"
        modern = tuple(int(part) for part in self.python.split(".")) >= (3, 12)
        return f"{machine}-{'manylinux_2_34' if modern else 'manylinux_2_17'}"


def dependency_file(directory: Path) -> Path | None:
    """The file that says what the directory's code needs; None when nothing does, and it ships as it is.

    A lock goes before a project, a project before requirements. A pyproject.toml without dependencies says nothing.
    """
    lock, project, requirements = (directory / name for name in ("uv.lock", "pyproject.toml", "requirements.txt"))
    if lock.is_file() and project.is_file():
        return lock
    if project.is_file() and re.search(r"^\s*dependencies\s*=\s*\[\s*[^\]\s]", project.read_text("utf-8"), re.M):
        return project
    if requirements.is_file() and any(_requirements(requirements.read_text("utf-8"))):
        return requirements
    return None


def built_package(
    pointer: str, directory: Path, target: PythonTarget, *, cache: Path | None = None, scripts: Path | None = None
) -> Path:
    """The directory to ship: the sources and what they need.

    pointer: of the setting that names the directory, for messages. cache: absent, the user's cache directory.
    scripts: where uv is looked for before PATH; absent, beside this interpreter.
    SynthesisError when uv is missing, a dependency has no wheel for the target, or the package is too large.
    """
    needs = dependency_file(directory)
    assert needs is not None
    uv = _uv(pointer, needs, scripts or Path(sysconfig.get_path("scripts")))
    built = (cache or _cache_directory()) / _key(directory, target, uv)
    if not built.is_dir():
        built.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=built.parent, prefix=".building-") as work:
            _build(pointer, directory, needs, target, uv, Path(work))
            _check_size(pointer, Path(work, "package"))
            try:
                Path(work, "package").rename(built)
            except OSError:
                if not built.is_dir():  # another process was faster
                    raise
    return built


def _build(pointer: str, directory: Path, needs: Path, target: PythonTarget, uv: str, work: Path) -> None:
    package = work / "package"
    root = package / "python" if target.is_layer else package
    root.mkdir(parents=True)
    requirements = needs
    if needs.name == "uv.lock":
        requirements = work / "requirements.txt"
        export = ["export", "--frozen", "--no-dev", "--no-editable", "--no-emit-project", "--quiet"]
        _run(pointer, needs, [uv, *export, "--output-file", str(requirements)], directory, target)
    install = [uv, "pip", "install", "--quiet", "--target", str(root), "--requirement", str(requirements)]
    chosen = ["--python-platform", target.platform, "--python-version", target.python, "--only-binary", ":all:"]
    plain = ["--no-installer-metadata", "--link-mode", "copy", "--no-compile-bytecode"]
    _run(pointer, needs, [*install, *chosen, *plain], directory, target)
    (root / ".lock").unlink(missing_ok=True)
    shutil.rmtree(root / "bin", ignore_errors=True)  # start scripts that name this machine's interpreter
    for path in package_files(directory):
        place = root / path.relative_to(directory)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place, follow_symlinks=False)


def _run(pointer: str, needs: Path, command: list[str], directory: Path, target: PythonTarget) -> None:
    # An active environment would decide about the interpreter.
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SynthesisError(
            Diagnostic(
                pointer=pointer,
                problem=f"uv did not install what {needs} names within {_TIMEOUT_SECONDS} seconds",
                code="LK416",
                hint="try `uv pip install` by hand to see what it waits for",
            )
        ) from None
    if done.returncode != 0:
        raise SynthesisError(_refusal(pointer, needs, target, done.stderr))


def _refusal(pointer: str, needs: Path, target: PythonTarget, said: str) -> Diagnostic:
    text = " ".join(said.split()).removeprefix("error: ")
    where = f"Python {target.python} on {target.architecture}"
    if found := _NO_WHEEL.search(said):
        return Diagnostic(
            pointer=pointer,
            problem=f"{found[1]}, which {needs} needs, has no wheel for {where}, and nothing is built from source",
            code="LK416",
            hint=f"choose a version of {found[1]} that has one, or another architecture, or ship it in a layer",
        )
    if "network was disabled" in said:
        hint = "the index is out of reach: unset UV_OFFLINE, or install once while it is not"
    elif found := _NOT_FOUND.search(said):
        hint = f"is {found[1]} spelled right, and in the index that uv uses?"
    else:
        hint = f"mend {needs.name}"
    return Diagnostic(
        pointer=pointer, problem=f"{needs} cannot be installed for {where}: {text}", code="LK416", hint=hint
    )


def _uv(pointer: str, needs: Path, scripts: Path) -> str:
    beside = scripts / "uv"
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise SynthesisError(
            Diagnostic(
                pointer=pointer,
                problem=f"{needs} names dependencies, and uv, which installs them, is not there",
                code="LK416",
                hint="pip install 'lambdakit[package]'; or ship the directory as it is: Code.from_asset(…)",
            )
        )
    return found


def _key(directory: Path, target: PythonTarget, uv: str) -> str:
    digest = hashlib.sha256()
    version = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    for part in _parts(directory, target, version):
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


def _parts(directory: Path, target: PythonTarget, version: str) -> Iterator[bytes]:
    yield from (each.encode() for each in (_FORMAT, version, target.platform, target.python, str(target.is_layer)))
    for path in package_files(directory):
        yield path.relative_to(directory).as_posix().encode(errors="surrogateescape")
        if path.is_symlink():
            yield b"link " + os.fsencode(path.readlink())
        else:
            yield b"runs" if os.access(path, os.X_OK) else b"read"
            yield hashlib.sha256(path.read_bytes()).digest()


def _check_size(pointer: str, package: Path) -> None:
    # Source: Lambda Developer Guide, "Lambda quotas": deployment package, unzipped, with all layers
    sizes: dict[str, int] = {}
    for path in package.rglob("*"):
        if path.is_file() and not path.is_symlink():
            relative = path.relative_to(package)
            top = relative.parts[1] if relative.parts[0] == "python" and len(relative.parts) > 1 else relative.parts[0]
            sizes[top] = sizes.get(top, 0) + path.stat().st_size
    total = sum(sizes.values())
    if total > PACKAGE_UNZIPPED_BYTES_MAX:
        largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
        raise SynthesisError(
            Diagnostic(
                pointer=pointer,
                problem=f"with its dependencies it has {total / MIB:.1f} MiB, above "
                f"{PACKAGE_UNZIPPED_BYTES_MAX // MIB} MiB, the most an unzipped package may have",
                code="LK403",
                hint="the largest are " + ", ".join(f"{name} ({sizes[name] / MIB:.1f} MiB)" for name in largest),
            )
        )


def _requirements(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if stripped := line.partition("#")[0].strip():
            yield stripped


def _cache_directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lambdakit" / "packages"
