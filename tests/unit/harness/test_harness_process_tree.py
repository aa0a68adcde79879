"""Processes seen through /proc."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lambdakit.harness.runtime import process_tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")

PARENT = """
import subprocess, sys, threading
held = bytearray(64 * 1024 * 1024)
children = []
def start():
    children.append(subprocess.Popen([sys.executable, "-c", "print('ready', flush=True); input()"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE))
threading.Thread(target=start).start()
start()
while len(children) < 2: pass
for child in children: child.stdout.readline()
print(*(child.pid for child in children), flush=True)
input()
"""


@pytest.fixture
def parent() -> Iterator[tuple[int, list[int]]]:
    """A process of 64 MiB and the two that it started, one of them from a thread."""
    process = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    yield process.pid, [int(text) for text in process.stdout.readline().split()]
    process_tree.signal_all([*process_tree.descendants(process.pid), process.pid], signal.SIGKILL)
    process.communicate()


def test_descendants_are_found_whichever_thread_started_them(parent: tuple[int, list[int]]) -> None:
    pid, children = parent

    assert sorted(process_tree.descendants(pid)) == sorted(children)


def test_memory_is_that_of_all(parent: tuple[int, list[int]]) -> None:
    pid, children = parent

    alone, together = process_tree.memory([pid]).resident, process_tree.memory([pid, *children]).resident

    assert alone >= 64
    assert together > alone
    assert process_tree.peak_memory([pid, *children]).resident >= alone


FORKS = """
import os, signal
held = bytearray(b"x" * (64 * 1024 * 1024))
read_end, write_end = os.pipe()
children = []
for writes in (False, False, True):
    child = os.fork()
    if child == 0:
        if writes:
            for place in range(0, len(held), 4096): held[place] = 0
        os.write(write_end, b"1")
        signal.pause()
    children.append(child)
for _ in children: os.read(read_end, 1)
print(*children, flush=True)
input()
"""


def test_what_forks_share_counts_once_until_one_of_them_writes() -> None:
    with subprocess.Popen([sys.executable, "-c", FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        children = [int(text) for text in process.stdout.readline().split()]
        try:
            alone = process_tree.memory([process.pid]).resident
            reading = process_tree.memory([process.pid, *children[:2]]).resident
            writing = process_tree.memory([process.pid, *children]).resident
        finally:
            process_tree.signal_all([*children, process.pid], signal.SIGKILL)

    assert alone >= 64
    assert reading < alone + 20
    assert writing >= reading + 64


def test_memory_that_is_shared_is_held() -> None:
    source = (
        "import mmap, sys\n"
        "mapped = mmap.mmap(-1, 64 * 1024 * 1024)\n"
        "mapped[:] = bytes([1]) * len(mapped)\n"
        "print('ready', flush=True)\nsys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    held = process_tree.memory([process.pid]).held

    process.communicate()
    assert held >= 64


def test_what_is_gone_counts_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    process_tree.signal_all([gone.pid], signal.SIGCONT)

    assert process_tree.descendants(gone.pid) == []
    assert process_tree.memory([gone.pid]).resident == process_tree.peak_memory([gone.pid]).resident == 0


def test_a_stopped_process_stands_still_until_it_is_let_go(parent: tuple[int, list[int]]) -> None:
    pid, _ = parent

    process_tree.signal_all([pid], signal.SIGSTOP)
    _, status = os.waitpid(pid, os.WUNTRACED)

    assert os.WIFSTOPPED(status)
    process_tree.signal_all([pid], signal.SIGCONT)
