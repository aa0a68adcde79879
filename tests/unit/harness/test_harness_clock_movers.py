"""Who may move the harness's clock, who waits for whom, and what closing it leaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from lambdakit.clock import HarnessClock
from tests.fakes.diary import Diary
from tests.fakes.waiting import WAIT_SECONDS, wait_until

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[HarnessClock]:
    clock = HarnessClock()
    yield clock
    clock.close()


@pytest.fixture
def diary(clock: HarnessClock) -> Diary:
    return Diary(clock)


class TestMovers:
    def test_two_who_advance_add_up(self, clock: HarnessClock, diary: Diary) -> None:
        start = clock.now()
        for minutes in range(1, 61):
            clock.schedule(start + minutes * MINUTE, diary.write(f"{minutes}"), label="tick")
        threads = [threading.Thread(target=clock.advance, args=(15 * MINUTE,)) for _ in range(4)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert clock.ahead == 60 * MINUTE
        assert diary.names == [f"{minutes}" for minutes in range(1, 61)]

    def test_who_advances_waits_no_longer_than_it_says(self, clock: HarnessClock) -> None:
        inside, leave = threading.Event(), threading.Event()

        def settle() -> None:
            inside.set()
            leave.wait(WAIT_SECONDS)

        first = threading.Thread(target=clock.advance, args=(MINUTE,), kwargs={"settle": settle})
        first.start()
        assert inside.wait(WAIT_SECONDS)

        with pytest.raises(TimeoutError):
            clock.advance(MINUTE, timeout_seconds=0.01)

        leave.set()
        first.join()
        assert clock.ahead == MINUTE

    def test_what_runs_at_a_due_time_cannot_move_the_clock(self, clock: HarnessClock) -> None:
        def run() -> None:
            clock.advance(MINUTE)

        clock.schedule(clock.now() + MINUTE, run, label="greedy")

        with pytest.raises(RuntimeError, match="cannot move the clock"):
            clock.advance(MINUTE)

        assert clock.advance(MINUTE) is not None

    def test_settling_that_fails_leaves_the_clock_there_and_free(self, clock: HarnessClock, diary: Diary) -> None:
        start = clock.now()
        clock.schedule(start + MINUTE, diary.write("first"), label="first")
        clock.schedule(start + 2 * MINUTE, diary.write("second"), label="second")

        def settle() -> None:
            if diary.names:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            clock.advance(5 * MINUTE, settle=settle)

        assert diary.names == ["first"]
        assert timedelta(seconds=59) < clock.ahead <= MINUTE
        clock.advance(MINUTE)
        assert diary.names == ["first", "second"]

    def test_the_clocks_own_thread_keeps_out_while_somebody_advances(self, clock: HarnessClock) -> None:
        ran_by: list[str] = []
        pause = threading.Event()

        def settle() -> None:
            if not ran_by:
                clock.schedule(clock.now(), lambda: ran_by.append(threading.current_thread().name), label="now")
                pause.wait(0.05)

        clock.advance(MINUTE, settle=settle)

        assert ran_by == [threading.current_thread().name]

    def test_idle_means_that_nothing_runs_and_nothing_is_due(self, clock: HarnessClock) -> None:
        assert clock.wait_until_idle(0)
        inside, leave = threading.Event(), threading.Event()

        def run() -> None:
            inside.set()
            leave.wait(WAIT_SECONDS)

        clock.schedule(clock.now() + MINUTE, lambda: None, label="later")
        clock.schedule(clock.now(), run, label="now")

        assert not clock.wait_until_idle(0)
        assert inside.wait(WAIT_SECONDS)
        assert not clock.wait_until_idle(0)
        leave.set()
        assert clock.wait_until_idle(WAIT_SECONDS)
        assert clock.fired == 1


class TestClose:
    def test_nothing_runs_after_it(self, clock: HarnessClock, diary: Diary) -> None:
        clock.schedule(clock.now() + MINUTE, diary.write("before"), label="before")

        clock.close()
        clock.close()
        late = clock.schedule(clock.now(), diary.write("after"), label="after")

        assert (clock.scheduled(), late.cancelled) == ([], True)
        clock.advance(2 * MINUTE)
        assert diary.names == []
        assert "clock" not in {thread.name for thread in threading.enumerate()}

    def test_it_does_not_wait_for_who_advances(self, clock: HarnessClock, diary: Diary) -> None:
        inside, leave = threading.Event(), threading.Event()
        clock.schedule(clock.now() + MINUTE, diary.write("first"), label="first")

        def settle() -> None:
            inside.set()
            leave.wait(WAIT_SECONDS)

        mover = threading.Thread(target=clock.advance, args=(2 * MINUTE,), kwargs={"settle": settle})
        mover.start()
        assert inside.wait(WAIT_SECONDS)

        clock.close()

        leave.set()
        mover.join(WAIT_SECONDS)
        assert not mover.is_alive()
        assert diary.names == []

    def test_a_timer_may_close_it(self, clock: HarnessClock, diary: Diary) -> None:
        due = clock.now() + timedelta(milliseconds=20)
        clock.schedule(due, clock.close, label="closing")
        clock.schedule(due, diary.write("after"), label="after")

        wait_until(lambda: not clock.scheduled(), "the clock was not closed")

        assert diary.names == []


class TestReach:
    def test_clock_is_moved_to_a_moment_and_what_is_due_runs(self, clock: HarnessClock, diary: Diary) -> None:
        moment = clock.now() + 5 * MINUTE
        clock.schedule(moment - MINUTE, diary.write("due"), label="due")

        now = clock.reach(moment)

        assert moment <= now < moment + MINUTE
        assert diary.names == ["due"]

    def test_moment_that_is_past_moves_nothing(self, clock: HarnessClock) -> None:
        clock.advance(MINUTE)
        ahead = clock.ahead

        clock.reach(clock.now() - 10 * MINUTE)

        assert clock.ahead == ahead

    def test_two_who_want_one_moment_do_not_add_up(self, clock: HarnessClock) -> None:
        moment = clock.now() + 5 * MINUTE
        threads = [threading.Thread(target=clock.reach, args=(moment,)) for _ in range(4)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert moment <= clock.now() < moment + MINUTE

    def test_somebody_else_who_moves_the_clock_is_not_waited_for_for_ever(self, clock: HarnessClock) -> None:
        moving, go_on = threading.Event(), threading.Event()

        def settle() -> None:
            moving.set()
            go_on.wait(WAIT_SECONDS)

        other = threading.Thread(target=clock.advance, args=(MINUTE,), kwargs={"settle": settle})
        other.start()
        assert moving.wait(WAIT_SECONDS)

        with pytest.raises(TimeoutError):
            clock.reach(clock.now() + 5 * MINUTE, timeout_seconds=0.01)

        go_on.set()
        other.join()
