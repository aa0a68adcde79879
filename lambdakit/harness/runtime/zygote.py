"""A warmed parent process from this side: started, asked for forks, and gone with the harness.

    harness  --exec-->  launcher  --fork, exec-->  zygote  --fork-->  execution environments

The launcher makes the namespaces, since only a process with one thread may; `inside/` holds what runs there.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lambdakit.harness.runtime import external_extensions, process_tree
from lambdakit.harness.runtime.brief_calls import Buffer
from lambdakit.harness.runtime.environment_processes import EnvironmentProcesses, Processes
from lambdakit.harness.runtime.external_extensions import LostExtension
from lambdakit.harness.runtime.launcher import SandboxUnavailable
from lambdakit.harness.runtime.runtimes.family import PythonInterpreter

_INSIDE = Path(__file__).with_name("inside")
_LAUNCHER = (sys.executable, "-I", "-S", str(_INSIDE / "launcher.py"))
_START_SECONDS = 20
_FORK_SECONDS = 20
_KILL_SECONDS = 10
_STATUS_BYTES = 4096


class ForkedProcess:
    """The processes of an environment in a sandbox: the first one's end is the end of all.

    output, extension_output, exit_handle: as in `launcher.RuntimeProcess`. gate: what the runtime waits at for its
    extensions.
    """

    def __init__(
        self, *, handle: int, output: int, extension_output: int | None, status: int, gate: socket.socket | None
    ) -> None:
        self.output = output
        self.extension_output = extension_output
        self.exit_handle: int | None = status
        self._handle = handle
        self._exit_code: int | None = None
        self._status = b""
        self._lost_extension: LostExtension | None = None
        self._gate = gate
        self._lock = threading.Lock()
        self._buffer = Buffer(_STATUS_BYTES)
        for descriptor in (output, extension_output, status):
            if descriptor is not None:
                os.set_blocking(descriptor, False)
        self._first_pid = _host_pid(handle)
        self._members = EnvironmentProcesses(self._first_pid, includes_first=False)

    @property
    def first_pid(self) -> int:
        """The first process of the environment, as the harness sees it."""
        return self._first_pid

    @property
    def lost_extension(self) -> LostExtension | None:
        """The first extension that ended, of those that were started with the runtime; None while all are there."""
        return self._lost_extension

    @property
    def waits_at_gate(self) -> bool:
        """Whether `start_runtime` is still to be called."""
        return self._gate is not None

    def start_runtime(self) -> None:
        """Lets the runtime start, which waits for its extensions to register."""
        if self._gate is not None:
            with contextlib.suppress(OSError), self._gate:
                self._gate.send(b"go")
            self._gate = None

    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._exit_code is None and self.exit_handle is not None:
            self._read_status(self.exit_handle)
        return self._exit_code

    def _read_status(self, handle: int) -> None:
        data = self._buffer.read(handle)
        if data is None:
            return
        if not data:
            # An end without a status: the zygote is gone, and the kernel killed all that it had forked.
            self._exit_code = -signal.SIGKILL
            return
        *lines, self._status = (self._status + data).split(b"\n")
        for line in lines:
            kind, number, *name = line.split(b" ", 2)
            if kind == b"runtime":
                self._exit_code = int(number)
            elif self._lost_extension is None:
                lost = external_extensions.ended if kind == b"extension" else external_extensions.not_started
                self._lost_extension = lost(os.fsdecode(name[0]), int(number))

    def members(self) -> list[int]:
        """The pids of all that runs in the environment, without the first process, which only waits."""
        return self._members.members()

    def look(self) -> Processes:
        """What they hold, and whether they need freezing."""
        return self._members.look()

    def signal_runtime(self, number: int, *, extensions: int) -> None:
        """Signals the runtime, and nothing else; extensions: how many were started before it."""
        started = process_tree.children(self._first_pid)
        process_tree.signal_all(started[extensions : extensions + 1], number)

    def terminate(self) -> None:
        """Kills it and what it started, from any thread."""
        self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """Ends it and what it started at once, and lets go of every descriptor. Idempotent."""
        self.terminate()
        if self._gate is not None:
            self._gate.close()
            self._gate = None
        if self.exit_handle is None:
            return
        while self.exit_code() is None:
            ending = select.poll()  # select() itself knows no descriptor above 1023
            ending.register(self.exit_handle, select.POLLIN)
            if not ending.poll(_KILL_SECONDS * 1000):
                break
        self._members.close()
        with self._lock:
            _close(self._handle, self.output, self.extension_output, self.exit_handle)
            self._handle, self.output, self.extension_output, self.exit_handle = -1, -1, None, None

    def _signal(self, number: int) -> None:
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._handle >= 0:
                signal.pidfd_send_signal(self._handle, number)


def _host_pid(handle: int) -> int:
    """The zygote's own numbers mean nothing outside its namespace. Source: proc(5), `fdinfo` of a pidfd."""
    for line in Path(f"/proc/self/fdinfo/{handle}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise ProcessLookupError(handle)


class Zygote:
    """A warmed parent in a sandbox. SandboxUnavailable when it does not come up.

    preload: `sdk` or `nothing`, see `inside/zygote.py`. patience_seconds: how long a fork may take.
    """

    def __init__(
        self, interpreter: PythonInterpreter, *, preload: str, patience_seconds: float = _FORK_SECONDS
    ) -> None:
        self._patience_seconds = patience_seconds
        self._asked = 0
        self._slots: set[str] = set()  # of the environments that were made
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._launcher = subprocess.Popen(
                    [
                        sys.executable,
                        "-I",
                        "-S",
                        str(_INSIDE / "launcher.py"),
                        str(theirs.fileno()),
                        _settings(interpreter, preload),
                    ],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    env={"LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")},
                    cwd="/",
                )
            self._control.settimeout(_START_SECONDS)
            self._await_ready()
        except BaseException:
            self.close()
            raise

    def fork(self, settings: Mapping[str, Any], ports: Sequence[int]) -> tuple[ForkedProcess, list[socket.socket]]:
        """An environment and its sockets as `inside/environment.py` makes them: listeners, connectors, the network's.

        OSError when it cannot be made; it has no /tmp then, unless it had one before.
        """
        slot = str(settings["slot"])
        try:
            made = self._forked(settings, ports)
        except BaseException:
            if slot not in self._slots:
                self.release(slot)
            raise
        self._slots.add(slot)
        return made

    def _forked(self, settings: Mapping[str, Any], ports: Sequence[int]) -> tuple[ForkedProcess, list[socket.socket]]:
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            output, output_in = _pipe(ours, theirs)
            status, status_in = _pipe(ours, theirs)
            extension_output, extension_output_in = _pipe(ours, theirs) if settings["extensions"] else (None, None)
            ready, ready_in = socket.socketpair()
            ours.callback(ready.close)
            theirs.callback(ready_in.close)
            given = [output_in, ready_in.fileno(), status_in]
            given += [] if extension_output_in is None else [extension_output_in]
            with self._lock:
                answer, handles = self._ask({**settings, "ports": list(ports)}, given)
            if "error" in answer:
                raise OSError(answer["error"])
            if not handles:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            ours.callback(os.close, handles[0])
            gate = ready if settings["extensions"] else None
            process = ForkedProcess(
                handle=handles[0], output=output, extension_output=extension_output, status=status, gate=gate
            )
            ours.pop_all()
        around = 0 if settings["relays"] is None else 2 + len(settings["relays"])
        ready.settimeout(self._patience_seconds)
        return process, _sockets(ready, process, len(ports) + settings["connectors"] + around)

    def _ask(self, settings: Mapping[str, Any], descriptors: Sequence[int]) -> tuple[Mapping[str, Any], list[int]]:
        """The answer to a request, and its handle. One that came too late for its own request is none to another."""
        self._asked += 1
        request = json.dumps({"fork": settings, "number": self._asked}).encode()
        socket.send_fds(self._control, [request], list(descriptors))
        while True:
            data, handles, _, _ = socket.recv_fds(self._control, 4096, 1)
            if not data:
                return {"error": "the warmed parent is gone"}, []
            answer = json.loads(data)
            if answer["number"] == self._asked:
                return answer, handles
            _close(*handles)  # the process finds nobody to hand its sockets to, and ends

    @property
    def alive(self) -> bool:
        """Whether it can still fork."""
        return self._launcher.poll() is None

    def release(self, slot: str) -> None:
        """Lets go of the /tmp of an environment that is gone."""
        self._slots.discard(slot)
        with self._lock, contextlib.suppress(OSError):
            self._control.send(json.dumps({"release": slot}).encode())

    def close(self) -> None:
        """Ends the zygote, and every environment with it. Idempotent."""
        self._control.close()
        launcher = getattr(self, "_launcher", None)
        if launcher is not None:
            try:
                launcher.wait(_KILL_SECONDS)
            except subprocess.TimeoutExpired:
                launcher.kill()
                launcher.wait()
            launcher.stderr.close()

    def _await_ready(self) -> None:
        try:
            greeting = self._control.recv(64)
        except OSError as error:
            raise SandboxUnavailable(f"the warmed parent did not answer: {error}") from None
        if greeting:
            self._control.settimeout(self._patience_seconds)
            return
        self._control.close()
        _, text = self._launcher.communicate()
        lines = text.decode("utf-8", "replace").strip().splitlines()
        raise SandboxUnavailable(lines[-1] if lines else "the warmed parent ended at once")


def _pipe(readers: contextlib.ExitStack, writers: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe whose ends are closed with what they are on."""
    reader, writer = os.pipe()
    readers.callback(os.close, reader)
    writers.callback(os.close, writer)
    return reader, writer


def _close(*descriptors: int | None) -> None:
    for descriptor in descriptors:
        if descriptor is not None:
            os.close(descriptor)


def _sockets(ready: socket.socket, process: ForkedProcess, count: int) -> list[socket.socket]:
    try:
        data, descriptors, _, _ = socket.recv_fds(ready, 16, count)
    except OSError:
        process.kill()
        ready.close()
        raise
    if not process.waits_at_gate:
        ready.close()
    sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    if data and len(sockets) == count:
        return sockets
    for each in sockets:
        each.close()
    text = b""
    with contextlib.suppress(OSError):
        text = os.read(process.output, 4096)
    process.kill()
    raise OSError(text.decode("utf-8", "replace").strip() or "the execution environment could not start")


def _settings(interpreter: PythonInterpreter, preload: str) -> str:
    return json.dumps(
        {
            "lang": str(interpreter.prefix),
            "python": interpreter.program,
            "packages": interpreter.packages,
            "runtime": str(interpreter.image.resolve()),
            "inside": str(_INSIDE.resolve()),
            "preload": preload,
        }
    )
