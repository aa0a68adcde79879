"""What becomes of a batch of a stream, case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.event_source_mapping.batch_response import FAILURE, SUCCESS, BatchReport
from lambdakit.harness.event_source_mapping.batching import fitting
from lambdakit.harness.event_source_mapping.stream_retry import Batch, after_call, after_refusal
from lambdakit.harness.event_source_mapping.stream_settings import StreamSettings, stream_settings
from lambdakit.harness.event_source_mapping.stream_source import Record
from lambdakit.harness.event_source_mapping.tumbling_window import read_window_answer, window_of
from lambdakit.limits import SYNC_REQUEST_BYTES_MAX


def record(number: int, text: str = "{}") -> Record:
    return Record(
        number=number,
        identifier=str(number),
        order_key="",
        arrived_at=datetime(2026, 1, 2, tzinfo=UTC),
        text=text,
        event={},
        data=None,
    )


def batch(*numbers: int, failures: int = 0) -> Batch:
    return Batch(records=tuple(record(number) for number in numbers), failures=failures)


def numbers(batches: tuple[Batch, ...]) -> list[list[int]]:
    return [[one.number for one in each.records] for each in batches]


def settings(*, bisects: bool = False, retries: int = -1) -> StreamSettings:
    return stream_settings({"BisectBatchOnFunctionError": bisects, "MaximumRetryAttempts": retries})


def reported(*failed: int) -> BatchReport:
    return BatchReport(failed=frozenset(map(str, failed)))


@pytest.mark.parametrize(
    ("report", "bisects", "done", "again", "counted"),
    [
        (SUCCESS, False, 4, [], 0),
        (FAILURE, False, 0, [[1, 2, 3, 4]], 1),
        (FAILURE, True, 0, [[1, 2], [3, 4]], 0),
        (reported(3), False, 2, [[3, 4]], 1),
        (reported(4, 2), False, 1, [[2, 3, 4]], 1),
        (reported(3), True, 2, [[3, 4]], 0),
        (reported(1), True, 0, [[1, 2], [3, 4]], 0),
        (reported(1), False, 0, [[1, 2, 3, 4]], 1),
    ],
    ids=["success", "failure", "bisected", "from 3", "from the lowest", "cut at 3", "nothing to cut", "from 1"],
)
def test_what_is_tried_again(
    report: BatchReport, bisects: bool, done: int, again: list[list[int]], counted: int
) -> None:
    verdict = after_call(batch(1, 2, 3, 4), report, settings(bisects=bisects))

    assert (verdict.done, numbers(verdict.again), verdict.given_up) == (done, again, None)
    assert {one.failures for one in verdict.again} <= {counted}
    assert (verdict.pause > timedelta()) == bool(counted)


@pytest.mark.parametrize(
    ("failures", "retries", "is_over"), [(0, 0, True), (0, 1, False), (1, 1, True), (99, -1, False)]
)
def test_a_batch_is_given_up_once_its_retries_are_used(failures: int, retries: int, is_over: bool) -> None:
    verdict = after_call(batch(1, failures=failures), FAILURE, settings(retries=retries))

    assert (verdict.given_up is not None) == is_over
    assert bool(verdict.again) != is_over


def test_a_refusal_counts_for_nothing_but_the_pause() -> None:
    waiting, pauses = batch(1, 2), []
    for _ in range(9):
        verdict = after_refusal(waiting)
        [waiting] = verdict.again
        pauses.append(verdict.pause.total_seconds())

    assert (waiting.failures, len(waiting.records)) == (0, 2)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.integers(1, 40), st.sets(st.integers(0, 39)), st.booleans(), st.booleans(), st.integers(0, 3))
def test_no_record_is_lost_or_doubled(size: int, bad: set[int], bisects: bool, reports: bool, retries: int) -> None:
    todo, settled, given_up = [batch(*range(size))], [], []

    while todo:
        current = todo.pop(0)
        failed = [one.number for one in current.records if one.number in bad]
        report = SUCCESS if not failed else reported(*failed) if reports else FAILURE
        verdict = after_call(current, report, settings(bisects=bisects, retries=retries))
        settled += [one.number for one in current.records[: verdict.done]]
        given_up += [] if verdict.given_up is None else [one.number for one in verdict.given_up.records]
        todo = [*verdict.again, *todo]

    assert sorted(settled + given_up) == list(range(size))
    assert set(given_up) >= bad & set(range(size))
    if bisects:
        assert set(given_up) == bad & set(range(size))


@pytest.mark.parametrize(
    ("sizes", "most", "expected"),
    [
        ([1, 1, 1], 2, (2, True)),
        ([1, 1], 2, (2, True)),
        ([1, 1], 3, (2, False)),
        ([], 3, (0, False)),
        ([SYNC_REQUEST_BYTES_MAX + 1, 1], 3, (1, True)),
        ([SYNC_REQUEST_BYTES_MAX // 2, SYNC_REQUEST_BYTES_MAX // 2], 3, (1, True)),
        ([SYNC_REQUEST_BYTES_MAX // 3] * 2, 3, (2, False)),
    ],
)
def test_what_fits_into_an_event(sizes: list[int], most: int, expected: tuple[int, bool]) -> None:
    assert fitting([record(at, "x" * size) for at, size in enumerate(sizes)], most=most) == expected


@pytest.mark.parametrize(
    ("seconds", "length", "start"), [(0, 60, 0), (59.999, 60, 0), (60, 60, 60), (1_000, 900, 900), (901, 1, 901)]
)
def test_windows_are_aligned(seconds: float, length: int, start: int) -> None:
    window = window_of(datetime.fromtimestamp(seconds, UTC), timedelta(seconds=length))

    assert window.start.timestamp() == start
    assert window.end - window.start == timedelta(seconds=length)


@pytest.mark.parametrize(
    ("payload", "state"),
    [
        (b'{"state": {"a": 1}}', {"a": 1}),
        (b'{"state": null}', {}),
        (b'{"state": {}, "batchItemFailures": []}', {}),
        (b"{}", None),
        (b"null", None),
        (b"", None),
        (b"[1]", None),
        (b"{", None),
    ],
)
def test_the_state_is_what_the_function_returned(payload: bytes, state: object) -> None:
    answer = read_window_answer(payload)

    assert (None if answer is None else answer.state) == state


@pytest.mark.parametrize(("size", "is_too_large"), [(1_048_574, False), (1_048_575, True)])
def test_a_state_has_a_megabyte(size: int, is_too_large: bool) -> None:
    answer = read_window_answer(b'{"state": "' + b"x" * size + b'"}')

    assert answer is not None
    assert answer.is_too_large is is_too_large
