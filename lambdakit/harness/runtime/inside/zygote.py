"""The warmed parent that every execution environment is forked from. Runs in the sandbox's root, with one thread.

Arguments: the control socket's descriptor; `sdk` to have boto3 and its data in memory, `nothing` to have only the
runtime client.

A request is one JSON object. `{"fork": {...}}`, with three descriptors (the environment's output, its ready socket and
its status pipe), starts an environment, see `environment.start`; the answer is `{"pid": n}` with the pidfd, or
`{"error": text}`. `{"release": slot}` lets go of the /tmp of an environment that is gone, and has no answer.

The status pipe gets the exit status once the environment is gone. The zygote ends when the control socket does, and
the kernel then ends every environment with it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping
from typing import Any

sys.path.insert(0, "/var/rapid")

import environment  # type: ignore[import-not-found]  # this folder is no package in there
import kernel  # type: ignore[import-not-found]

_REQUEST_BYTES = 1024 * 1024


class Zygote:
    """Forks environments and tells of their ends."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._statuses: dict[int, int] = {}
        self._own_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._wake, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Answers requests until the control socket ends."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._wake:
                    self._reap()
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
            self._fork(request["fork"], descriptors)
        return True

    def _fork(self, settings: Mapping[str, Any], descriptors: list[int]) -> None:
        output, ready, status = descriptors
        try:
            environment.make_slot(settings)
            kernel.unshare(kernel.NEWPID)
            child = os.fork()
            if child == 0:
                self._become_environment(settings, descriptors)
            kernel.join_namespace(self._own_namespace, kernel.NEWPID)
        except OSError as error:
            os.close(status)
            self._control.send(json.dumps({"error": str(error)}).encode())
        else:
            self._statuses[child] = status
            handle = os.pidfd_open(child)
            socket.send_fds(self._control, [json.dumps({"pid": child}).encode()], [handle])
            os.close(handle)
        finally:
            os.close(output)
            os.close(ready)

    def _become_environment(self, settings: Mapping[str, Any], descriptors: list[int]) -> None:
        """Runs the function; never returns."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            kept = self._statuses.values()
            for descriptor in (self._control.fileno(), self._wake, self._waker, self._own_namespace, *kept):
                os.close(descriptor)
            output, ready, status = descriptors
            os.close(status)
            environment.start(settings, output, ready)
        except BaseException as error:
            environment.complain(error)
        finally:
            os._exit(1)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if child == 0:
                return
            pipe = self._statuses.pop(child, None)
            if pipe is not None:
                with contextlib.suppress(OSError):
                    os.write(pipe, str(os.waitstatus_to_exitcode(status)).encode())
                os.close(pipe)


def _release(path: str) -> None:
    with contextlib.suppress(OSError):
        kernel.unmount(path)
        os.rmdir(path)  # noqa: PTH106  # pathlib costs a fork 5 ms


def main() -> None:
    """Warms up, says so, and serves."""
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path.append("/var/runtime")
    environment.preload(sdk=sys.argv[2] == "sdk")
    control.send(b'{"ready": true}')
    gc.collect()
    gc.freeze()  # what is there now stays; collecting it would copy its pages in every child
    Zygote(control).serve()


if __name__ == "__main__":
    main()
