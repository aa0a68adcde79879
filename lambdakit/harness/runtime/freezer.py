"""Between invocations the processes of an environment stand still.

Source: AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle": an idle environment is
frozen.
"""

from __future__ import annotations

import signal
from typing import Protocol

from lambdakit.harness.runtime import process_tree


class _HasMembers(Protocol):
    def members(self) -> list[int]: ...


class Freezer:
    """Stops processes and lets them go on. needed: whether anything in them would run on by itself."""

    def __init__(self) -> None:
        self.needed = True  # until it was looked at
        self._stopped: list[int] = []

    def freeze(self, process: _HasMembers) -> None:
        """Stops all of them, if that is needed; those as well that one of them starts before it is stopped itself."""
        if not self.needed:
            return
        self._stopped = []
        while started := [pid for pid in process.members() if pid not in self._stopped]:
            process_tree.signal_all(started, signal.SIGSTOP)
            self._stopped += started

    def thaw(self) -> None:
        """Lets those go on that were stopped."""
        if self._stopped:
            process_tree.signal_all(self._stopped, signal.SIGCONT)
            self._stopped = []
