"""What functions leave running on the host is ended with their environment, and with the harness however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest

from lambdakit.harness.runtime import leftovers, process_tree
from lambdakit.harness.runtime.leftover_watch import LeftoverWatch
from tests.fakes.function_host import FunctionHost, json_of
from tests.fakes.waiting import wait_for_exit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is found without /proc")

# A double fork: the process has a session of its own and a parent that is gone.
_DAEMON = """
import os

def handler(event, context):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writer, str(os.getpid()).encode())
            os.execvp("sleep", ["sleep", "600"])
        os._exit(0)
    os.wait()
    return int(os.read(reader, 20))
"""


def _mark() -> str:
    return leftovers.mark_of({"AWS_LAMBDA_LOG_STREAM_NAME": f"2026/11/22/[$LATEST]{uuid.uuid4().hex}"})


@pytest.fixture
def mark() -> Iterator[str]:
    mark = _mark()
    yield mark
    leftovers.end_marked([mark])


def _sleeper(mark: str) -> subprocess.Popen[bytes]:
    name, _, value = mark.partition("=")
    return subprocess.Popen(["sleep", "600"], env={**os.environ, name: value}, start_new_session=True)


def test_a_daemon_ends_with_its_environment(host: FunctionHost) -> None:
    function = host.function(_DAEMON)
    pid = json_of(host.invoke(function))

    host.pool.retire(function.arn, reason="updated")

    host.expect_gone(pid)


def test_what_has_another_mark_or_none_runs_on(mark: str) -> None:
    other = _mark()
    with _sleeper(mark) as ours, _sleeper(other) as theirs:
        leftovers.end_marked([mark, ""])

        assert ours.wait(10) < 0
        assert theirs.poll() is None
        leftovers.end_marked([other])


def test_variables_of_no_environment_have_no_mark() -> None:
    assert leftovers.mark_of({"AWS_LAMBDA_FUNCTION_NAME": "fn"}) == ""


def test_the_watch_ends_what_is_left_when_it_is_closed(mark: str) -> None:
    with closing(LeftoverWatch()) as watch, _sleeper(mark) as ours:
        watch.add(mark)
        watch.close()

        assert ours.wait(10) < 0


def test_the_watch_ends_what_is_left_when_the_harness_is_killed(mark: str) -> None:
    harness = (
        "import os, signal, sys\n"
        "from lambdakit.harness.runtime.leftover_watch import LeftoverWatch\n"
        "LeftoverWatch().add(sys.argv[1])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with _sleeper(mark) as ours:
        killed = subprocess.run([sys.executable, "-c", harness, mark], check=False)

        assert killed.returncode < 0
        assert ours.wait(10) < 0


def test_a_watch_that_was_killed_is_not_missed(mark: str) -> None:
    before = set(process_tree.children(os.getpid()))
    with closing(LeftoverWatch()) as watch:
        watch.add(mark)
        (process,) = set(process_tree.children(os.getpid())) - before
        os.kill(process, signal.SIGKILL)
        wait_for_exit(process)

        watch.add(mark)


def test_a_watch_that_was_killed_is_started_again_with_what_it_knew(mark: str) -> None:
    before = set(process_tree.children(os.getpid()))
    with closing(LeftoverWatch()) as watch, _sleeper(mark) as ours:
        watch.add(mark)
        (process,) = set(process_tree.children(os.getpid())) - before - {ours.pid}
        os.kill(process, signal.SIGKILL)
        wait_for_exit(process)

        watch.add(f"{mark}-other")
        watch.close()

        wait_for_exit(ours.pid)
