"""Who kills processes of execution environments at random, from outside of the harness."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.fakes.wired_harness import descendants

# Of the processes that are there at a strike.
_SHARE: Final = 1 / 3


class Killer:
    """Strikes again and again for as long as the block lasts; each time a third of all processes dies at once.

    pid: the harness's. pause_seconds: between two strikes, at the mean. In a sandbox an environment has a process
    namespace of its own, inside that of the parent it was forked from; without one every child is an environment.
    """

    def __init__(self, pid: int, *, seed: int, pause_seconds: float) -> None:
        self.kills = 0
        self._pid = pid
        self._chance = random.Random(seed)
        self._pause_seconds = pause_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._chance.expovariate(1 / self._pause_seconds)):
            depths = {pid: _depth(pid) for pid in sorted(descendants(self._pid))}
            has_sandbox = any(depth > 1 for depth in depths.values())
            within = [pid for pid, depth in depths.items() if depth > (2 if has_sandbox else 0)]
            for victim in within:
                if self._chance.random() < _SHARE:
                    self._kill(victim)

    def _kill(self, pid: int) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills += 1


def _depth(pid: int) -> int:
    """How many process namespaces a process is in; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((len(line.split()) - 1 for line in status.splitlines() if line.startswith("NSpid:")), 0)
