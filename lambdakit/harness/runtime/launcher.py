"""How an execution environment comes to its process: the seam between what runs a function and where it runs.

Two of them: `SpawnLauncher` starts an interpreter on the host as it is, `ForkLauncher` (in `fork_launcher`) forks a
sandboxed child from a warmed parent.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Protocol

from lambdakit.harness.listener import LOOPBACK
from lambdakit.harness.runtime import external_extensions, leftovers
from lambdakit.harness.runtime.environment_processes import Processes
from lambdakit.harness.runtime.external_extensions import LostExtension
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.leftover_watch import LeftoverWatch
from lambdakit.harness.runtime.loopback_sockets import LoopbackSockets
from lambdakit.harness.runtime.runtime_process import SpawnedProcess
from lambdakit.harness.runtime.runtimes.family import Prepared
from lambdakit.harness.runtime.runtimes.registry import Runtimes
from lambdakit.harness.runtime.system_refusals import told_as_unavailable
from lambdakit.records import dataclass

# Without a sandbox the SDKs would find the configuration of the user who runs the harness.
_NO_CONFIGURATION = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

VariablesAt = Callable[["Place"], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a function finds things.

    runtime_api: `host:port`. layer_roots: the winning one first. defaults: variables of the runtime's own, which the
    user's override.
    """

    runtime_api: str
    task_root: str
    runtime_directory: str
    layer_roots: tuple[str, ...]
    defaults: Mapping[str, str]


class RuntimeProcess(Protocol):
    """The first process of an execution environment."""

    @property
    def output(self) -> int:
        """Descriptor to read what it writes; never blocks."""

    @property
    def exit_handle(self) -> int | None:
        """Descriptor that turns readable when the process ends; None where the system has none."""

    @property
    def extension_output(self) -> int | None:
        """Descriptor to read what its external extensions write; never blocks. None when there are none."""

    @property
    def lost_extension(self) -> LostExtension | None:
        """The first extension that ended, of those that were started with the runtime; None while all are there."""

    def members(self) -> list[int]:
        """The pids, as the harness sees them, of the runtime and of all that it started and that is still there."""

    def look(self) -> Processes:
        """The same, with the most memory that any of them held, and whether they need freezing between invocations."""

    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""

    def terminate(self) -> None:
        """Kills it and what it started, from any thread; whoever owns it still has to `kill` it."""

    def kill(self) -> None:
        """Ends it and what it started at once, and lets go of every descriptor. Idempotent."""


def _nothing() -> None:
    """What has to be done for a runtime that waits for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A started process and the listening socket of its Runtime API. problem: as in `HostStart`.

    extensions: the external ones that were started with it. start_runtime: to be called once they have registered.
    signal_runtime: signals the runtime, and not them. loopback: sockets with which they can be reached.
    """

    process: RuntimeProcess
    runtime_api: socket.socket
    signal_runtime: Callable[[int], None]
    problem: str = ""
    extensions: tuple[str, ...] = ()
    start_runtime: Callable[[], None] = _nothing
    loopback: LoopbackSockets = field(default_factory=LoopbackSockets)


class SandboxUnavailable(Exception):
    """No sandbox can be made on this machine. The text says why."""


class Launcher(Protocol):
    """Starts processes for execution environments."""

    def start(self) -> None:
        """Does ahead what the first launch would wait for. SandboxUnavailable when this launcher cannot work here."""

    def close(self) -> None:
        """Ends what it started ahead. Idempotent."""

    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """Does what a launch would wait for and what its time must not count; called before each one.

        RuntimeUnavailable when nothing can run the function.
        """

    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The interpreter, for the trace, and how it differs from AWS; RuntimeUnavailable when nothing can run it."""

    def launch(self, configuration: FunctionConfiguration, environment: str, variables: VariablesAt) -> Launched:
        """Starts a process for an environment. RuntimeUnavailable when that cannot be done."""

    def release(self, environment: str) -> None:
        """Lets go of what outlives the processes of an environment: its /tmp."""


class SpawnLauncher:
    """Starts the function's interpreter on the host, without a sandbox.

    `/var/task` and `/opt` are then the host's directories, and environment variables and search paths name those.
    note: why there is no sandbox, for the trace.
    """

    def __init__(self, runtimes: Runtimes, *, note: str) -> None:
        self._runtimes = runtimes
        self._note = note
        self._watch = LeftoverWatch()

    def start(self) -> None:
        """Builds the runtime image."""
        _ = self._runtimes.own_interpreter

    def close(self) -> None:
        """Ends what functions left behind."""
        self._watch.close()

    @told_as_unavailable()
    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """What the function is started from."""
        return self._runtimes.family(configuration).prepare(configuration)

    @told_as_unavailable()
    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The interpreter and how it differs from AWS."""
        interpreter, note = self._runtimes.family(configuration).describe(configuration)
        return interpreter, "; ".join(filter(None, (note, self._note, *_without_a_sandbox(configuration))))

    @told_as_unavailable()
    def launch(self, configuration: FunctionConfiguration, environment: str, variables: VariablesAt) -> Launched:
        """Starts a process in a group of its own."""
        del environment
        start = self._runtimes.family(configuration).on_host(configuration)
        listening = socket.create_server((LOOPBACK, 0), backlog=16)
        host, port = listening.getsockname()[:2]
        place = Place(
            runtime_api=f"{host}:{port}",
            task_root=str(configuration.code),
            runtime_directory=start.runtime_directory,
            layer_roots=tuple(str(layer) for layer in reversed(configuration.layers)),
            defaults={**start.variables, **_NO_CONFIGURATION},
        )
        try:
            directory = configuration.code if start.directory is None else start.directory
            own = variables(place)
            self._watch.add(leftovers.mark_of(own))
            process = SpawnedProcess(start.command, variables=own, directory=directory)
        except BaseException:
            listening.close()
            raise
        return Launched(process=process, runtime_api=listening, signal_runtime=process.signal, problem=start.problem)

    def release(self, environment: str) -> None:
        """Nothing outlives a process: /tmp is the host's."""


def _without_a_sandbox(configuration: FunctionConfiguration) -> Iterator[str]:
    yield _without_extensions(configuration)
    if configuration.file_systems:
        yield "nothing is at /mnt: without a sandbox no file system is mounted"
    if configuration.vpc_subnet_ids:
        yield (
            "only its calls of AWS APIs can be held to the network of its VPC: without a sandbox its other "
            "connections are made from this machine, to whatever that reaches"
        )


def _without_extensions(configuration: FunctionConfiguration) -> str:
    """What the trace says of external extensions; empty when the function has none."""
    names = external_extensions.names_in(configuration.layers)
    if not names:
        return ""
    return (
        f"its external extensions ({', '.join(names)}) are not started: without a sandbox there is no /opt, "
        "sandbox.localdomain is no name, and every environment would listen on the same ports of this machine"
    )
