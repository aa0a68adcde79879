"""Threads that run jobs: as few as keep up."""

from __future__ import annotations

import logging
import threading

import pytest

from lambdakit.harness.invocation.workers import Workers

WAIT_SECONDS = 60.0


def test_jobs_run_in_the_order_given() -> None:
    workers, done, seen = Workers("test", most=1), threading.Event(), list[int]()

    for number in range(100):
        workers.submit(lambda n=number: seen.append(n))  # type: ignore[misc]
    workers.submit(done.set)

    assert done.wait(WAIT_SECONDS)
    assert seen == list(range(100))
    workers.stop()
    workers.join()


def test_no_thread_without_a_job() -> None:
    assert Workers("test", most=3).count == 0


def test_long_jobs_get_a_worker_each_up_to_the_most() -> None:
    workers, let_go = Workers("test", most=4), threading.Event()
    lock, inside, full = threading.Lock(), [0], threading.Event()

    def job() -> None:
        with lock:
            inside[0] += 1
            if inside[0] == 4:
                full.set()
        let_go.wait(WAIT_SECONDS)

    for _ in range(10):
        workers.submit(job)

    assert full.wait(WAIT_SECONDS)
    assert workers.count == 4
    assert inside[0] == 4
    let_go.set()
    workers.stop()
    workers.join()


def test_one_that_waits_for_another_gets_its_own() -> None:
    workers, first, second = Workers("test", most=2), threading.Event(), threading.Event()

    def wait_for_the_other() -> None:
        first.wait(WAIT_SECONDS)
        second.set()

    workers.submit(wait_for_the_other)
    workers.submit(first.set)

    assert second.wait(WAIT_SECONDS)
    workers.stop()
    workers.join()


@pytest.mark.filterwarnings("error")
def test_a_job_that_fails_takes_nothing_with_it(caplog: pytest.LogCaptureFixture) -> None:
    workers, done = Workers("test", most=1), threading.Event()

    def fail() -> None:
        raise LookupError("on purpose")

    with caplog.at_level(logging.ERROR):
        workers.submit(fail)
        workers.submit(done.set)
        assert done.wait(WAIT_SECONDS)

    assert "on purpose" in caplog.text
    workers.stop()
    workers.join()


def test_a_stopped_one_begins_nothing_and_ends_its_threads() -> None:
    workers, running, let_go, seen = Workers("test", most=1), threading.Event(), threading.Event(), list[int]()

    def hold() -> None:
        running.set()
        let_go.wait(WAIT_SECONDS)

    workers.submit(hold)
    running.wait(WAIT_SECONDS)
    workers.submit(lambda: seen.append(1))

    workers.stop()
    let_go.set()
    workers.join()
    workers.submit(lambda: seen.append(2))

    assert seen == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("test-")]
