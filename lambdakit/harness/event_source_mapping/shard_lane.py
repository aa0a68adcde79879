"""One batch after another: the records of a shard, or those of some of its keys, on their way to the function.

    offered -> waiting -> batch (size, 6 MB, batching window, tumbling window) -> function -> settled
                           ^                                                         |
                           +---- after a pause, cut in two, or from the checkpoint --+-> given up

While a batch waits for its next attempt, what stands behind it waits as well.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from lambdakit.clock import Timer
from lambdakit.harness.event_source_mapping.batch_call import BatchCall
from lambdakit.harness.event_source_mapping.batching import fitting
from lambdakit.harness.event_source_mapping.calls import Surroundings
from lambdakit.harness.event_source_mapping.positions import MappingPosition, ShardPosition
from lambdakit.harness.event_source_mapping.stream_retry import Batch, Verdict
from lambdakit.harness.event_source_mapping.stream_settings import StreamSettings
from lambdakit.harness.event_source_mapping.stream_source import Record
from lambdakit.harness.event_source_mapping.tumbling_window import window_of
from lambdakit.limits import SYNC_REQUEST_BYTES_MAX
from lambdakit.records import dataclass

FINAL: Final = Batch(records=(), purpose="final")
EARLY: Final = Batch(records=(), purpose="early")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneWork:
    """What all lanes of a poller have in common.

    look: has the poller look at its shards again. owner: the poller itself.
    """

    settings: StreamSettings
    around: Surroundings
    call: BatchCall
    position: MappingPosition
    look: Callable[[], None]
    owner: object
    what: str


class ShardLane:
    """Handles what it is offered, in order. on_settled: called after each batch, without any lock held."""

    def __init__(self, work: LaneWork, shard: ShardPosition, on_settled: Callable[[], None]) -> None:
        self._work = work
        self._shard = shard
        self._on_settled = on_settled
        self._waiting: deque[Record] = deque()
        self._waiting_bytes = 0
        self._again: deque[Batch] = deque()
        self._current: Batch | None = None
        self._is_running = False
        self._paused = False
        self._stopped = False
        self._has_ended = False
        self._read_until: datetime | None = None
        self._window_due: datetime | None = None
        self._is_too_large = False
        self._timers: dict[str, Timer] = {}
        self._lock = threading.Lock()

    def offer(self, records: Sequence[Record], *, read_until: datetime | None, has_ended: bool) -> None:
        """Takes records. read_until: everything that arrived before has been offered. has_ended: no more will come."""
        with self._lock:
            window = self._work.settings.window
            if records and not self._waiting and window:
                self._window_due = self._work.around.clock.now() + window
            self._waiting.extend(records)
            self._waiting_bytes += sum(record.size for record in records)
            self._read_until = read_until or self._read_until
            self._has_ended = has_ended

    def go_on(self) -> None:
        """Begins with the next batch, if there is one and nothing else is under way."""
        with self._lock:
            if self._is_running or not self._take_locked():
                return
            self._is_running = True
            self._work.position.enter(self._work.owner)
        self._work.around.activity.begin(self._work.what)
        self._work.around.submit(self._run)

    def stop(self) -> None:
        """Begins nothing any more; a batch that is with the function is settled."""
        with self._lock:
            self._stopped = True
            timers, self._timers = list(self._timers.values()), {}
        for timer in timers:
            timer.cancel()

    @property
    def outstanding(self) -> int:
        """How many records are not settled."""
        with self._lock:
            return len(self._waiting) + sum(len(batch.records) for batch in self._unsettled_locked())

    @property
    def outstanding_bytes(self) -> int:
        """How much of an event the records take that wait for their first batch."""
        return self._waiting_bytes

    def first_outstanding(self) -> int | None:
        """The number of the first record that is not settled; None when all are."""
        with self._lock:
            firsts = [batch.records[0].number for batch in self._unsettled_locked() if batch.records]
            return firsts[0] if firsts else self._waiting[0].number if self._waiting else None

    @property
    def is_at_rest(self) -> bool:
        """Whether everything is settled, an open window included."""
        with self._lock:
            return not self._waiting and not self._unsettled_locked() and self._shard.window is None

    def _unsettled_locked(self) -> list[Batch]:
        current = [] if self._current is None else [self._current]
        return [*current, *self._again]

    def _run(self) -> None:
        work = self._work
        try:
            while (batch := self._current) is not None:
                verdict = work.call.run(batch, self._shard)
                with self._lock:
                    self._current = None
                    self._settle_locked(batch, verdict)
                self._on_settled()
                with self._lock:
                    self._is_running = self._take_locked()
                    if not self._is_running:
                        break
        except Exception:  # a fault of ours, which the worker records: the batch is taken up with the next records
            with self._lock:
                self._is_running = False
                if self._current is not None:
                    self._again.appendleft(self._current)
                    self._current = None
            raise
        finally:
            work.position.leave(work.owner)
            work.around.activity.end(work.what)

    def _settle_locked(self, batch: Batch, verdict: Verdict) -> None:
        self._again.extendleft(reversed(verdict.again))
        if batch.purpose == "records":
            self._is_too_large = self._is_too_large or verdict.is_state_too_large
        elif not verdict.again and batch.purpose == "early":
            self._is_too_large, self._shard.state = False, {}
        elif not verdict.again:
            self._is_too_large, self._shard.window, self._shard.state = False, None, None
        if verdict.again and verdict.pause and not self._stopped:
            self._paused = True
            due = self._work.around.clock.now() + verdict.pause
            expiry = self._work.call.expires_at(verdict.again[0])
            self._schedule_locked("retry", due if expiry is None else min(due, expiry), self._resume)

    def _resume(self) -> None:
        with self._lock:
            self._paused = False
        self.go_on()

    def _take_locked(self) -> bool:
        """Whether there is a batch to run now."""
        if self._stopped or self._paused:
            return False
        if self._again:
            self._current = self._again.popleft()
        elif self._work.settings.tumbling_window is not None:
            self._current = self._take_for_window_locked()
        else:
            self._current = self._fill_locked(len(self._waiting))
        return self._current is not None

    def _take_for_window_locked(self) -> Batch | None:
        length = self._work.settings.tumbling_window
        assert length is not None
        if self._is_too_large:
            return EARLY
        if self._shard.window is None and self._waiting:
            self._shard.window, self._shard.state = window_of(self._waiting[0].arrived_at, length), {}
        window = self._shard.window
        if window is None:
            return None
        end = window.end
        here = len(self._waiting)
        if here and self._waiting[-1].arrived_at >= end:
            here = sum(1 for _ in itertools.takewhile(lambda record: record.arrived_at < end, self._waiting))
        is_over = self._has_ended or (self._read_until is not None and self._read_until >= end)
        if not here and (self._waiting or is_over):
            return FINAL
        if not is_over:
            self._schedule_locked("tumbling", end, self._work.look)
        return self._fill_locked(here, at_once=here < len(self._waiting) or is_over)

    def _fill_locked(self, available: int, *, at_once: bool = False) -> Batch | None:
        """The next batch of the first records that wait; None until their window ends or there are enough."""
        if not available:
            return None
        settings, now = self._work.settings, self._work.around.clock.now()
        is_due = at_once or self._has_ended or self._window_due is None or now >= self._window_due
        enough = available >= settings.batch_size or self._waiting_bytes >= SYNC_REQUEST_BYTES_MAX // 2
        if not is_due and not enough:
            self._schedule_locked("batching", self._window_due or now, self.go_on)
            return None
        state_bytes = self._work.call.state_bytes(self._shard)
        ready = itertools.islice(self._waiting, available)
        count, is_full = fitting(ready, most=settings.batch_size, other_bytes=state_bytes)
        if not is_due and not is_full:
            self._schedule_locked("batching", self._window_due or now, self.go_on)
            return None
        records = tuple(self._waiting.popleft() for _ in range(count))
        self._waiting_bytes -= sum(record.size for record in records)
        self._window_due = now + settings.window if self._waiting and settings.window else None
        return Batch(records=records)

    def _schedule_locked(self, name: str, due: datetime, run: Callable[[], None]) -> None:
        known = self._timers.get(name)
        if known is not None and known.due == due and not known.cancelled:
            return
        if known is not None:
            known.cancel()
        label = f"{name} of {self._work.what}"
        self._timers[name] = self._work.around.clock.schedule(due, run, label=label)
