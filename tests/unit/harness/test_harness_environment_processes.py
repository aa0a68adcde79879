"""What is seen of an environment's processes when an invocation ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lambdakit.harness.runtime.brief_calls import Buffer, KeptFile
from lambdakit.harness.runtime.environment_processes import EnvironmentProcesses

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")

_WAITS = "print(flush=True); input()"


@contextmanager
def _process(source: str) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-c", f"{source}\n{_WAITS}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid


@pytest.mark.parametrize(
    ("source", "need_freezing"),
    [
        pytest.param("", False, id="one thread that waits"),
        pytest.param("import threading; threading.Thread(target=input, daemon=True).start()", True, id="two threads"),
        pytest.param("import subprocess; subprocess.Popen(['sleep', '5'])", True, id="a child"),
        pytest.param("import signal; signal.signal(signal.SIGALRM, lambda *_: None)", True, id="a timer's handler"),
        pytest.param("import signal; signal.signal(signal.SIGUSR1, lambda *_: None)", False, id="another handler"),
    ],
)
def test_what_needs_freezing(source: str, need_freezing: bool) -> None:
    with _process(source) as pid:
        processes = EnvironmentProcesses(pid, includes_first=True)

        seen = [processes.look(), processes.look()]
        processes.close()

    assert [look.need_freezing for look in seen] == [need_freezing] * 2
    assert all(look.pids[0] == pid for look in seen)


def test_the_peak_is_what_was_held_once() -> None:
    with _process("held = bytearray(64 * 1024 * 1024); del held") as pid:
        processes = EnvironmentProcesses(pid, includes_first=True)

        seen = processes.look()
        processes.close()

    assert seen.peak.resident >= 64
    assert seen.peak.held >= 64


def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    with _process("") as pid:
        processes = EnvironmentProcesses(pid, includes_first=True)
        processes.look()

    seen = processes.look()
    processes.close()

    assert seen.peak.resident == 0


def test_a_kept_file_is_not_that_of_another_process() -> None:
    with _process("") as pid:
        kept = KeptFile(f"/proc/{pid}/status")
        there = kept.read(Buffer(8192))

    gone = kept.read(Buffer(8192))
    kept.close()
    kept.close()

    assert f"Pid:\t{pid}\n".encode() in there
    assert gone == b""


def test_reading_tells_nothing_now_from_the_end() -> None:
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    buffer = Buffer(4)

    empty = buffer.read(readable)
    os.write(writable, b"longer")
    parts = [buffer.read(readable), buffer.read(readable)]
    os.close(writable)
    ended = buffer.read(readable)
    os.close(readable)

    assert (empty, parts, ended) == (None, [b"long", b"er"], b"")


def test_a_connection_that_was_reset_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        ours, _ = listening.accept()
    with ours:
        ours.setblocking(False)
        ours.send(b"unread")
        client.close()

        with pytest.raises(ConnectionResetError):
            Buffer(16).read(ours.fileno())
