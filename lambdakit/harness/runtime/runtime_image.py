"""What stands behind a managed runtime on this machine: an interpreter, AWS's runtime client and the SDK.

A runtime image is a folder of links to exactly those packages, so that a function sees what it would see on AWS and
nothing else of the environment that lambdakit is installed in.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

# The client and the SDK, with what they import. Source: their own package metadata.
_PACKAGES = (
    "awslambdaric",
    "simplejson",
    "snapshot-restore-py",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "python-dateutil",
    "six",
    "urllib3",
)

_PYTHON_RUNTIME = re.compile(r"python3\.(\d+)")
_BOOTSTRAP = Path(__file__).with_name("python_bootstrap.py")


class RuntimeUnavailable(Exception):
    """This machine cannot run the function's runtime. The text says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeCommand:
    """How a function's process is started.

    interpreter: what it runs on, for the trace.
    note: how that differs from AWS; empty when it does not.
    """

    command: tuple[str, ...]
    task_root: str
    runtime_directory: str
    layer_roots: tuple[str, ...]
    interpreter: str
    note: str = ""


class RuntimeImage:
    """The packages of this interpreter that a Python function may import, linked into `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        for name, target in _links().items():
            link = directory / name
            if not link.is_symlink():
                link.symlink_to(target)

    def command_for(self, configuration: FunctionConfiguration) -> RuntimeCommand:
        """How to start `configuration`. RuntimeUnavailable when nothing here can."""
        if configuration.package_type != "Zip":
            raise RuntimeUnavailable(
                f"{configuration.name} is a container image, and the harness runs zip packages only so far"
            )
        match = _PYTHON_RUNTIME.fullmatch(configuration.runtime)
        if match is None:
            raise RuntimeUnavailable(
                f"{configuration.name} uses runtime {configuration.runtime}, and the harness runs python3.x only so far"
            )
        task_root = str(configuration.code)
        layer_roots = tuple(str(layer) for layer in reversed(configuration.layers))
        version = f"python3.{match[1]}"
        behind = [
            path for root in layer_roots for path in (f"{root}/python/lib/{version}/site-packages", f"{root}/python")
        ]
        return RuntimeCommand(
            command=(
                sys.executable,
                "-I",
                "-S",
                "-X",
                "utf8",
                str(_BOOTSTRAP),
                task_root,
                *behind,
                str(self.directory),
            ),
            task_root=task_root,
            runtime_directory=str(self.directory),
            layer_roots=layer_roots,
            interpreter=_interpreter(),
            note=_note(int(match[1])),
        )


def _interpreter() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"


def _note(minor: int) -> str:
    if minor == sys.version_info.minor:
        return ""
    return f"runs on {_interpreter()}, the harness's own interpreter, not on Python 3.{minor} as on AWS"


def _links() -> Mapping[str, Path]:
    """Name in the image -> what it links to: the top-level files and folders of the packages."""
    links: dict[str, Path] = {}
    for package in _PACKAGES:
        try:
            files = importlib.metadata.files(package) or []
        except importlib.metadata.PackageNotFoundError:
            raise RuntimeUnavailable(
                f"the package {package} is missing: install lambdakit with its extra, lambdakit[harness]"
            ) from None
        for file in files:
            top = file.parts[0]
            if top not in ("..", "__pycache__", "bin") and top not in links:
                links[top] = Path(str(file.locate())).parents[len(file.parts) - 1] / top
    return links
