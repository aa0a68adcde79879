"""Waits of tests: each has a predicate, a deadline and a message that says what did not happen."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

WAIT_SECONDS = 60.0
_PAUSE_SECONDS = 0.005


def wait_until(predicate: Callable[[], bool], what: Callable[[], str] | str, seconds: float = WAIT_SECONDS) -> None:
    """Returns once `predicate` holds. AssertionError with `what` when it never does."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not predicate():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:g} s: {what if isinstance(what, str) else what()}")
        pause.wait(_PAUSE_SECONDS)


def wait_for_exit(pid: int, seconds: float = WAIT_SECONDS) -> None:
    """Returns once the process `pid` has ended. AssertionError when it lives on."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        with select.epoll() as poll:
            poll.register(handle, select.EPOLLIN)
            assert poll.poll(seconds), f"process {pid} still runs after {seconds:g} s"
    finally:
        os.close(handle)


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
