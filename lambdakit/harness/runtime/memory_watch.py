"""The memory of one execution environment, held against what it is configured with.

By looking at its processes: an address-space limit breaks threads and Node.js, and a cgroup would count /tmp.
Knows nothing of invocations; whoever holds the environment looks, and ends what holds too much.
"""

from __future__ import annotations

from collections.abc import Sequence

from lambdakit.harness.runtime import process_tree

_FILLED_MIB_PER_SECOND = 64 * 1024  # several times what a laptop's or a CI machine's memory takes
LOOK_SECONDS = 0.01  # between two looks at what executes; a look costs 0.1 ms
_MOST_OF_THE_TIME = 0.2  # that looking may take: with a thousand processes a look costs 0.1 s


def next_look_at(began: float, ended: float) -> float:
    """When to look again after a look that took so long, in the same seconds."""
    return max(began + LOOK_SECONDS, began + (ended - began) / _MOST_OF_THE_TIME)


class MemoryWatch:
    """The most memory that was seen at once. limit_mib: what is configured."""

    def __init__(self, limit_mib: int) -> None:
        self._limit_mib = limit_mib
        self._peak_mib = 0
        self._held_mib = 0
        self._looked_back = False

    @property
    def used_mib(self) -> int:
        """What Lambda reports: never above the configured; 0 before the first look."""
        return min(self._peak_mib, self._limit_mib)

    @property
    def exceeded(self) -> bool:
        """Whether more was held than is configured."""
        return self._held_mib > self._limit_mib

    def look(self, pids: Sequence[int]) -> None:
        """Takes in what the processes hold now."""
        self._take(process_tree.memory(pids))

    def note(self, seen: process_tree.Memory) -> None:
        """Takes in what is known to have been held, though there may have been more."""
        self._take(seen)

    def look_back(self, peak: process_tree.Memory) -> None:
        """Takes in the most that any one of the processes has ever held: a peak between two looks."""
        self._looked_back = True
        self._take(peak)

    def may_have_exceeded(self, seconds: float) -> bool:
        """Whether more than is configured can have been held for a moment within the last `seconds`.

        It takes its time to fill memory: what was held before and the most that the machine fills meanwhile bound it.
        True before the first look back, as nothing is known of what went before.
        """
        return not self._looked_back or self._held_mib + seconds * _FILLED_MIB_PER_SECOND > self._limit_mib

    def _take(self, seen: process_tree.Memory) -> None:
        self._peak_mib = max(self._peak_mib, seen.resident)
        self._held_mib = max(self._held_mib, seen.held)
