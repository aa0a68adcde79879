"""What is stopped between invocations."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from lambdakit.harness.runtime.freezer import Freezer
from tests.fakes.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="seen through /proc")


class _Growing:
    """A process that has started one more each time it is looked at, as long as there are any."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids
        self._looks = 0

    def members(self) -> list[int]:
        self._looks += 1
        return list(self._pids[: self._looks])


@pytest.fixture
def sleepers() -> Iterator[list[int]]:
    with ExitStack() as ending:
        started = [ending.enter_context(subprocess.Popen(["sleep", "600"])) for _ in range(3)]
        yield [process.pid for process in started]
        for process in started:
            process.kill()


def _states(pids: Sequence[int]) -> str:
    return "".join(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] for pid in pids)


def test_what_is_started_while_others_are_stopped_is_stopped_too(sleepers: list[int]) -> None:
    freezer = Freezer()

    freezer.freeze(_Growing(sleepers))

    wait_until(lambda: _states(sleepers) == "TTT", lambda: _states(sleepers))
    freezer.thaw()
    wait_until(lambda: _states(sleepers) == "SSS", lambda: _states(sleepers))


def test_what_need_not_be_stopped_is_left_alone(sleepers: list[int]) -> None:
    freezer = Freezer()
    freezer.needed = False

    freezer.freeze(_Growing(sleepers))
    freezer.thaw()

    assert "T" not in _states(sleepers)
