"""Events of every source while environments are killed: each is handled, or lies where what failed is put."""

from __future__ import annotations

import random

import pytest

from tests.fakes.every_source import EverySource
from tests.fakes.harness_forks import processes_of_their_own
from tests.fakes.killer import Killer
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-source-soak")

SEED = 20_260_404


def test_no_event_of_any_source_is_lost_when_environments_are_killed() -> None:
    with processes_of_their_own(), WiredHarness() as harness:
        soak(harness, seed=SEED, rounds=6, pause_seconds=0.2)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [SEED + 1, SEED + 2, SEED + 3])
def test_no_event_of_any_source_is_lost_in_the_long_run(seed: int) -> None:
    with processes_of_their_own(), WiredHarness() as harness:
        soak(harness, seed=seed, rounds=100, pause_seconds=0.2)


def soak(harness: WiredHarness, *, seed: int, rounds: int, pause_seconds: float) -> None:
    """Sends as many events of each source as there are rounds. pause_seconds: between two strikes, at the mean."""
    sources, chance = EverySource(harness), random.Random(seed)
    wanted = [(source, number) for number in range(rounds) for source in sources.senders]
    chance.shuffle(wanted)

    with Killer(harness.process.pid, seed=seed, pause_seconds=pause_seconds) as killer:
        sent = [sources.send(source, number) for source, number in wanted]
        while not died(harness) and len(sent) < 3 * len(wanted):
            sent += [sources.send(source, len(sent)) for source in sources.senders]
        for _ in range(3):
            # For what is tried again later, and for the schedules, an hour after the beginning.
            harness.call("POST", "clock", {"advance_seconds": 1300})
            rest(harness)
    rest(harness, advance=True)

    missing = set(sent) - sources.handled().keys() - sources.put_away()
    assert not missing, f"seed {seed}: {killer.kills} kills, {died(harness)} died at work, lost: {sorted(missing)}"
    assert killer.kills >= rounds
    assert died(harness)


def died(harness: WiredHarness) -> int:
    """How many invocations ended with the process."""
    return sum(event["status"] == "crash" for event in harness.events("InvocationEnded"))


def rest(harness: WiredHarness, *, advance: bool = False) -> None:
    """Waits until nothing is in flight. advance: nor waits for the clock."""
    answer = harness.call("POST", "drain", {"timeout_seconds": 50, "advance": advance})
    assert answer.status == 200, answer.body
