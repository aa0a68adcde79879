"""What a connection that hangs costs: nothing for who gives up in time, a second and the time-out for who does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lambdakit.harness.network.hanging import HANG_SECONDS, EnvironmentNetwork

_NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Clock:
    """Both times, which only move when they are told to."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.moves: list[datetime] = []

    def now(self) -> datetime:
        """What it shows."""
        return _NOON

    def monotonic(self) -> float:
        """What counts real time."""
        return self.seconds

    def reach(self, moment: datetime) -> None:
        """Notes what was asked for."""
        self.moves.append(moment)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> EnvironmentNetwork:
    network = EnvironmentNetwork(now=clock.now, reach=clock.reach, monotonic=clock.monotonic)
    network.begin("request", 30)
    return network


def test_nothing_that_hangs_changes_no_deadline(network: EnvironmentNetwork, clock: Clock) -> None:
    assert network.deadline(1234.5) == 1234.5
    assert network.lasted(12.5) == 12.5
    assert clock.moves == []


@pytest.mark.parametrize(("seconds", "is_over"), [(0, False), (1, False), (1.1, True), (29, True)])
def test_hang_is_over_after_a_second_and_a_moment(
    network: EnvironmentNetwork, clock: Clock, seconds: float, is_over: bool
) -> None:
    network.hang("db:5432")

    clock.seconds += seconds

    assert (network.deadline(130) <= clock.seconds) is is_over


def test_deadline_that_comes_first_stays(network: EnvironmentNetwork, clock: Clock) -> None:
    network.hang("db:5432")

    assert network.deadline(clock.seconds + 0.5) == clock.seconds + 0.5


def test_hang_that_ended_in_time_is_forgotten(network: EnvironmentNetwork) -> None:
    hang = network.hang("db:5432")

    network.end(hang)
    network.end(hang)

    assert not network.holds(hang)
    assert network.deadline(1234.5) == 1234.5


def test_processes_that_are_gone_wait_for_nothing(network: EnvironmentNetwork) -> None:
    network.hang("db:5432")

    network.forget()

    assert network.deadline(1234.5) == 1234.5


def test_phase_that_hung_for_a_second_lasts_until_its_time_out(network: EnvironmentNetwork, clock: Clock) -> None:
    network.hang("db:5432")
    clock.seconds += HANG_SECONDS * 2

    assert network.deadline(130) == 0
    assert network.lasted(1002.5) == 30_000
    assert clock.moves == [_NOON + timedelta(seconds=30)]


def test_connection_that_is_found_closed_ends_nothing(network: EnvironmentNetwork, clock: Clock) -> None:
    network.hang("db:5432", lambda: False)
    clock.seconds += HANG_SECONDS * 2

    assert network.deadline(130) == 130
    assert network.lasted(1002.5) == 1002.5
    assert clock.moves == []


@pytest.mark.parametrize(("request_id", "waits"), [("request", False), ("another", True)])
def test_only_another_invocation_waits_again_for_a_destination(
    network: EnvironmentNetwork, clock: Clock, request_id: str, waits: bool
) -> None:
    network.hang("db:5432")
    clock.seconds += HANG_SECONDS * 2
    network.deadline(130)
    network.forget()

    network.begin(request_id, 9)
    network.hang("db:5432")

    assert (network.deadline(130) > clock.seconds) is waits


def test_frozen_environment_does_not_wait(network: EnvironmentNetwork, clock: Clock) -> None:
    """What hung when the last invocation ended has its second when the next one begins."""
    network.hang("db:5432")
    clock.seconds += HANG_SECONDS * 2

    network.begin("another", 9)

    assert network.deadline(130) > clock.seconds


def test_destination_is_told_of_once_in_an_invocation(network: EnvironmentNetwork) -> None:
    assert network.first_time("db:5432")
    assert not network.first_time("db:5432")
    assert network.first_time("db:5433")

    network.begin("request", 9)  # after its init phase
    assert not network.first_time("db:5432")

    network.begin("another", 9)
    assert network.first_time("db:5432")
