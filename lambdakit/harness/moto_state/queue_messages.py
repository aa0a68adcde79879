"""The messages of one queue, so that a receive, a delete and a look at the clock cost the same however many there are.

moto keeps a list, and goes through all of it for each of these. This stands in its place, and behaves as the list where
moto or anybody else still takes it for one.

waiting -> received, hidden until its visibility time-out -> deleted, or waiting again where it stood
delayed until its time -> waiting

Source: Amazon SQS Developer Guide, "Amazon SQS visibility timeout", "FIFO queue delivery logic" (a group waits while
one of its messages is in flight) and "Using the message deduplication ID in Amazon SQS" (five minutes).
"""

from __future__ import annotations

import copy
import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

_DEDUPLICATION_MS: Final = 300_000


class QueueMessages:
    """Messages in the order in which they came. is_fifo: groups keep their order. Its owner holds the queue's lock.

    Times are in milliseconds since 1970, as moto counts them.
    """

    def __init__(self, messages: Iterable[Any] = (), *, is_fifo: bool = False) -> None:
        self._is_fifo = is_fifo
        self._numbers = itertools.count()
        self._all: dict[int, Any] = {}
        self._places: dict[int, int] = {}  # identity of a message -> its number
        self._handles: dict[str, int] = {}
        self._hidden: set[int] = set()
        self._moments: list[tuple[float, int]] = []  # a heap, with entries that do not hold any more
        self._waiting: dict[str, list[int]] = {}  # by group: a heap
        self._groups: list[tuple[int, str]] = []  # a heap: groups by their first message, likewise
        self._queued: dict[str, int] = {}  # the one entry of a group that holds
        self._in_flight: Counter[str] = Counter()
        self._sent: dict[str, float] = {}
        for message in messages:
            self.append(message)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return copy.deepcopy(list(self._all.values()), memo)

    def append(self, message: Any) -> None:
        """Adds a message behind all others."""
        number = next(self._numbers)
        self._all[number] = message
        self._places[id(message)] = number
        for handle in message.all_receipt_handles:
            if handle is not None:
                self._handles[handle] = number
        if _moment(message) > 0:
            self._hide(number)
        else:
            self._make_wait(number)

    def remove(self, message: Any) -> None:
        """Takes a message away. ValueError when it is not there."""
        number = self._places.pop(id(message), None)
        if number is None:
            raise ValueError(f"message {message.id} is not in the queue")
        del self._all[number]
        for handle in message.all_receipt_handles:
            self._handles.pop(handle, None)
        if number in self._hidden:
            self._hidden.remove(number)
            self._leave_flight(message)

    def by_handle(self, receipt_handle: str) -> Any:
        """The message that ever had this receipt handle; None for none that is still there."""
        number = self._handles.get(receipt_handle)
        return None if number is None else self._all.get(number)

    def is_repeated(self, deduplication_id: str, sent: float) -> bool:
        """Whether a message with this id came less than five minutes ago; if not, it counts from now on."""
        known = self._sent.get(deduplication_id)
        if known is not None and sent - known < _DEDUPLICATION_MS:
            return True
        self._sent[deduplication_id] = sent
        return False

    def take(self, count: int, now: float, choose: Callable[[Any], bool]) -> Sequence[Any]:
        """Up to `count` messages that wait, chosen in order; `choose` may refuse one, or receive it.

        What it refuses has to be removed before the next call. What it receives is hidden as long as it says itself.
        """
        self._release(now)
        taken: list[Any] = []
        numbers: list[int] = []
        groups: list[str] = []
        while len(taken) < count and (group := self._next_group()) is not None:
            groups.append(group)
            while len(taken) < count and (number := self._next_number(group)) is not None:
                message = self._all[number]
                numbers.append(number)
                if choose(message):
                    taken.append(message)
        for number in numbers:
            self._put_back(number, now)
        for group in groups:
            self._queue(group)
        return taken

    def _next_group(self) -> str | None:
        """The group whose first message is the oldest, out of its queue; None when none may be received from."""
        while self._groups:
            first, group = heapq.heappop(self._groups)
            if self._queued.get(group) != first:
                continue
            del self._queued[group]
            if not self._in_flight[group]:  # else it is queued again when its last message has left
                return group
        return None

    def _next_number(self, group: str) -> int | None:
        """The oldest message of a group that waits, taken out; None when there is none."""
        waiting = self._waiting.get(group, [])
        while waiting:
            number = heapq.heappop(waiting)
            if number in self._all and number not in self._hidden:
                return number
        return None

    def _queue(self, group: str) -> None:
        """Queues a group by its first message."""
        waiting = self._waiting.get(group)
        if not waiting:
            self._waiting.pop(group, None)
        elif group not in self._queued or waiting[0] < self._queued[group]:
            self._queued[group] = waiting[0]
            heapq.heappush(self._groups, (waiting[0], group))

    def moved(self, message: Any) -> None:
        """Takes note that somebody changed when a message can be seen."""
        self._hide(self._places[id(message)])

    def next_moment(self, now: float) -> float | None:
        """When the next hidden message comes back; None when none is hidden."""
        self._release(now)
        return self._moments[0][0] if self._moments else None

    def counts(self, now: float) -> tuple[int, int, int]:
        """How many wait, are in flight, and are delayed."""
        self._release(now)
        hidden = [self._all[number] for number in self._hidden]
        delayed = sum(now < message.delayed_until for message in hidden)
        in_flight = sum(now <= message.visible_at for message in hidden)
        return len(self._all) - len(hidden), in_flight, delayed

    def _put_back(self, number: int, now: float) -> None:
        """A message that was taken out of those that wait: hidden now, or waiting as before."""
        message = self._all.get(number)
        if message is None:
            return
        if message.receipt_handle is not None:
            self._handles[message.receipt_handle] = number
        if _moment(message) >= now:
            self._hide(number)
            self._in_flight[self._group(message)] += self._is_fifo
        else:
            self._make_wait(number)

    def _hide(self, number: int) -> None:
        self._hidden.add(number)
        heapq.heappush(self._moments, (_moment(self._all[number]), number))

    def _make_wait(self, number: int) -> None:
        group = self._group(self._all[number])
        heapq.heappush(self._waiting.setdefault(group, []), number)
        self._queue(group)

    def _release(self, now: float) -> None:
        """Lets those wait again whose time has come, and forgets entries that do not hold any more."""
        while self._moments:
            moment, number = self._moments[0]
            is_current = number in self._hidden and _moment(self._all[number]) == moment
            if is_current and moment >= now:
                return
            heapq.heappop(self._moments)
            if is_current:
                self._hidden.remove(number)
                message = self._all[number]
                self._leave_flight(message)
                self._make_wait(number)

    def _leave_flight(self, message: Any) -> None:
        group = self._group(message)
        if not self._is_fifo or not self._in_flight[group]:
            return
        self._in_flight[group] -= 1
        if not self._in_flight[group]:
            del self._in_flight[group]
            self._queue(group)

    def _group(self, message: Any) -> str:
        return str(message.group_id) if self._is_fifo and message.group_id is not None else ""


def _moment(message: Any) -> float:
    """Until when a message is hidden or delayed, this moment included."""
    return float(max(message.visible_at, message.delayed_until))
