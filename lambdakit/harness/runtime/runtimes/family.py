"""What the launchers ask of a family of runtimes: how a function is started, on the host and in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.records import dataclass


class RuntimeUnavailable(Exception):
    """This machine cannot run the function. The text says what would. code, status: of the Lambda API's error."""

    code = "InvalidRuntimeException"
    status = 502


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonInterpreter:
    """An interpreter and the runtime image that belongs to it.

    executable: runs on the host. prefix: what is shown as `/var/lang`. program: its path below the prefix.
    packages: those of the folders of installed packages, which no function may see.
    image: the packages that stand in `/var/runtime`.
    """

    executable: Path
    prefix: Path
    program: str
    packages: tuple[str, ...]
    version: tuple[int, int]
    image: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStart:
    """A process on the host as it is.

    directory: where it starts; None for the package. variables: the family's own defaults. problem: why the function's
    program cannot start, in the kernel's words; empty when it can. `command` then ends at once.
    """

    command: tuple[str, ...]
    runtime_directory: str
    directory: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxStart:
    """A process in the sandbox, where `/var/task`, `/opt` and `/tmp` are what they are on AWS.

    parent: the interpreter whose warmed parent is forked. preload: what that parent has in memory, `sdk` or `nothing`.
    path: the search path of a Python function that the fork itself runs; None when it executes `command` instead.
    directory: where that starts. binds: further host paths and where they are seen. problem: as in `HostStart`.
    """

    parent: PythonInterpreter
    preload: str
    path: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    directory: str = "/var/task"
    binds: tuple[tuple[Path, str], ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a function is started from once all that takes time has been done.

    configuration: as it was, but for `code` and `layers`, which may be other directories. notes: what had to be changed
    for this machine, for the trace; empty when nothing was.
    """

    configuration: FunctionConfiguration
    notes: tuple[str, ...] = ()


class RuntimeFamily(Protocol):
    """A family of runtimes, such as all Python versions."""

    def runs(self, configuration: FunctionConfiguration) -> bool:
        """Whether the function names a runtime of this family."""

    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """Does what takes seconds the first time, such as building an image, before any start is timed.

        RuntimeUnavailable when nothing here can run the function.
        """

    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The interpreter, for the trace, and how it differs from AWS; empty when it does not.

        RuntimeUnavailable when nothing here can run the function.
        """

    def on_host(self, configuration: FunctionConfiguration) -> HostStart:
        """How to start the function on the host. RuntimeUnavailable when nothing here can."""

    def in_sandbox(self, configuration: FunctionConfiguration) -> SandboxStart:
        """How to start the function in the sandbox. RuntimeUnavailable when nothing here can."""
