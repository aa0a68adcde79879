"""The open pieces of work, and waiting until there is none."""

from __future__ import annotations

import threading

import pytest

from lambdakit.harness.activity import Activity
from tests.fakes.waiting import WAIT_SECONDS


def test_nothing_is_open_at_first() -> None:
    activity = Activity()

    assert activity.wait_until_idle(0)
    assert (activity.still_open(), activity.begun) == ({}, 0)


def test_what_is_open_is_counted_by_what_it_is() -> None:
    activity = Activity()

    activity.begin("event of orders")
    activity.begin("event of orders")
    activity.begin("delivery to audit")
    activity.end("event of orders")

    assert activity.still_open() == {"event of orders": 1, "delivery to audit": 1}
    assert activity.begun == 3
    assert not activity.wait_until_idle(0)


def test_idle_begins_with_the_end_of_the_last_one() -> None:
    activity = Activity()
    activity.begin("first")
    activity.begin("second")
    idle: list[bool] = []
    waiting = threading.Thread(target=lambda: idle.append(activity.wait_until_idle(WAIT_SECONDS)))
    waiting.start()

    activity.end("first")
    assert not activity.wait_until_idle(0)
    activity.end("second")

    waiting.join(WAIT_SECONDS)
    assert idle == [True]


def test_a_block_that_fails_is_closed_too() -> None:
    activity = Activity()

    with pytest.raises(KeyError), activity.doing("event of orders"):
        assert activity.still_open() == {"event of orders": 1}
        raise KeyError

    assert activity.wait_until_idle(0)


@pytest.mark.parametrize("what", ["event of orders", "event of ordersx"])
def test_closing_what_is_not_open_is_a_mistake(what: str) -> None:
    activity = Activity()
    activity.begin("event of orders")
    activity.end("event of orders")
    activity.begin("another")

    with pytest.raises(ValueError, match=f"'{what}' is not open"):
        activity.end(what)

    assert activity.still_open() == {"another": 1}


def test_no_count_is_lost_between_threads() -> None:
    activity = Activity()

    def work() -> None:
        for _ in range(500):
            with activity.doing("event"):
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (activity.begun, activity.still_open()) == (4000, {})
