"""The clock that the harness acts by: what runs when, and in which order."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.clock import HarnessClock
from tests.fakes.diary import Diary
from tests.fakes.waiting import WAIT_SECONDS

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[HarnessClock]:
    clock = HarnessClock()
    yield clock
    clock.close()


@pytest.fixture
def diary(clock: HarnessClock) -> Diary:
    return Diary(clock)


class TestTime:
    def test_it_is_the_real_time_until_it_is_moved(self, clock: HarnessClock) -> None:
        before = datetime.now(UTC)

        now = clock.now()

        assert before <= now <= datetime.now(UTC)
        assert clock.ahead == timedelta()

    def test_it_is_ahead_by_exactly_what_it_was_moved_by(self, clock: HarnessClock) -> None:
        before = clock.now()

        after = clock.advance(90 * MINUTE)

        assert clock.ahead == 90 * MINUTE
        assert 90 * MINUTE <= after - before < 91 * MINUTE

    def test_what_time_the_work_takes_does_not_count(self, clock: HarnessClock, diary: Diary) -> None:
        clock.schedule(clock.now() + MINUTE, diary.write("first"), label="first")
        pause = threading.Event()

        def settle() -> None:
            pause.wait(0.05)

        clock.advance(3 * MINUTE, settle=settle)

        assert clock.ahead == 3 * MINUTE

    def test_a_retry_after_the_work_before_it_still_falls_into_the_step(
        self, clock: HarnessClock, diary: Diary
    ) -> None:
        pause = threading.Event()

        def attempt() -> None:
            diary.write("retry")()
            pause.wait(0.05)
            clock.schedule(clock.now() + 2 * MINUTE, diary.write("second retry"), label="second retry")

        clock.schedule(clock.now() + MINUTE, attempt, label="retry")

        clock.advance(3 * MINUTE)

        assert diary.names == ["retry", "second retry"]

    def test_what_is_scheduled_while_it_settles_first_falls_into_the_step(
        self, clock: HarnessClock, diary: Diary
    ) -> None:
        pause = threading.Event()
        begun: list[bool] = []

        def settle() -> None:
            if not begun:
                begun.append(True)
                pause.wait(0.05)
                clock.schedule(clock.now() + MINUTE, diary.write("retry"), label="retry")

        clock.advance(MINUTE, settle=settle)

        assert diary.names == ["retry"]

    @pytest.mark.parametrize("step", [timedelta(microseconds=-1), timedelta(days=-400)])
    def test_it_never_runs_back(self, clock: HarnessClock, step: timedelta) -> None:
        with pytest.raises(ValueError, match="cannot be moved back"):
            clock.advance(step)

        assert clock.ahead == timedelta()

    def test_an_end_beyond_all_dates_is_refused_before_anything_runs(self, clock: HarnessClock, diary: Diary) -> None:
        clock.schedule(clock.now() + MINUTE, diary.write("first"), label="first")

        with pytest.raises(OverflowError):
            clock.advance(timedelta(days=4_000_000))

        assert (clock.ahead, diary.names) == (timedelta(), [])

    def test_such_an_end_does_not_stop_the_clock(self, clock: HarnessClock) -> None:
        with pytest.raises(OverflowError):
            clock.advance(timedelta(days=4_000_000))

        assert clock.advance(MINUTE) - datetime.now(UTC) <= MINUTE


class TestTimers:
    def test_a_timer_runs_when_real_time_reaches_it(self, clock: HarnessClock) -> None:
        ran = threading.Event()
        due = clock.now() + timedelta(milliseconds=30)

        clock.schedule(due, ran.set, label="soon")

        assert ran.wait(WAIT_SECONDS)
        assert clock.now() >= due

    def test_an_earlier_timer_is_not_kept_by_a_later_one(self, clock: HarnessClock) -> None:
        ran = threading.Event()
        clock.schedule(clock.now() + timedelta(days=400_000), lambda: None, label="in 1000 years")

        clock.schedule(clock.now(), ran.set, label="now")

        assert ran.wait(WAIT_SECONDS)

    def test_the_order_is_that_of_the_due_times_then_of_the_making(self, clock: HarnessClock, diary: Diary) -> None:
        start = clock.now()
        for name, minutes in (("c", 3), ("a", 1), ("b1", 2), ("b2", 2)):
            clock.schedule(start + minutes * MINUTE, diary.write(name), label=name)

        clock.advance(5 * MINUTE)

        assert diary.names == ["a", "b1", "b2", "c"]
        assert [round((at - start) / MINUTE) for _, at in diary.entries] == [1, 2, 2, 3]

    def test_what_is_due_later_stays(self, clock: HarnessClock, diary: Diary) -> None:
        start = clock.now()
        for hours in (1, 3, 2):
            clock.schedule(start + timedelta(hours=hours), diary.write(f"{hours}"), label=f"{hours}")

        clock.advance(timedelta(minutes=119))

        assert diary.names == ["1"]
        assert [timer.label for timer in clock.scheduled()] == ["2", "3"]

    def test_a_cancelled_timer_never_runs(self, clock: HarnessClock, diary: Diary) -> None:
        first = clock.schedule(clock.now() + MINUTE, diary.write("first"), label="first")
        clock.schedule(clock.now() + MINUTE, diary.write("second"), label="second")

        first.cancel()

        assert [timer.label for timer in clock.scheduled()] == ["second"]
        clock.advance(MINUTE)
        assert diary.names == ["second"]

    def test_a_timer_may_cancel_one_of_the_same_time(self, clock: HarnessClock, diary: Diary) -> None:
        due = clock.now() + MINUTE
        clock.schedule(due, lambda: second.cancel(), label="first")
        second = clock.schedule(due, diary.write("second"), label="second")

        clock.advance(MINUTE)

        assert diary.names == []

    def test_work_settles_between_two_due_times_however_close(self, clock: HarnessClock, diary: Diary) -> None:
        due = clock.now() + MINUTE
        clock.schedule(due, diary.write("first"), label="first")
        clock.schedule(due + timedelta(microseconds=1), diary.write("second"), label="second")

        clock.advance(MINUTE + SECOND, settle=diary.write("settled"))

        assert diary.names == ["settled", "first", "settled", "second", "settled"]

    def test_a_fault_is_told_and_keeps_nothing_else_from_running(self, clock: HarnessClock, diary: Diary) -> None:
        def fail() -> None:
            raise KeyError("lost")

        clock.schedule(clock.now() + MINUTE, fail, label="faulty")
        clock.schedule(clock.now() + MINUTE, diary.write("sound"), label="sound")

        with pytest.raises(KeyError, match="lost"):
            clock.advance(2 * MINUTE)

        assert (diary.names, clock.ahead) == (["sound"], 2 * MINUTE)
        clock.check()

    def test_a_fault_on_the_clocks_own_thread_is_told_by_the_next_check(self, clock: HarnessClock) -> None:
        ran = threading.Event()

        def fail() -> None:
            ran.set()
            raise KeyError("lost")

        clock.schedule(clock.now(), fail, label="faulty")
        assert ran.wait(WAIT_SECONDS)
        assert clock.wait_until_idle(WAIT_SECONDS)

        with pytest.raises(KeyError, match="lost"):
            clock.check()

    def test_a_due_time_without_a_zone_is_a_mistake_at_once(self, clock: HarnessClock) -> None:
        with pytest.raises(ValueError, match="rule nightly: 2026-01-01 00:00:00 has no time zone"):
            clock.schedule(datetime(2026, 1, 1), lambda: None, label="rule nightly")

    def test_a_timer_that_sets_itself_again_at_the_same_time_ends(self, clock: HarnessClock) -> None:
        due = clock.now() + MINUTE

        def again() -> None:
            clock.schedule(due, again, label="rule eager")

        clock.schedule(due, again, label="rule eager")

        with pytest.raises(RuntimeError, match="rule eager: comes due again and again"):
            clock.advance(MINUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A timer `seconds` after it is made, and those it makes when it runs."""

    seconds: int
    then: tuple[Plan, ...] = field(default=())


PLANS = st.recursive(
    st.builds(Plan, seconds=st.integers(-5, 100)),
    lambda children: st.builds(
        Plan, seconds=st.integers(-5, 100), then=st.lists(children, max_size=3).map(lambda plans: tuple(plans))
    ),
    max_leaves=20,
)


@given(plans=st.lists(PLANS, max_size=10), steps=st.lists(st.integers(0, 120), max_size=6))
@settings(deadline=None)
def test_nothing_is_lost_nothing_runs_early_and_the_order_holds(plans: list[Plan], steps: list[int]) -> None:
    made: list[datetime] = []
    ran: list[tuple[datetime, bool]] = []
    early: list[datetime] = []
    moved = HarnessClock()

    def set_up(plan: Plan) -> None:
        due = moved.now() + plan.seconds * SECOND

        def run() -> None:
            ran.append((due, plan.seconds < 0))
            if moved.now() < due:
                early.append(due)
            for follower in plan.then:
                set_up(follower)

        made.append(due)
        moved.schedule(due, run, label="planned")

    with contextlib.closing(moved):
        for plan in plans:
            set_up(plan)
        for step in steps:
            reached = moved.advance(step * SECOND)

            assert all(timer.due > reached - SECOND for timer in moved.scheduled())
        assert moved.wait_until_idle(WAIT_SECONDS)

        # Those that were past when they were made run at once, whatever has run by then.
        in_time = [due for due, was_past in ran if not was_past]
        assert in_time == sorted(in_time)
        assert early == []
        assert moved.ahead == sum(steps) * SECOND
        assert sorted([*(due for due, _ in ran), *(timer.due for timer in moved.scheduled())]) == sorted(made)


def test_a_day_of_minutes_takes_less_than_two_seconds(clock: HarnessClock) -> None:
    start = clock.now()
    ticks: list[datetime] = []

    def tick(due: datetime) -> None:
        ticks.append(clock.now())
        following = due + MINUTE
        clock.schedule(following, lambda: tick(following), label="every minute", recurring=True)

    clock.schedule(start + MINUTE, lambda: tick(start + MINUTE), label="every minute", recurring=True)
    begun = time.process_time()

    clock.advance(timedelta(days=1))

    assert time.process_time() - begun < 2
    assert len(ticks) == 24 * 60
    assert all(number * MINUTE <= at - start < (number + 1) * MINUTE for number, at in enumerate(ticks, 1))
