"""Runtimes that AWS has and the harness cannot run, with the way out for each."""

from __future__ import annotations

import re
from typing import NoReturn

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.runtimes.family import HostStart, Prepared, RuntimeUnavailable, SandboxStart

_WAYS_OUT = {
    "java": "build it as a native image (GraalVM) with a bootstrap",
    "dotnet": "publish it with Native AOT (.NET SDK), which makes a bootstrap",
    "ruby": "add a bootstrap to the package that starts aws_lambda_ric (a gem) on a Ruby of this machine",
    "go": "build it as a program called bootstrap (Go)",
}
_FAMILY = re.compile(rf"({'|'.join(_WAYS_OUT)})[\d.]")


class RefusedRuntime:
    """Java, .NET, Ruby and the old Go: nothing in here starts them."""

    def runs(self, configuration: FunctionConfiguration) -> bool:
        """Whether the function names one of these."""
        return _FAMILY.match(configuration.runtime) is not None

    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """RuntimeUnavailable."""
        _refuse(configuration)

    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """RuntimeUnavailable."""
        _refuse(configuration)

    def on_host(self, configuration: FunctionConfiguration) -> HostStart:
        """RuntimeUnavailable."""
        _refuse(configuration)

    def in_sandbox(self, configuration: FunctionConfiguration) -> SandboxStart:
        """RuntimeUnavailable."""
        _refuse(configuration)


def _refuse(configuration: FunctionConfiguration) -> NoReturn:
    match = _FAMILY.match(configuration.runtime)
    assert match is not None
    raise RuntimeUnavailable(
        f"{configuration.name} uses runtime {configuration.runtime}, which the harness cannot run: it has runtime "
        f"clients for Python and Node.js only. To run it here, {_WAYS_OUT[match[1]]}, and use provided.al2023"
    )
