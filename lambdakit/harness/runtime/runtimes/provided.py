"""The OS-only runtimes: the function brings its own runtime, a program called `bootstrap`.

Source: AWS Lambda Developer Guide, "Building a custom runtime for AWS Lambda"; the texts of a `bootstrap` that cannot
start are those that users of AWS report, for instance in awslabs/aws-lambda-dart-runtime, issue 20, aws/aws-lambda-go,
issue 554, aws/aws-lambda-dotnet, issue 1671, and aws-samples/aws-lambda-layer-kubectl, issue 39.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from pathlib import Path

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.runtimes.family import (
    HostStart,
    Prepared,
    PythonInterpreter,
    RuntimeUnavailable,
    SandboxStart,
)
from lambdakit.harness.runtime.runtimes.program_file import machine_of, start_problem

_IDENTIFIERS = frozenset({"provided.al2", "provided.al2023"})
_HOST = {"aarch64": "arm64", "amd64": "x86_64"}
_NOTHING = ("/bin/sh", "-c", ":")


class ProvidedRuntime:
    """`provided.al2` and `provided.al2023`, on this machine's own libraries.

    parent: the interpreter whose fork becomes the function's program in a sandbox.
    """

    def __init__(self, parent: Callable[[], PythonInterpreter]) -> None:
        self._parent = parent

    def runs(self, configuration: FunctionConfiguration) -> bool:
        """Whether the function names an OS-only runtime."""
        return configuration.runtime in _IDENTIFIERS

    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """The function as it is. RuntimeUnavailable when its program is for another kind of machine than this one."""
        found = _bootstrap(configuration)
        machine = None if found is None else machine_of(found[0])
        if machine == configuration.architecture != own_machine():
            raise RuntimeUnavailable(
                f"{configuration.name} brings a bootstrap for {machine}, and this machine is {own_machine()}: "
                f"build it, and the function, for {own_machine()} to run it here"
            )
        return Prepared(configuration=configuration)

    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The runtime's name, and that its libraries are not Amazon Linux's."""
        return (
            configuration.runtime,
            f"runs on this machine's own system libraries, not on those of {_system(configuration)}",
        )

    def on_host(self, configuration: FunctionConfiguration) -> HostStart:
        """The program where it lies."""
        problem = _problem(configuration)
        found = None if problem else _bootstrap(configuration)
        command = _NOTHING if found is None else (str(found[0].absolute()),)
        return HostStart(command=command, runtime_directory="/var/runtime", problem=problem)

    def in_sandbox(self, configuration: FunctionConfiguration) -> SandboxStart:
        """The program where Lambda has it."""
        problem = _problem(configuration)
        found = None if problem else _bootstrap(configuration)
        command = _NOTHING if found is None else (found[1],)
        return SandboxStart(parent=self._parent(), preload="nothing", command=command, problem=problem)


def _system(configuration: FunctionConfiguration) -> str:
    return "Amazon Linux 2023" if configuration.runtime == "provided.al2023" else "Amazon Linux 2"


def _candidates(configuration: FunctionConfiguration) -> Iterator[tuple[Path, str]]:
    """Where the program may lie, and where the function sees that; a later layer wins."""
    yield configuration.code / "bootstrap", "/var/task/bootstrap"
    for layer in reversed(configuration.layers):
        yield layer / "bootstrap", "/opt/bootstrap"


def _bootstrap(configuration: FunctionConfiguration) -> tuple[Path, str] | None:
    return next((found for found in _candidates(configuration) if found[0].is_file()), None)


def _problem(configuration: FunctionConfiguration) -> str:
    """Why there is no program that the kernel would execute, in AWS's words; empty when there is one."""
    found = _bootstrap(configuration)
    if found is None:
        return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    path, shown = found
    return start_problem(path, shown, configuration, machine=configuration.architecture)


def own_machine() -> str:
    """This machine's architecture, as Lambda calls it."""
    name = platform.machine().lower()
    return _HOST.get(name, name)
