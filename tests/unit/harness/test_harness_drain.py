"""When everything is at rest, what is told when it is not, and the clock that moves to the end of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import pytest

from lambdakit.clock import HarnessClock
from lambdakit.errors import DrainTimeout, HarnessError
from lambdakit.harness.activity import Activity
from lambdakit.harness.drain import Drain
from tests.fakes.waiting import WAIT_SECONDS

MINUTE = timedelta(minutes=1)


class FakeEnvironments:
    """Environments that are in use for as long as a test says."""

    def __init__(self) -> None:
        self._busy: Counter[str] = Counter()
        self._changed = threading.Condition()
        self.on_wait: Callable[[], None] = lambda: None

    def take(self, function: str) -> None:
        """One more is in use."""
        with self._changed:
            self._busy[function] += 1

    def give_back(self, function: str) -> None:
        """One less is."""
        with self._changed:
            self._busy[function] -= 1
            self._busy += Counter()
            self._changed.notify_all()

    def busy_functions(self) -> Mapping[str, int]:
        """As the pool says it."""
        return dict(self._busy)

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """As the pool does."""
        self.on_wait()
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, timeout_seconds)


class World:
    """A clock, an activity and environments, with the drain over them."""

    def __init__(self) -> None:
        self.clock = HarnessClock()
        self.activity = Activity()
        self.environments = FakeEnvironments()
        self.told: list[str] = []
        self.drain = Drain(
            clock=self.clock,
            activity=self.activity,
            environments=self.environments,
            flush=lambda: self.told.append("flushed"),
            moved=lambda: self.told.append("moved"),
        )

    def at(self, minutes: float, run: Callable[[], None], *, label: str = "timer", recurring: bool = False) -> None:
        """Schedules `run` that many minutes from now."""
        self.clock.schedule(self.clock.now() + minutes * MINUTE, run, label=label, recurring=recurring)

    def every(self, minutes: float, run: Callable[[], None], *, label: str, recurring: bool = True) -> None:
        """Schedules `run` again and again."""

        def again() -> None:
            run()
            self.every(minutes, run, label=label, recurring=recurring)

        self.at(minutes, again, label=label, recurring=recurring)

    def in_thread(self, what: str, work: Callable[[], None]) -> None:
        """Hands work to another thread, as the harness does: it is open from now until it is done."""
        self.activity.begin(what)

        def run() -> None:
            try:
                work()
            finally:
                self.activity.end(what)

        threading.Thread(target=run).start()


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.clock.close()


class TestRest:
    def test_what_is_scheduled_is_returned_in_order(self, world: World) -> None:
        world.at(2, lambda: None, label="retry of orders")
        world.at(1, lambda: None, label="rule nightly", recurring=True)

        scheduled = world.drain.wait(1, advance=False)

        assert [(timer.label, timer.recurring) for timer in scheduled] == [
            ("rule nightly", True),
            ("retry of orders", False),
        ]
        assert world.told == ["flushed"]
        assert world.clock.ahead == timedelta()

    def test_a_chain_of_work_is_waited_for_to_its_end(self, world: World) -> None:
        done: list[int] = []
        pause = threading.Event()

        def link(number: int) -> None:
            pause.wait(0.002)
            if number % 3 == 0:
                world.environments.take("orders")
                pause.wait(0.002)
            if number < 30:
                world.in_thread(f"event {number + 1}", lambda: link(number + 1))
            if number % 3 == 0:
                world.environments.give_back("orders")
            done.append(number)

        world.in_thread("event 0", lambda: link(0))
        world.drain.wait(WAIT_SECONDS, advance=False)

        assert sorted(done) == list(range(31))

    def test_work_that_an_invocation_leaves_behind_is_waited_for(self, world: World) -> None:
        """The invocation ends while its environment is waited for, and by then has set off an event."""
        leave = threading.Event()
        done: list[str] = []

        def last_moment() -> None:
            world.environments.on_wait = lambda: None
            world.in_thread("event of audit", lambda: done.append("audit") if leave.wait(WAIT_SECONDS) else None)
            threading.Timer(0.05, leave.set).start()

        world.environments.on_wait = last_moment

        world.drain.wait(WAIT_SECONDS, advance=False)

        assert done == ["audit"]

    def test_a_timer_that_is_due_is_waited_for_and_what_it_begins(self, world: World) -> None:
        done: list[str] = []
        pause = threading.Event()

        def work() -> None:
            pause.wait(0.03)
            done.append("retried")

        world.at(0, lambda: world.in_thread("retry", work))

        assert world.drain.wait(WAIT_SECONDS, advance=False) == []

        assert done == ["retried"]

    def test_a_timer_that_comes_due_meanwhile_is_waited_for(self, world: World) -> None:
        """It runs already while the environments are found idle, and opens its activity only then."""
        done: list[str] = []
        pause = threading.Event()

        def slow() -> None:
            pause.wait(0.05)
            world.in_thread("retry", lambda: done.append("retried"))

        def come_due() -> None:
            world.environments.on_wait = lambda: None
            world.at(0, slow)

        world.environments.on_wait = come_due

        world.drain.wait(WAIT_SECONDS, advance=False)

        assert done == ["retried"]

    def test_a_timers_fault_is_raised(self, world: World) -> None:
        def fail() -> None:
            raise KeyError("lost")

        world.at(0, fail)

        with pytest.raises(KeyError, match="lost"):
            world.drain.wait(WAIT_SECONDS, advance=False)

    def test_unrest_says_what_is_open(self, world: World) -> None:
        world.activity.begin("asynchronous event of orders")
        world.activity.begin("asynchronous event of orders")
        world.environments.take("shop-create")

        with pytest.raises(DrainTimeout) as unrest:
            world.drain.wait(0.01, advance=False)

        (diagnostic,) = unrest.value.diagnostics
        assert diagnostic.code == "LK520"
        assert diagnostic.problem == (
            "events in flight did not come to rest within 0.01 s: "
            "asynchronous event of orders (2), shop-create runs in 1 environment"
        )

    def test_an_invocation_alone_is_unrest_too(self, world: World) -> None:
        for _ in range(2):
            world.environments.take("shop-create")

        with pytest.raises(DrainTimeout, match="within 0 s: shop-create runs in 2 environments"):
            world.drain.wait(0, advance=False)

    def test_a_timer_that_does_not_come_back_is_unrest(self, world: World) -> None:
        leave = threading.Event()

        def stuck() -> None:
            leave.wait(WAIT_SECONDS)

        world.at(0, stuck)

        with pytest.raises(DrainTimeout, match=r"the clock's timers did not come to rest within 0.05 s"):
            world.drain.wait(0.05, advance=False)
        leave.set()

    def test_of_many_open_things_the_first_are_named(self, world: World) -> None:
        for number in range(15):
            world.activity.begin(f"event {number}")

        with pytest.raises(DrainTimeout, match=r"event 9 \(1\) and 5 more"):
            world.drain.wait(0, advance=False)


class TestPassingTime:
    def test_the_clock_moves_until_only_recurring_timers_are_left(self, world: World) -> None:
        ran: list[str] = []
        world.at(1, lambda: world.in_thread("retry", lambda: world.at(2, lambda: ran.append("second retry"))))
        world.every(1.25, lambda: ran.append("tick"), label="rule")

        scheduled = world.drain.wait(WAIT_SECONDS, advance=True)

        assert ran == ["tick", "tick", "second retry"]
        assert [timer.label for timer in scheduled] == ["rule"]
        assert 3 * MINUTE - timedelta(seconds=1) < world.clock.ahead <= 3 * MINUTE
        assert "moved" in world.told

    def test_work_between_due_times_is_waited_for(self, world: World) -> None:
        pause = threading.Event()
        order: list[str] = []

        def slow() -> None:
            pause.wait(0.05)
            order.append("work of the first")

        world.at(1, lambda: world.in_thread("event", slow))
        world.at(2, lambda: order.append("second"))

        world.drain.wait(WAIT_SECONDS, advance=True)

        assert order == ["work of the first", "second"]

    def test_without_anything_scheduled_the_clock_stays(self, world: World) -> None:
        world.every(1, lambda: None, label="rule")

        world.drain.wait(1, advance=True)

        assert world.clock.ahead == timedelta()

    def test_many_timers_of_many_times_end_soon(self, world: World) -> None:
        ran: list[datetime] = []
        for number in range(10_000):
            world.at(1 + number / 60, lambda: ran.append(world.clock.now()))
        begun = time.process_time()

        world.drain.wait(WAIT_SECONDS, advance=True)

        assert len(ran) == 10_000
        assert ran == sorted(ran)
        assert time.process_time() - begun < 5

    def test_what_schedules_itself_for_ever_is_named(self, world: World) -> None:
        world.at(10, lambda: None, label="retry of orders")
        world.every(1, lambda: None, label="retry of the stream", recurring=False)

        with pytest.raises(DrainTimeout) as endless:
            world.drain.wait(10 * WAIT_SECONDS, advance=True)

        (diagnostic,) = endless.value.diagnostics
        assert diagnostic.code == "LK521"
        assert "there is no end after 10000 rounds: 'retry of the stream' was due again in" in diagnostic.problem

    def test_the_time_is_over_on_the_way(self, world: World) -> None:
        pause = threading.Event()

        def work() -> None:
            pause.wait(0.02)

        world.every(1, lambda: world.in_thread("poll", work), label="retry of the stream", recurring=False)

        with pytest.raises(DrainTimeout, match=r"'retry of the stream' was due again|did not come to rest.*poll"):
            world.drain.wait(0.2, advance=True)


class TestAdvance:
    def test_each_due_time_waits_for_the_one_before(self, world: World) -> None:
        pause = threading.Event()
        order: list[str] = []

        def attempt() -> None:
            pause.wait(0.03)
            order.append("first")
            world.at(2, lambda: order.append("second"))

        world.at(1, lambda: world.in_thread("event of orders", attempt))

        world.drain.advance(3 * MINUTE, timeout_seconds=WAIT_SECONDS)

        assert order == ["first", "second"]
        assert world.told[-1] == "moved"

    def test_what_is_in_flight_already_comes_first(self, world: World) -> None:
        leave = threading.Event()
        done: list[int] = []

        def attempt() -> None:
            leave.wait(WAIT_SECONDS)
            world.at(1, lambda: done.append(1))

        world.in_thread("event of orders", attempt)
        threading.Timer(0.05, leave.set).start()

        world.drain.advance(MINUTE, timeout_seconds=WAIT_SECONDS)

        assert done == [1]

    def test_what_never_rests_is_told_and_the_clock_stays(self, world: World) -> None:
        world.environments.take("orders")

        with pytest.raises(DrainTimeout, match=r"within 0.01 s: orders runs in 1 environment") as unrest:
            world.drain.advance(MINUTE, timeout_seconds=0.01)

        assert '"settle": false' in unrest.value.diagnostics[0].hint
        assert world.clock.ahead == timedelta()

    def test_a_function_moves_it_while_it_is_in_flight(self, world: World) -> None:
        ran: list[str] = []
        world.at(1, lambda: ran.append("first"))
        world.environments.take("orders")

        now = world.drain.advance(MINUTE, timeout_seconds=0, settle=False)

        assert ran == ["first"]
        assert now >= world.clock.now() - timedelta(seconds=5)
        assert world.clock.ahead == MINUTE

    def test_a_call_that_waits_for_a_function_which_moves_the_clock_ends(self, world: World) -> None:
        """The function waits for the outer call, and the outer call for the function: neither waits for ever."""
        world.environments.take("orders")
        inside, refusals = threading.Event(), list[str]()
        world.environments.on_wait = inside.set

        def outer() -> None:
            with pytest.raises(DrainTimeout) as unrest:
                world.drain.advance(MINUTE, timeout_seconds=0.3)
            refusals.append(unrest.value.diagnostics[0].problem)

        thread = threading.Thread(target=outer)
        thread.start()
        assert inside.wait(WAIT_SECONDS)
        with pytest.raises(DrainTimeout, match=r"another call has been moving the clock for 0.01 s"):
            world.drain.advance(MINUTE, timeout_seconds=0.01, settle=False)
        world.drain.advance(MINUTE, timeout_seconds=WAIT_SECONDS, settle=False)
        thread.join()

        assert refusals == ["events in flight did not come to rest within 0.3 s: orders runs in 1 environment"]
        assert world.clock.ahead == MINUTE

    def test_a_step_beyond_all_dates_is_refused(self, world: World) -> None:
        with pytest.raises(HarnessError, match=r"clock.advance: .* leads beyond the year 9999 \[LK542\]"):
            world.drain.advance(timedelta.max, timeout_seconds=1)
