"""What a function feels of a network without a path: connections hang, at the cost of a second.

Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC"; Amazon VPC User
Guide, "Route tables". Which destinations are out of reach is said by the test itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lambdakit.trace import EnvironmentReset, EnvironmentStarted, InvocationEnded, RuntimeNote
from tests.fakes.judged_harness import FIX, REASON
from tests.fakes.network_world import (
    REAL_SECONDS_MAX,
    TIMEOUT_SECONDS,
    World,
    assert_timed_out,
    deployed_world,
    timed,
)

pytestmark = pytest.mark.xdist_group("behaviour-network")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with deployed_world(tmp_path_factory.mktemp("network")) as world:
        if not world.has_sandbox:
            pytest.skip("this machine allows no sandbox")
        yield world


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    shared.rules.close()
    shared.forget()
    yield shared
    shared.rules.close()


HANGS = [
    pytest.param("connect", {"host": "db.example.com", "port": 5432}, "db.example.com:5432", id="a name"),
    pytest.param("connect", {"host": "10.9.9.9", "port": 5432}, "10.9.9.9:5432", id="an address"),
    pytest.param("get", {"url": "http://api.example.com/"}, "api.example.com:80", id="urllib"),
    pytest.param("tables", {}, "dynamodb.us-east-1.amazonaws.com", id="an SDK, which connects to no avail"),
    pytest.param("buckets", {}, "s3.us-east-1.amazonaws.com", id="an SDK, whose request is not answered"),
]


@pytest.mark.parametrize(("do", "arguments", "destination"), HANGS)
def test_call_without_a_path_times_out_and_costs_a_second(
    world: World, do: str, arguments: dict[str, Any], destination: str
) -> None:
    world.rules.close("*")
    before = world.harness.clock.now()

    result, seconds = timed(lambda: world.invoke("Inside", do, **arguments))

    assert_timed_out(result)
    assert seconds < REAL_SECONDS_MAX
    ahead = (world.harness.clock.now() - before).total_seconds()
    assert TIMEOUT_SECONDS <= ahead < TIMEOUT_SECONDS + REAL_SECONDS_MAX
    assert [(event.destination, event.reason, event.fix) for event in world.blocked()] == [(destination, REASON, FIX)]
    assert [event.reason for event in world.told(EnvironmentReset)] == ["timeout"]
    assert [event.status for event in world.told(InvocationEnded)] == ["timeout"]


def test_path_that_opens_is_taken_by_the_next_call(world: World) -> None:
    world.rules.close("dynamodb")
    assert_timed_out(world.invoke("Inside", "tables"))

    world.rules.close()

    assert world.answer("Inside", "tables") == 200


def test_path_that_closes_stops_a_connection_that_is_kept(world: World) -> None:
    assert world.answer("Inside", "tables") == 200

    world.rules.close("dynamodb")

    assert_timed_out(world.invoke("Inside", "tables"))
    assert len(world.blocked()) == 1


@pytest.mark.parametrize(
    ("do", "arguments", "answer"),
    [
        ("connect", {"host": "db.example.com", "port": 5432, "timeout": 0.3}, "TimeoutError"),
        ("connect", {"host": "db.example.com", "port": 5432, "timeout": 1}, "TimeoutError"),
        ("many", {"host": "db.example.com", "port": 5432}, "went on"),
        ("tables", {"connect_timeout": 1, "retries": 0}, "ConnectTimeoutError"),
        ("tables", {"connect_timeout": 0.3, "retries": 3}, "ConnectTimeoutError"),
    ],
    ids=["a short time", "exactly a second", "several threads", "an SDK", "an SDK that tries again"],
)
def test_function_that_gives_up_by_itself_goes_on(
    world: World, do: str, arguments: dict[str, Any], answer: str
) -> None:
    world.rules.close("*")

    assert world.answer("Inside", do, **arguments) == answer

    assert len(world.blocked()) == 1
    assert world.told(EnvironmentReset) == []


def test_two_that_hang_at_once_move_the_clock_once(world: World) -> None:
    world.rules.close("*")
    before = world.harness.clock.now()

    with ThreadPoolExecutor(2) as threads:
        calls = [
            threads.submit(world.invoke, name, "connect", host="db.example.com", port=5432)
            for name in ("Inside", "InsideToo")
        ]
        for call in calls:
            assert_timed_out(call.result())

    ahead = (world.harness.clock.now() - before).total_seconds()
    assert TIMEOUT_SECONDS <= ahead < TIMEOUT_SECONDS + 2 * REAL_SECONDS_MAX
    assert len(world.blocked()) == 2


def test_hang_while_the_clock_is_moved_ends_nonetheless(world: World) -> None:
    """A function that a schedule calls runs while somebody moves the clock, who waits for it."""
    world.rules.close("*")

    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(world.invoke, "Inside", "connect", host="db.example.com", port=5432)
        world.harness.clock.advance(minutes=1)

        assert_timed_out(call.result())


def test_init_that_hangs_times_out_then_the_function_does(world: World) -> None:
    world.rules.close("*")

    result, seconds = timed(lambda: world.deployment.function("AtInit").invoke({}))

    assert_timed_out(result)
    assert seconds < REAL_SECONDS_MAX
    started = world.told(EnvironmentStarted)
    assert [(event.status, event.init_duration_ms) for event in started] == [("timeout", 10_000)]
    assert [event.destination for event in world.blocked()] == ["db.example.com:5432"]


def test_node_hangs_like_python(world: World) -> None:
    world.rules.close("*")

    result, seconds = timed(lambda: world.deployment.function("InsideNode").invoke({"url": "https://api.example.com/"}))

    assert_timed_out(result)
    assert seconds < REAL_SECONDS_MAX
    assert [event.destination for event in world.blocked()] == ["api.example.com:443"]


def test_without_a_sandbox_calls_of_aws_hang_and_the_rest_is_told(tmp_path: Path) -> None:
    with deployed_world(tmp_path, sandbox="off") as world:
        world.rules.close("*")

        result, seconds = timed(lambda: world.invoke("Inside", "tables"))

        assert_timed_out(result)
        assert seconds < REAL_SECONDS_MAX
        notes = [event.note for event in world.harness.trace.events if isinstance(event, RuntimeNote)]
        assert sum("only its calls of AWS APIs can be held to the network of its VPC" in note for note in notes) == 1
        with pytest.warns(RuntimeWarning, match="without a sandbox"):
            world.harness.bind("db.example.com", "127.0.0.1:5432")
