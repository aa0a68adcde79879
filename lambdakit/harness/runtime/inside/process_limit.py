"""AWS's limit of processes and threads, held where the kernel counts those of one environment alone.

RLIMIT_NPROC counts per user, and a user has processes of its own on the machine; from Linux 5.14 on it counts per user
namespace, so that an environment in one of its own has its own count. Whether that is so here is found by trying it:
kernels have it by backports, and hosts forbid user namespaces in several ways.
Source: AWS Lambda quotas, "Execution processes/threads"; getrlimit(2), RLIMIT_NPROC; user_namespaces(7).
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable

import kernel  # type: ignore[import-not-found]  # this folder is no package in there

_PROCESSES = 1024 + 1  # the environment's first process is the harness's own
_WORKS = 42  # an exit code that nothing else gives


def is_counted(become_user: Callable[[], None]) -> bool:
    """Whether `apply` counts an environment's processes and no others. Called with one thread, before there are any.

    become_user: makes the process one of the user's that functions run as.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            become_user()
            code = _try()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == _WORKS


def apply(user: int, group: int) -> None:
    """Takes a user namespace with nobody in it but the function's user, and the limit in there. OSError on failure.

    The namespace comes first: its parent's count is held to the limit of whoever makes it.
    """
    _enter_namespace(user, group)
    _limit(_PROCESSES)


def _try() -> int:
    user, group = os.getuid(), os.getgid()
    beside = _start_idle()  # the user's second process, which the namespace must not count
    try:
        _enter_namespace(user, group)
        _limit(1)
        may_start_at_limit = _may_start()
        _limit(2, most=2)
        return 1 if may_start_at_limit or not _may_start() else _WORKS
    finally:
        os.kill(beside, signal.SIGKILL)
        os.waitpid(beside, 0)


def _enter_namespace(user: int, group: int) -> None:
    kernel.set_dumpable(True)  # who changed the user does not own its files in /proc otherwise
    kernel.unshare(kernel.NEWUSER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def _limit(number: int, *, most: int = _PROCESSES) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (min(number, bound), bound))


def _start_idle() -> int:
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    return child


def _may_start() -> bool:
    try:
        child = os.fork()
    except BlockingIOError:
        return False
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123  # pathlib costs a fork 5 ms
        file.write(text)
