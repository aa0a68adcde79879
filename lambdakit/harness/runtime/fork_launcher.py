"""Forks execution environments into a sandbox from warmed parents.

Two parents: one with boto3 in memory, and one without for packages that bring a version of their own. They are started
ahead, started again when one dies, and end with the harness.
"""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lambdakit.harness.listener import RequestHandler
from lambdakit.harness.network.service_names import service_variables
from lambdakit.harness.runtime import external_extensions
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.environment_processes import Processes
from lambdakit.harness.runtime.external_extensions import LostExtension
from lambdakit.harness.runtime.file_systems import FileSystems
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launched, Place, SandboxUnavailable, VariablesAt
from lambdakit.harness.runtime.loopback_sockets import LoopbackSockets
from lambdakit.harness.runtime.runtimes.family import Prepared, PythonInterpreter, RuntimeUnavailable, SandboxStart
from lambdakit.harness.runtime.runtimes.registry import Runtimes
from lambdakit.harness.runtime.system_refusals import told_as_unavailable
from lambdakit.harness.runtime.zygote import ForkedProcess, Zygote

_RUNTIME_API_PORT = 9001  # as on AWS

_AUTHORITY = "LAMBDAKIT_CERTIFICATE_AUTHORITY"  # the Node.js client takes it away before the function sees it


class InnerListeners(Protocol):
    """Who serves listeners made inside a sandbox."""

    def attach(self, listeners: Sequence[tuple[socket.socket, RequestHandler]]) -> None:
        """Serves each listener with its handler."""

    def detach(self, listeners: Sequence[socket.socket]) -> None:
        """Stops serving and closes listeners."""


class NetworkWatch(Protocol):
    """Who stands for the world around the network namespaces."""

    def relayed(self) -> Sequence[tuple[str, int]]:
        """Addresses and ports at which a new environment is to have listeners."""

    def attach(
        self,
        environment: str,
        *,
        pid: int,
        ports: Collection[int],
        sockets: Sequence[socket.socket],
        relays: Sequence[tuple[str, int]],
    ) -> None:
        """Serves a new environment, with its resolver, its packet socket and a listener for each of `relays`.

        ports: on which something listens at every address.
        """

    def detach(self, environment: str) -> None:
        """Lets go of an environment that is gone."""


class ForkLauncher:
    """Starts environments in a sandbox.

    reachable: what an environment can reach, by port: the harness's endpoint and its front doors.
    endpoint_port: where it has the AWS APIs; only asked with `network`.
    network: absence leaves nothing but those: no name resolves, and every other address is unreachable at once.
    authority: the certificate that Node.js functions are to trust, PEM; empty while nothing is reached by HTTPS.
    files: of the file systems that functions have; absence: no function has one.
    """

    def __init__(
        self,
        runtimes: Runtimes,
        *,
        code: CodeStore,
        listeners: InnerListeners,
        reachable: Callable[[str], Mapping[int, RequestHandler]],
        authority: Callable[[], str] = str,
        network: NetworkWatch | None = None,
        endpoint_port: Callable[[], int] = lambda: 0,
        files: FileSystems | None = None,
    ) -> None:
        self._files = files
        self._network = network
        self._endpoint_port = endpoint_port
        self._authority = authority
        self._runtimes = runtimes
        self._code = code
        self._listeners = listeners
        self._reachable = reachable
        self._parents: dict[tuple[PythonInterpreter, str], _Parent] = {}
        self._slots: dict[str, Zygote] = {}  # by environment: who keeps its /tmp
        self._closed = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Starts the parent that most functions need. SandboxUnavailable when this machine allows no sandbox."""
        self._parent(self._runtimes.own_interpreter, "sdk").get()

    @told_as_unavailable()
    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """What the function is started from, with its warmed parent started as well."""
        family = self._runtimes.family(configuration)
        prepared = family.prepare(configuration)
        start = family.in_sandbox(prepared.configuration)
        try:
            self._parent(start.parent, start.preload).get()
        except SandboxUnavailable as unavailable:
            raise RuntimeUnavailable(f"no execution environment could be made: {unavailable}") from None
        notes = () if self._files is None else self._files.notes_on(configuration.file_systems)
        return dataclasses.replace(prepared, notes=(*prepared.notes, *notes)) if notes else prepared

    @told_as_unavailable()
    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The interpreter and how it differs from AWS."""
        return self._runtimes.family(configuration).describe(configuration)

    @told_as_unavailable()
    def launch(self, configuration: FunctionConfiguration, environment: str, variables: VariablesAt) -> Launched:
        """Forks a process. RuntimeUnavailable when that cannot be done."""
        reachable = self._reachable(environment)
        start = self._runtimes.family(configuration).in_sandbox(configuration)
        settings = self._settings(configuration, start, environment, variables)
        try:
            parent = self._parent(start.parent, start.preload)
            zygote, process, sockets = parent.fork(settings, [_RUNTIME_API_PORT, *reachable])
            runtime_api, inner, others = sockets[0], sockets[1 : len(reachable) + 1], sockets[len(reachable) + 1 :]
            connectors, around = others[: settings["connectors"]], others[settings["connectors"] :]
        except SandboxUnavailable as unavailable:
            raise RuntimeUnavailable(f"no execution environment could be made: {unavailable}") from None
        with self._lock:
            self._slots[environment] = zygote
        self._listeners.attach(list(zip(inner, reachable.values(), strict=True)))
        if self._network is not None:
            relays = [(address, port) for address, port in settings["relays"]]
            self._network.attach(
                environment, pid=process.first_pid, ports=reachable.keys(), sockets=around, relays=relays
            )
        sandboxed = _Sandboxed(process, lambda: self._detach(environment, inner))
        return Launched(
            process=sandboxed,
            runtime_api=runtime_api,
            problem=start.problem,
            extensions=tuple(settings["extensions"]),
            start_runtime=process.start_runtime,
            signal_runtime=lambda number: process.signal_runtime(number, extensions=len(settings["extensions"])),
            loopback=LoopbackSockets(connectors),
        )

    def release(self, environment: str) -> None:
        """Lets go of the /tmp of an environment."""
        with self._lock:
            zygote = self._slots.pop(environment, None)
        if zygote is not None:
            zygote.release(environment)

    def close(self) -> None:
        """Ends the parents, and every environment with them. Idempotent."""
        with self._lock:
            self._closed = True
            parents = list(self._parents.values())
        for parent in parents:
            parent.close()

    def _detach(self, environment: str, listeners: Sequence[socket.socket]) -> None:
        self._listeners.detach(listeners)
        if self._network is not None:
            self._network.detach(environment)

    def _calls_by_name(self, configuration: FunctionConfiguration) -> bool:
        """Whether the function finds each AWS API at a name of its own."""
        return self._network is not None and bool(configuration.vpc_subnet_ids)

    def _service_endpoints(self, configuration: FunctionConfiguration) -> Mapping[str, str]:
        if not self._calls_by_name(configuration):
            return {}
        return service_variables(configuration.region, self._endpoint_port())

    def _trusted(self, configuration: FunctionConfiguration) -> Mapping[str, str]:
        authority = self._authority() if configuration.runtime.startswith("nodejs") else ""
        return {_AUTHORITY: authority} if authority else {}

    def _parent(self, interpreter: PythonInterpreter, preload: str) -> _Parent:
        with self._lock:
            if self._closed:
                raise SandboxUnavailable("the harness is closing")
            return self._parents.setdefault((interpreter, preload), _Parent(interpreter, preload))

    def _mounts(self, configuration: FunctionConfiguration) -> list[tuple[str, str, int, int]]:
        """Of each file system the directory, its place in the environment, and what it is to be known by there."""
        roots = [(self._files and self._files.root_of(mount.arn), mount) for mount in configuration.file_systems]
        return [(str(root.path), mount.path, root.device, root.inode) for root, mount in roots if root]

    def _settings(
        self, configuration: FunctionConfiguration, start: SandboxStart, environment: str, variables: VariablesAt
    ) -> dict[str, Any]:
        place = Place(
            runtime_api=f"127.0.0.1:{_RUNTIME_API_PORT}",
            task_root="/var/task",
            runtime_directory="/var/runtime",
            layer_roots=("/opt",),
            defaults=start.variables,
        )
        binds = [[str(configuration.code.resolve()), "/var/task"]]
        if configuration.layers:
            binds.append([str(self._code.merged(configuration.layers).resolve()), "/opt"])
        binds += [[str(source.resolve()), target] for source, target in start.binds]
        extensions = external_extensions.names_in(configuration.layers)
        runs = {"command": list(start.command)} if start.command is not None else {"path": list(start.path or ())}
        return {
            "slot": environment,
            "tmp_mib": configuration.ephemeral_storage_mib,
            "binds": binds,
            "directory": start.directory,
            "variables": {
                **self._service_endpoints(configuration),
                **variables(place),
                **self._trusted(configuration),
            },
            "extensions": extensions,
            "file_systems": self._mounts(configuration),
            # One for each that may subscribe to telemetry, and one for what runs inside the runtime.
            "connectors": len(extensions) + 1,
            "relays": None if self._network is None else self._network.relayed(),
            "listens_on": "0.0.0.0" if self._calls_by_name(configuration) else "127.0.0.1",
            **runs,
        }


@dataclass(slots=True)
class _Sandboxed:
    """A forked process that takes its listeners with it when it is killed."""

    _process: ForkedProcess
    _detach: Callable[[], None] | None

    @property
    def output(self) -> int:
        return self._process.output

    @property
    def exit_handle(self) -> int | None:
        return self._process.exit_handle

    @property
    def extension_output(self) -> int | None:
        return self._process.extension_output

    @property
    def lost_extension(self) -> LostExtension | None:
        return self._process.lost_extension

    def exit_code(self) -> int | None:
        return self._process.exit_code()

    def members(self) -> list[int]:
        return self._process.members()

    def look(self) -> Processes:
        return self._process.look()

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()
        if self._detach is not None:
            self._detach()
            self._detach = None


class _Parent:
    """A zygote that is started when it is first needed, and again when it died."""

    def __init__(self, interpreter: PythonInterpreter, preload: str) -> None:
        self._interpreter = interpreter
        self._preload = preload
        self._zygote: Zygote | None = None
        self._closed = False
        self._lock = threading.Lock()

    def get(self) -> Zygote:
        """The running zygote. SandboxUnavailable when there cannot be one."""
        with self._lock:
            if self._closed:
                raise SandboxUnavailable("the harness is closing")
            if self._zygote is None:
                self._zygote = Zygote(self._interpreter, preload=self._preload)
            return self._zygote

    def fork(
        self, settings: Mapping[str, Any], ports: Sequence[int]
    ) -> tuple[Zygote, ForkedProcess, list[socket.socket]]:
        """A fork; from a new zygote when the one there is gone."""
        zygote = self.get()
        if not zygote.alive:
            with self._lock:
                if self._zygote is zygote:
                    self._zygote = None
            zygote.close()
            zygote = self.get()
        process, sockets = zygote.fork(settings, ports)
        return zygote, process, sockets

    def close(self) -> None:
        """Ends the zygote."""
        with self._lock:
            self._closed = True
            zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.close()
