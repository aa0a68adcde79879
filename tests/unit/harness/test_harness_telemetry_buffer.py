"""The portions that telemetry goes out in.

Source: AWS Lambda Developer Guide, "Accessing real-time telemetry data for extensions using the Telemetry API", section
"Configuring memory usage and buffering".
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.runtime.telemetry_buffer import PORTIONS_MAX, Dropped, TelemetryBuffer


def buffer(*, max_items: int = 1000, max_bytes: int = 1000, timeout_seconds: float = 1.0) -> TelemetryBuffer:
    return TelemetryBuffer(
        max_items=max_items,
        max_bytes=max_bytes,
        timeout_seconds=timeout_seconds,
        on_dropped=lambda dropped: b"lost %d %d" % (dropped.records, dropped.size_bytes),
    )


def test_a_portion_waits_for_the_time_out_of_its_first_record() -> None:
    waiting = buffer()

    assert (waiting.empty, waiting.due) == (True, math.inf)
    waiting.add(b"a", now=10.0)
    waiting.add(b"b", now=10.9)

    assert (waiting.empty, waiting.due) == (False, 11.0)
    assert waiting.take(11.0) == [b"a", b"b"]
    assert (waiting.empty, waiting.due) == (True, math.inf)


@pytest.mark.parametrize(
    ("count", "size", "complete"), [(2, 1, False), (3, 1, True), (2, 49, False), (2, 50, True), (1, 100, True)]
)
def test_a_portion_is_complete_by_its_items_or_its_bytes(count: int, size: int, complete: bool) -> None:
    waiting = buffer(max_items=3, max_bytes=100)

    for _ in range(count):
        waiting.add(b"x" * size, now=0.0)

    assert (waiting.due == -math.inf) is complete


def test_the_last_record_may_go_over_the_bytes() -> None:
    waiting = buffer(max_bytes=100)

    waiting.add(b"x" * 99, now=0.0)
    waiting.add(b"y" * 99, now=0.0)

    assert [len(record) for record in waiting.take(0.0)] == [99, 99]


def test_a_subscriber_that_has_fallen_behind_loses_records_and_is_told_how_many() -> None:
    # given
    waiting = buffer(max_items=1)
    for number in range(PORTIONS_MAX + 3):
        waiting.add(b"%03d" % number, now=0.0)

    # when: it takes one portion, and there is room again
    first = waiting.take(1.0)
    portions = []
    while not waiting.empty:
        portions.append(waiting.take(1.0))

    assert first == [b"000"]
    assert portions[: PORTIONS_MAX - 1] == [[b"%03d" % number] for number in range(1, PORTIONS_MAX)]
    assert portions[PORTIONS_MAX - 1 :] == [[b"lost 3 9"]]


def test_limits_can_change_and_what_was_collected_stays() -> None:
    waiting = buffer(timeout_seconds=30)
    waiting.add(b"a", now=0.0)

    waiting.change(max_items=2, max_bytes=1000, timeout_seconds=0.025)
    waiting.add(b"b", now=0.0)

    assert waiting.due == -math.inf
    assert waiting.take(0.0) == [b"a", b"b"]


@given(
    st.lists(st.one_of(st.integers(1, 120), st.none()), max_size=120),
    st.integers(1, 5),
    st.integers(1, 200),
)
def test_nothing_is_lost_uncounted_and_order_stays(steps: list[int | None], items: int, size: int) -> None:
    # given: sizes of records that are added, and None where the subscriber takes a portion
    lost: list[Dropped] = []

    def on_dropped(dropped: Dropped) -> bytes:
        lost.append(dropped)
        return b""

    waiting = TelemetryBuffer(max_items=items, max_bytes=size, timeout_seconds=1.0, on_dropped=on_dropped)
    added: list[bytes] = []
    taken: list[bytes] = []

    for step in steps:
        if step is None:
            portion = waiting.take(0.0)
            assert len(portion) <= items
            assert sum(map(len, portion[:-1])) < size
            taken += portion
        else:
            added.append(b"%d:" % len(added) + b"x" * step)
            waiting.add(added[-1], now=0.0)
    while not waiting.empty:
        taken += waiting.take(0.0)

    kept = [record for record in taken if record]
    assert kept == [record for record in added if record in set(kept)]
    assert sum(dropped.records for dropped in lost) == len(added) - len(kept)
    assert sum(dropped.size_bytes for dropped in lost) == sum(map(len, added)) - sum(map(len, kept))
