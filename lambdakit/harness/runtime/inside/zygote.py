"""The warmed parent that every execution environment is forked from. Runs in the sandbox's root, with one thread.

Arguments: the control socket's descriptor; `sdk` to have boto3 and its data in memory, `nothing` to have only the
runtime client.

A request is one JSON object. `{"fork": {...}, "number": n}`, with three descriptors (the environment's output, its
ready socket and its status pipe) and a fourth for the output of its extensions if it has any, starts an environment,
see `environment.start`; the answer is `{"pid": m, "number": n}` with the pidfd, or `{"error": text, "number": n}`.
`{"release": slot}` lets go of the /tmp of an environment that is gone, and has no answer.

The status pipe gets a line `runtime N` once the runtime ended with code N, `extension N name` for an extension, and
`launch N name` for one that could not be executed, with the number of the error. The zygote ends when the control
socket does, and the kernel then ends every environment with it.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import os
import select
import socket
import sys
from collections.abc import Mapping
from typing import Any

sys.path.insert(0, "/var/rapid")

import environment  # type: ignore[import-not-found]  # this folder is no package in there
import kernel  # type: ignore[import-not-found]
import lasting_objects  # type: ignore[import-not-found]
import memory_gaps  # type: ignore[import-not-found]

_REQUEST_BYTES = 1024 * 1024
_DESCRIPTORS_MIN = 3  # of a request to fork


class Zygote:
    """Forks environments and tells of their ends."""

    def __init__(self, control: socket.socket, *, limits_processes: bool) -> None:
        self._control = control
        self._limits_processes = limits_processes
        self._children: dict[int, tuple[int, int]] = {}  # handle -> pid and status pipe
        self._poll = select.poll()
        self._spare: tuple[int, int, socket.socket] | None = None  # handle, pid, and where it waits for its order
        self._own_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def serve(self) -> None:
        """Answers requests until the control socket ends."""
        self._poll.register(self._control, select.POLLIN)
        self._make_spare()
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self._children:
                    self._reap(descriptor)
                elif not self._answer():
                    return

    def _answer(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, _REQUEST_BYTES, 4)
        if not data:
            return False
        request = json.loads(data)
        if "release" in request:
            _release(environment.slot_path(request["release"]))
        else:
            self._fork(request["fork"], request["number"], descriptors)
        return True

    def _fork(self, settings: Mapping[str, Any], number: int, descriptors: list[int]) -> None:
        if len(descriptors) < _DESCRIPTORS_MIN:  # recvmsg(2): what there is no room for is closed
            for descriptor in descriptors:
                os.close(descriptor)
            self._control.send(json.dumps({"error": os.strerror(errno.EMFILE), "number": number}).encode())
            return
        output, ready, status, *extension_output = descriptors
        try:
            environment.make_slot(settings)
            handle, child = self._give_order(settings, descriptors)
        except OSError as error:
            os.close(status)
            self._control.send(json.dumps({"error": str(error), "number": number}).encode())
        else:
            self._children[handle] = child, status
            self._poll.register(handle, select.POLLIN)
            socket.send_fds(self._control, [json.dumps({"pid": child, "number": number}).encode()], [handle])
        finally:
            for descriptor in (output, ready, *extension_output):
                os.close(descriptor)
        self._make_spare()

    def _give_order(self, settings: Mapping[str, Any], descriptors: list[int]) -> tuple[int, int]:
        """Has the spare child become an environment, or another one when it is gone; its handle and its pid."""
        order = json.dumps(settings).encode()
        if self._spare is None:
            self._spare = self._fork_spare()
        try:
            _send_order(self._spare[2], order, descriptors)
        except OSError:
            self._let_go_of_spare()
            self._spare = self._fork_spare()
            _send_order(self._spare[2], order, descriptors)
        handle, child, orders = self._spare
        orders.close()
        self._spare = None
        return handle, child

    def _make_spare(self) -> None:
        """Forks the next environment's process while the last one's function starts; without one, a fork waits."""
        with contextlib.suppress(OSError):
            self._spare = self._fork_spare()

    def _fork_spare(self) -> tuple[int, int, socket.socket]:
        orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            kernel.unshare(kernel.NEWPID)
            child = os.fork()
            if child == 0:
                orders.close()
                self._become_environment(theirs)
            kernel.join_namespace(self._own_namespace, kernel.NEWPID)
        except BaseException:
            orders.close()
            raise
        finally:
            theirs.close()
        return os.pidfd_open(child), child, orders

    def _let_go_of_spare(self) -> None:
        if self._spare is not None:
            handle, child, orders = self._spare
            self._spare = None
            orders.close()
            os.close(handle)
            os.waitpid(child, 0)  # it ends with its orders

    def _become_environment(self, orders: socket.socket) -> None:
        """Waits for its order and runs the function; never returns."""
        try:
            others = [descriptor for handle, (_, pipe) in self._children.items() for descriptor in (handle, pipe)]
            for descriptor in (self._control.fileno(), self._own_namespace, *others):
                os.close(descriptor)
            failure = None
            try:
                environment.prepare()
            except OSError as error:
                failure = error
            settings, (output, ready, status, *extension_output) = _take_order(orders)
            orders.close()
            if failure is not None:
                os.dup2(output, 2)
                raise failure
            environment.start(
                settings, output, ready, status, extension_output, limits_processes=self._limits_processes
            )
        except BaseException as error:
            environment.complain(error)
        finally:
            os._exit(1)

    def _reap(self, handle: int) -> None:
        """Passes on how an environment ended, unless its own first process did: that one then ended with 0."""
        child, pipe = self._children.pop(handle)
        self._poll.unregister(handle)
        os.close(handle)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        with contextlib.suppress(OSError):
            if code != 0:
                os.write(pipe, b"runtime %d\n" % code)
        os.close(pipe)


def _send_order(orders: socket.socket, order: bytes, descriptors: list[int]) -> None:
    head = len(order).to_bytes(4, "little")
    socket.send_fds(orders, [head], descriptors)
    orders.sendall(order)


def _take_order(orders: socket.socket) -> tuple[Mapping[str, Any], list[int]]:
    """Ends the process when there will be none."""
    head, descriptors, _, _ = socket.recv_fds(orders, 4, 4)
    if not head:
        os._exit(0)
    data, length = b"", int.from_bytes(head, "little")
    while len(data) < length:
        part = orders.recv(length - len(data))
        if not part:
            os._exit(0)
        data += part
    return json.loads(data), descriptors


def _release(path: str) -> None:
    with contextlib.suppress(OSError):  # it may have come to no more than the directory
        kernel.unmount(path)
    with contextlib.suppress(OSError):
        os.rmdir(path)  # noqa: PTH106  # pathlib costs a fork 5 ms


def main() -> None:
    """Warms up, says so, and serves."""
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path.append("/var/runtime")
    environment.preload(sdk=sys.argv[2] == "sdk")
    for folder in ("/var/task/lib", "/opt/lib"):
        os.rmdir(folder)  # noqa: PTH106  # see `_LIBRARY_PATH` in launcher.py
    limits_processes = environment.limits_processes()
    control.send(b'{"ready": true}')
    gc.collect()
    lasting_objects.make_lasting()
    filled = memory_gaps.fill()
    gc.freeze()  # what is there now stays; collecting it would copy its pages in every child
    Zygote(control, limits_processes=limits_processes).serve()
    del filled


if __name__ == "__main__":
    main()
