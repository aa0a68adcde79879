"""The Python runtimes: AWS's runtime client on an interpreter of this machine.

Source: AWS Lambda Developer Guide, "Working with .zip file archives for Python Lambda functions" (search path).
"""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.runtime_image import RuntimeImage
from lambdakit.harness.runtime.runtimes.family import HostStart, PythonInterpreter, SandboxStart

_IDENTIFIER = re.compile(r"python3\.(\d+)")
_BOOTSTRAP = Path(__file__).parents[1] / "python_bootstrap.py"
_SDK_NAMES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")


class PythonRuntime:
    """`python3.x`, on the harness's own interpreter."""

    def __init__(self, image: RuntimeImage) -> None:
        self._image = image

    def runs(self, configuration: FunctionConfiguration) -> bool:
        """Whether the function names a Python runtime."""
        return _IDENTIFIER.fullmatch(configuration.runtime) is not None

    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The interpreter, and how it differs from AWS."""
        own = f"python{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
        minor = _minor(configuration)
        if minor == sys.version_info.minor:
            return own, ""
        return own, f"runs on {own}, the harness's own interpreter, not on Python 3.{minor} as on AWS"

    def on_host(self, configuration: FunctionConfiguration) -> HostStart:
        """A new interpreter, isolated from the environment that the harness is installed in."""
        image = str(self._image.directory)
        layers = [path for root in reversed(configuration.layers) for path in _in_layer(configuration, str(root))]
        options = ("-I", "-S", "-X", "utf8")
        return HostStart(
            command=(sys.executable, *options, str(_BOOTSTRAP), str(configuration.code), *layers, image),
            runtime_directory=image,
        )

    def in_sandbox(self, configuration: FunctionConfiguration) -> SandboxStart:
        """A fork of a warmed parent; of one without boto3 when the function brings a version of its own."""
        interpreter = self.interpreter(configuration)
        major, minor = interpreter.version
        library = f"/var/lang/lib/python{major}.{minor}"
        standard = (f"/var/lang/lib/python{major}{minor}.zip", library, f"{library}/lib-dynload")
        layers = tuple(_in_layer(configuration, "/opt")) if configuration.layers else ()
        return SandboxStart(
            parent=interpreter,
            preload="nothing" if _brings_sdk(configuration) else "sdk",
            path=("/var/task", *layers, *standard, "/var/runtime"),
        )

    def interpreter(self, configuration: FunctionConfiguration | None = None) -> PythonInterpreter:
        """The interpreter for a function. Absence: the harness's own."""
        del configuration
        prefix = Path(sys.base_prefix).resolve()
        version = (sys.version_info.major, sys.version_info.minor)
        return PythonInterpreter(
            executable=Path(sys.executable),
            prefix=prefix,
            program=f"bin/python{version[0]}.{version[1]}",
            site_packages=str(Path(sysconfig.get_path("purelib", vars={"base": str(prefix)})).relative_to(prefix)),
            version=version,
            image=self._image.directory,
        )


def _minor(configuration: FunctionConfiguration) -> int:
    match = _IDENTIFIER.fullmatch(configuration.runtime)
    assert match is not None
    return int(match[1])


def _in_layer(configuration: FunctionConfiguration, root: str) -> list[str]:
    return [f"{root}/python/lib/{configuration.runtime}/site-packages", f"{root}/python"]


def _brings_sdk(configuration: FunctionConfiguration) -> bool:
    """Whether the package or a layer carries part of the SDK in a version of its own."""
    roots = [configuration.code]
    for layer in configuration.layers:
        roots += [Path(path) for path in _in_layer(configuration, str(layer))]
    return any((root / name).exists() for root in roots for name in _SDK_NAMES)
