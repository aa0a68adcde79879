"""How far each mapping has come in its stream. It outlives pollers: a mapping that was changed goes on where it was."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdakit.harness.event_source_mapping.tumbling_window import Window


@dataclass(slots=True, kw_only=True)
class ShardPosition:
    """number: all records up to it are settled. window, state: of the tumbling window that is open; None for none."""

    id: str
    number: int
    window: Window | None = None
    state: Any = None


class MappingPosition:
    """How far one mapping has come.

    start: where shards are begun that are not known yet; None until it is known. drained: shards read to their end.
    Its owner is the mapping's poller; a new poller waits until the batches of the one before it are settled.
    """

    def __init__(self) -> None:
        self.start: int | None = None
        self.shards: dict[str, ShardPosition] = {}
        self.drained: set[str] = set()
        self._batches: Counter[object] = Counter()
        self._waiting: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def enter(self, poller: object) -> None:
        """A batch of `poller` is begun."""
        with self._lock:
            self._batches[poller] += 1

    def leave(self, poller: object) -> None:
        """One is settled."""
        with self._lock:
            self._batches[poller] -= 1
            if self._batches[poller]:
                return
            del self._batches[poller]
            waiting, self._waiting = self._waiting, []
        for go_on in waiting:
            go_on()

    def is_free_for(self, poller: object, go_on: Callable[[], None]) -> bool:
        """Whether no other poller has batches under way; `go_on` is called once when one has none any more."""
        with self._lock:
            if all(other is poller for other in self._batches):
                return True
            self._waiting.append(go_on)
            return False


class Positions:
    """Of all mappings, by UUID."""

    def __init__(self) -> None:
        self._known: dict[str, MappingPosition] = {}
        self._lock = threading.Lock()

    def of(self, mapping_id: str) -> MappingPosition:
        """The position of a mapping; a new one begins at its start."""
        with self._lock:
            return self._known.setdefault(mapping_id, MappingPosition())

    def reset(self) -> None:
        """Closes every tumbling window, after the streams were put back to what they held before.

        The numbers stay: they never come again, so that what is put from now on stands after them.
        """
        with self._lock:
            for position in self._known.values():
                position.drained.clear()
                for shard in position.shards.values():
                    shard.window = shard.state = None
