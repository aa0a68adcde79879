"""Answers that go out before their invocation is written down, and what others see meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.trace import EnvironmentStarted, InvocationEnded, TraceEvent
from tests.fakes.function_host import FunctionHost, Invocation, json_of

ECHO = "def handler(event, context): return event"
SPIKE = """
def handler(event, context):
    held = bytearray(event * 1024 * 1024)
    held[::4096] = b"x" * len(held[::4096])
    return len(held)
"""


def _early(host: FunctionHost, function: FunctionConfiguration, payload: bytes) -> tuple[InvocationResult, list[bytes]]:
    """The result, and what was answered before it was complete."""
    answered: list[bytes] = []
    result = host.invoker.invoke(
        function, Event(payload=payload), on_answer=lambda early: answered.append(early.outcome.payload)
    )
    return result, answered


def _until_early(host: FunctionHost, function: FunctionConfiguration, meanwhile: Callable[[], object]) -> list[int]:
    """Invokes until an answer goes out early, does `meanwhile` then, and returns what was sent so far.

    One that took long may have held much memory unseen, and waits; on a busy machine that is any of them.
    """
    did: list[object] = []
    host.invoke(function, 0)
    for number in range(1, 50):
        event = Event(payload=str(number).encode())
        host.invoker.invoke(function, event, on_answer=lambda _: did.append(meanwhile()))
        if did:
            return [*range(number + 1)]
    raise AssertionError("no answer went out early")


def test_an_answer_goes_out_early_once_the_environments_memory_is_known(host: FunctionHost) -> None:
    function = host.function(ECHO)

    first = _early(host, function, b"1")

    assert (json_of(first[0]), first[1]) == (1, [])
    _until_early(host, function, lambda: None)


def test_who_reads_the_trace_meanwhile_gets_the_whole_invocation(host: FunctionHost) -> None:
    function = host.function(ECHO)
    seen: list[TraceEvent] = []
    reader = threading.Thread(target=lambda: seen.extend(host.trace.events()), name="test-reader")

    sent = _until_early(host, function, reader.start)
    reader.join(10)

    assert [event.payload for event in seen if isinstance(event, InvocationEnded)] == [str(each) for each in sent]


def test_who_calls_meanwhile_gets_the_same_environment(host: FunctionHost) -> None:
    function = host.function(ECHO)
    calls: list[Invocation] = []

    _until_early(host, function, lambda: calls.append(host.start(function, 3)))

    assert json_of(calls[0].result()) == 3
    assert len([event for event in host.trace.events() if isinstance(event, EnvironmentStarted)]) == 1


def test_an_environment_that_has_answered_still_counts_as_in_use(host: FunctionHost) -> None:
    function = host.function(ECHO)
    busy: list[int] = []

    _until_early(host, function, lambda: busy.append(host.pool.busy))

    assert (busy, host.pool.busy) == ([1], 0)


@pytest.mark.parametrize("invocations_before", [0, 1])
def test_what_ends_as_out_of_memory_was_not_answered_before(host: FunctionHost, invocations_before: int) -> None:
    function = host.function(SPIKE, memory_mib=128)
    for _ in range(invocations_before):
        host.invoke(function, 1)

    result, answered = _early(host, function, b"400")

    assert result.outcome.fault is not None
    assert answered == []


def test_a_fault_of_the_handler_is_answered_early_as_well(host: FunctionHost) -> None:
    function = host.function("def handler(event, context): return 1 / event")
    host.invoke(function, 1)

    # One that took long waits, see `_until_early`.
    results = (_early(host, function, b"0") for _ in range(50))
    result, answered = next(each for each in results if each[1])

    assert result.outcome.fault is not None
    assert answered == [result.outcome.payload]


def test_the_log_of_a_call_that_waits_is_complete(host: FunctionHost) -> None:
    function = host.function("def handler(event, context): print('said')")
    host.invoke(function)

    log = host.invoke(function).log

    assert [line.split()[0] for line in log] == ["START", "said", "END", "REPORT"]
