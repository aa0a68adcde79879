"""Whether there is concurrency left for one more invocation."""

from __future__ import annotations

import threading
import timeit
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.invocation.concurrency import Concurrency, Throttled

REGION = "us-east-1"
# DG "Understanding Lambda function scaling": the account's concurrency in a region.
ACCOUNT = 1_000


class Settings:
    """Reservations by ARN."""

    def __init__(self, reserved: Mapping[str, int]) -> None:
        self.reservations = dict(reserved)

    def reserved(self, arn: str) -> int | None:
        return self.reservations.get(arn)

    def unreserved(self, place: str) -> int:
        del place
        return ACCOUNT - sum(self.reservations.values())


class Time:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def concurrency(**reserved: int) -> Concurrency:
    return Concurrency(Settings(reserved), now=Time().now)


def admitted(concurrency: Concurrency, arn: str, attempts: int, stack: ExitStack, region: str = REGION) -> int:
    """How many of `attempts` at once are let in."""
    count = 0
    for _ in range(attempts):
        try:
            stack.enter_context(concurrency.lease(arn, region))
        except Throttled:
            continue
        count += 1
    return count


class TestReserved:
    @pytest.mark.parametrize("reserved", [0, 1, 2, 5])
    def test_it_is_a_cap(self, reserved: int) -> None:
        limits = concurrency(fn=reserved)

        with ExitStack() as stack:
            assert admitted(limits, "fn", 10, stack) == reserved
            with pytest.raises(Throttled, match=r"Rate Exceeded\.") as refused:
                limits.lease("fn", REGION)

        assert refused.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"

    def test_a_lease_that_is_left_makes_room_even_by_an_error(self) -> None:
        limits = concurrency(fn=1)

        for _ in range(3):
            with pytest.raises(ZeroDivisionError), limits.lease("fn", REGION):
                raise ZeroDivisionError

        assert limits.in_flight("fn") == 0
        with limits.lease("fn", REGION):
            assert limits.in_flight("fn") == 1

    def test_it_is_a_guarantee(self) -> None:
        limits = concurrency(kept=100)

        with ExitStack() as stack:
            assert admitted(limits, "other", 2 * ACCOUNT, stack) == 900
            assert admitted(limits, "kept", 200, stack) == 100

    def test_a_smaller_reservation_lets_nobody_in_until_enough_have_left(self) -> None:
        settings = Settings({"fn": 3})
        limits = Concurrency(settings, now=Time().now)

        with ExitStack() as stack:
            admitted(limits, "fn", 3, stack)
            settings.reservations["fn"] = 1
            with pytest.raises(Throttled):
                limits.lease("fn", REGION)

        with limits.lease("fn", REGION):
            pass

    def test_a_reservation_made_meanwhile_is_returned_to_the_right_pool(self) -> None:
        settings = Settings({})
        limits = Concurrency(settings, now=Time().now)

        with limits.lease("fn", REGION):
            settings.reservations["fn"] = 900
        del settings.reservations["fn"]

        with ExitStack() as stack:
            assert admitted(limits, "fn", 2 * ACCOUNT, stack) == ACCOUNT


class TestUnreserved:
    def test_functions_share_one_pool(self) -> None:
        limits = concurrency()

        with ExitStack() as stack:
            assert admitted(limits, "one", 600, stack) == 600
            assert admitted(limits, "two", 600, stack) == 400
            with pytest.raises(Throttled) as refused:
                limits.lease("three", REGION)

        assert refused.value.reason == "ConcurrentInvocationLimitExceeded"

    def test_regions_have_their_own(self) -> None:
        limits = concurrency()

        with ExitStack() as stack:
            assert admitted(limits, "one", ACCOUNT, stack) == ACCOUNT
            assert admitted(limits, "two", ACCOUNT, stack, "eu-west-1") == ACCOUNT

    @pytest.mark.parametrize(("reserved", "left"), [(0, 1000), (899, 101), (900, 100)])
    def test_what_is_reserved_is_not_in_it(self, reserved: int, left: int) -> None:
        limits = concurrency(kept=reserved)

        with ExitStack() as stack:
            assert admitted(limits, "fn", ACCOUNT, stack) == left

    def test_a_lease_says_how_many_run(self) -> None:
        limits = concurrency(kept=5)

        with limits.lease("one", REGION), limits.lease("two", REGION), limits.lease("kept", REGION) as kept:
            last = limits.lease("one", REGION)

        assert (kept.concurrent, kept.unreserved) == (1, 2)
        assert (last.concurrent, last.unreserved) == (2, 3)


class TestProvisioned:
    def test_it_is_taken_out_of_the_reservation(self) -> None:
        limits = concurrency(fn=5)
        limits.provision("fn", REGION, 3)

        with ExitStack() as stack:
            assert admitted(limits, "fn", 5, stack) == 2
            for _ in range(3):
                stack.enter_context(limits.provisioned_lease("fn", REGION, "live"))
            stack.enter_context(limits.provisioned_lease("fn", REGION, "2"))
            assert limits.in_flight("fn") == 6
            assert limits.provisioned_in_flight("fn", "live") == 3
            assert limits.provisioned_in_flight("fn", "2") == 1

        assert limits.in_flight("fn") == limits.provisioned_in_flight("fn", "live") == 0

    def test_without_a_reservation_out_of_the_pool(self) -> None:
        limits = concurrency()
        limits.provision("fn", REGION, 300)

        with ExitStack() as stack:
            assert admitted(limits, "other", ACCOUNT, stack) == 700

    def test_with_a_reservation_the_pool_has_nothing_to_do_with_it(self) -> None:
        limits = concurrency(fn=300)
        limits.provision("fn", REGION, 300)

        with ExitStack() as stack:
            assert admitted(limits, "other", ACCOUNT, stack) == 700

    def test_it_is_given_back(self) -> None:
        limits = concurrency(fn=5)
        limits.provision("fn", REGION, 3)

        limits.provision("fn", REGION, 0)

        with ExitStack() as stack:
            assert admitted(limits, "fn", 9, stack) == 5


class TestRate:
    # DG "Understanding Lambda function scaling": ten synchronous requests a second for each unit of concurrency.
    @staticmethod
    def _come(limits: Concurrency, arn: str, attempts: int, at: float, *, owner: str = "") -> tuple[int, str]:
        """How many of `attempts`, one after the other at one moment, were let in, and why not all."""
        for count in range(attempts):
            try:
                lease = (
                    limits.provisioned_lease(arn, REGION, owner, at=at) if owner else limits.lease(arn, REGION, at=at)
                )
            except Throttled as throttled:
                return count, throttled.reason
            with lease:
                pass
        return attempts, ""

    @pytest.mark.parametrize("reserved", [1, 2, 7])
    @pytest.mark.parametrize(("seconds", "more"), [(0, 0.0), (0.5, 0.5), (1, 1.0), (60, 1.0)])
    def test_of_a_function_with_a_reservation(self, reserved: int, seconds: float, more: float) -> None:
        limits = concurrency(fn=reserved)

        first = self._come(limits, "fn", 200, 100.0)
        later = self._come(limits, "fn", 200, 100.0 + seconds)

        assert first == (10 * reserved, "ReservedFunctionInvocationRateLimitExceeded")
        assert later == (int(10 * reserved * more), "ReservedFunctionInvocationRateLimitExceeded")

    def test_of_all_others_together(self) -> None:
        limits = concurrency(kept=1)

        one, two = self._come(limits, "one", 9_000, 5.0), self._come(limits, "two", 9_000, 5.0)

        assert (one, two) == ((9_000, ""), (1_000, "FunctionInvocationRateLimitExceeded"))
        assert self._come(limits, "kept", 5, 5.0) == (5, "")

    def test_provisioned_environments_have_no_other(self) -> None:
        limits = concurrency(fn=1)

        assert self._come(limits, "fn", 99, 0.0, owner="live") == (10, "ReservedFunctionInvocationRateLimitExceeded")
        assert limits.in_flight("fn") == 0

    def test_requests_that_wait_in_a_queue_have_none(self) -> None:
        limits = concurrency(fn=1)

        for _ in range(500):
            with limits.lease("fn", REGION):
                pass

    def test_a_moment_that_comes_late_gives_nothing_back(self) -> None:
        limits = concurrency(fn=1)
        self._come(limits, "fn", 10, 100.0)

        assert self._come(limits, "fn", 1, 99.0)[0] == 0
        assert self._come(limits, "fn", 1, 100.05)[0] == 1  # two threads may come in the other order

    def test_a_smaller_reservation_counts_at_once(self) -> None:
        settings = Settings({"fn": 50})
        limits = Concurrency(settings, now=Time().now)
        self._come(limits, "fn", 1, 0.0)

        settings.reservations["fn"] = 2

        assert self._come(limits, "fn", 99, 0.0)[0] == 20


class TestAllocated:
    def test_it_is_what_is_reserved_and_provisioned_beside_that(self) -> None:
        limits = concurrency(kept=100)
        limits.provision("kept", REGION, 30)

        assert limits.allocated(REGION) == 100
        limits.provision("free", REGION, 7)
        assert limits.allocated(REGION) == 107
        limits.provision("free", REGION, 0)
        assert limits.allocated(REGION) == 100

    def test_a_new_reservation_counts_once_it_is_told_of(self) -> None:
        settings = Settings({})
        limits = Concurrency(settings, now=Time().now)
        assert limits.allocated(REGION) == 0

        settings.reservations["fn"] = 5
        limits.settings_changed()

        assert limits.allocated(REGION) == 5


class TestScaling:
    # DG "Lambda scaling behavior": per function 1,000 environments every 10 seconds, refilled all the time.
    @pytest.mark.parametrize(("seconds", "more"), [(0, 0), (0.01, 1), (1, 100), (10, 1000), (60, 1000)])
    def test_environments_are_added_no_faster(self, seconds: float, more: int) -> None:
        time = Time()
        limits = Concurrency(Settings({}), now=time.now)

        first = self._added(limits, "fn")
        time.at += timedelta(seconds=seconds)
        second = self._added(limits, "fn")

        assert first == 1_000
        assert second == more

    def test_each_function_for_itself(self) -> None:
        limits = concurrency()

        assert self._added(limits, "one") == 1_000
        assert self._added(limits, "two") == 1_000

    @staticmethod
    def _added(limits: Concurrency, arn: str) -> int:
        for count in range(2_000):
            try:
                limits.admit_environment(arn)
            except Throttled:
                return count
        return 2_000


@given(
    st.integers(0, 5),
    st.lists(st.tuples(st.sampled_from(["reserved", "free"]), st.booleans()), max_size=60),
)
def test_what_runs_never_exceeds_what_may(reserved: int, steps: list[tuple[str, bool]]) -> None:
    limits = concurrency(reserved=reserved)
    held: dict[str, list[ExitStack]] = {"reserved": [], "free": []}

    for arn, enters in steps:
        if enters:
            stack = ExitStack()
            if admitted(limits, arn, 1, stack):
                held[arn].append(stack)
            else:
                assert arn == "reserved" and len(held[arn]) == reserved
        elif held[arn]:
            held[arn].pop().close()
        assert limits.in_flight(arn) == len(held[arn])
        assert len(held["reserved"]) <= reserved


def test_threads_never_exceed_it_together() -> None:
    limits = concurrency(fn=3)
    inside, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(500):
            try:
                lease = limits.lease("fn", REGION)
            except Throttled:
                continue
            with lease:
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most <= 3
    assert limits.in_flight("fn") == 0


def test_a_lease_costs_next_to_nothing() -> None:
    limits = concurrency()

    def lease() -> None:
        with limits.lease("fn", REGION):
            pass

    best = min(timeit.repeat(lease, number=1_000, repeat=20)) / 1_000

    assert best < 20e-6, f"{best * 1e6:.2f} µs"
