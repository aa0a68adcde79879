"""Checkpoints, pages and outputs of durable executions, without functions: an engine whose invocations a test makes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lambdakit import limits
from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.durable.execution import DurableExecution
from lambdakit.harness.durable.executions import DurableExecutions
from lambdakit.harness.durable.refusal import DurableRefused
from lambdakit.harness.durable.service import Wanted
from lambdakit.harness.invocation.concurrency import Throttled
from lambdakit.harness.invocation.function_metrics import FunctionMetrics
from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.runtime.function_configuration import DurableConfig, FunctionConfiguration
from lambdakit.harness.runtime.outcomes import InvocationOutcome
from lambdakit.trace import DurableExecutionEnded, TraceLog

FUNCTION = FunctionConfiguration(
    name="f",
    account_id="123456789012",
    region="us-east-1",
    runtime="python3.13",
    handler="app.handler",
    code=Path(),
    role="",
    log_group="",
    version="1",
    durable=DurableConfig(execution_timeout_seconds=3600),
)


class _NoMetrics:
    def add(self, *values: object) -> None:
        pass


class World:
    """Executions whose invocations answer what `answers` holds, `PENDING` when that is empty."""

    def __init__(self) -> None:
        self.clock = HarnessClock()
        self.activity = Activity()
        self.trace = TraceLog(self.clock)
        self.answers: list[bytes | Exception] = []
        self.events: list[Event] = []
        self.failed: list[DurableExecution] = []
        metrics = FunctionMetrics(_NoMetrics(), self.clock.now)
        self.executions = DurableExecutions(
            run=self._run,
            find=lambda arn, version: FUNCTION,
            resolve=self._resolve,
            conclude=self.failed.append,
            metrics=metrics,
            clock=self.clock,
            activity=self.activity,
            trace=self.trace,
        )
        self.engine = self.executions.engine
        self.service = self.executions.service
        # The updates that the function sends in the middle of its next invocation.
        self.updates: list[Sequence[Mapping[str, Any]]] = []
        self.told: list[Mapping[str, Any]] = []
        self.refused: list[DurableRefused] = []

    def start(self, name: str = "", payload: bytes = b"{}", *, synchronous: bool = False) -> DurableExecution:
        event = Event(payload=payload, qualifier="1", durable_execution_name=name)
        execution = self.engine.start(FUNCTION, event, synchronous=synchronous)
        self.rest()
        return execution

    def rest(self) -> None:
        assert self.activity.wait_until_idle(10), self.activity.still_open()

    def advance(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds), settle=self.rest)
        self.rest()

    def close(self) -> None:
        self.engine.stop()
        self.engine.join()
        self.clock.close()

    def _run(self, configuration: FunctionConfiguration, event: Event, *, queued: bool) -> InvocationResult:
        self.events.append(event)
        given = json.loads(event.payload)
        token = given["CheckpointToken"]
        while self.updates:
            try:
                answer = self.service.checkpoint(given["DurableExecutionArn"], token, self.updates.pop(0), "")
            except DurableRefused as refused:
                self.refused.append(refused)
                continue
            self.told.append(answer)
            token = answer.get("CheckpointToken") or token
        answered = self.answers.pop(0) if self.answers else b'{"Status": "PENDING"}'
        if isinstance(answered, Exception):
            raise answered
        outcome = InvocationOutcome(payload=answered, fault=None, duration_ms=1.0, max_memory_mib=1)
        return InvocationResult(request_id=event.request_id, executed_version="1", outcome=outcome, log=())

    def _resolve(self, caller: str, role: str, name: str, tenant_id: str) -> Any:
        raise DurableRefused("ResourceNotFoundException", name)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def start(name: str, kind: str = "STEP", **more: object) -> dict[str, object]:
    return {"Id": name, "Type": kind, "Action": "START", **more}


def ended(name: str, kind: str = "STEP", action: str = "SUCCEED", **more: object) -> dict[str, object]:
    return {"Id": name, "Type": kind, "Action": action, **more}


def test_updates_are_applied_all_or_none(world: World) -> None:
    world.updates = [[start("a"), start("b"), start("a")], [start("c"), start("rest", "WAIT")]]

    execution = world.start()

    assert [str(refused) for refused in world.refused] == ["Cannot START an operation of type STEP that is STARTED"]
    assert list(execution.operations)[1:] == ["c", "rest"]


def test_what_happened_meanwhile_comes_with_the_next_checkpoint(world: World) -> None:
    world.updates = [[start("rest", "WAIT", WaitOptions={"WaitSeconds": 5})]]
    execution = world.start()

    world.answers = [b'{"Status": "SUCCEEDED"}']
    world.advance(5)

    assert json.loads(world.events[1].payload)["UpdatedOperationIds"] == ["rest"]
    assert execution.status.value == "SUCCEEDED"


@pytest.mark.parametrize(
    ("count", "status"),
    [(limits.DURABLE_OPERATIONS_MAX - 1, "RUNNING"), (limits.DURABLE_OPERATIONS_MAX, "FAILED")],
    ids=["as many as may be", "one more"],
)
def test_operations_are_counted(world: World, count: int, status: str) -> None:
    world.updates = [[start(f"s{number}") for number in range(count)], [start("rest", "WAIT")]]

    execution = world.start()

    assert execution.status.value == status
    assert ("CheckpointToken" in {name for name, value in world.told[-1].items() if value}) == (status == "RUNNING")


def test_a_retry_counts_as_an_operation(world: World) -> None:
    retry = ended("a", action="RETRY", StepOptions={"NextAttemptDelaySeconds": 1}, Error={"ErrorMessage": "x"})
    world.updates = [[start("a"), retry]]

    execution = world.start()

    assert execution.performed == 2
    assert execution.operations["a"].members()["StepDetails"]["Attempt"] == 1


def test_what_is_written_is_limited(world: World) -> None:
    million = "x" * limits.DURABLE_PAYLOAD_BYTES_MAX
    filled = [[start(f"s{number}"), ended(f"s{number}", Payload=million)] for number in range(101)]
    world.updates = [*filled, [start("rest", "WAIT")]]

    execution = world.start()

    assert execution.status.value == "FAILED"
    assert str(limits.DURABLE_STORAGE_BYTES_MAX) in str((execution.error or {})["ErrorMessage"])


@pytest.mark.parametrize(("more", "taken"), [(0, True), (1, False)], ids=["1 MiB", "a byte more"])
def test_a_payload_is_limited(world: World, more: int, taken: bool) -> None:
    payload = "x" * (limits.DURABLE_PAYLOAD_BYTES_MAX + more)
    world.updates = [[start("a"), ended("a", Payload=payload)], [start("rest", "WAIT")]]

    execution = world.start()

    assert ("a" in execution.operations) == taken


@pytest.mark.parametrize(
    ("update", "problem"),
    [
        (start("a", WaitOptions={"WaitSeconds": 1}), "WaitOptions is not for operations of type STEP"),
        (start("a", "CHAINED_INVOKE"), "needs ChainedInvokeOptions.FunctionName"),
        (start("a", ParentId="nobody"), "is no context of this execution"),
        (ended("x", "EXECUTION", "RETRY"), "Cannot RETRY an operation of type EXECUTION"),
        (ended("c", "CALLBACK", "SUCCEED"), "Cannot SUCCEED an operation of type CALLBACK that is not there"),
    ],
)
def test_an_update_that_cannot_be_is_refused(world: World, update: dict[str, object], problem: str) -> None:
    world.updates = [[update], [start("rest", "WAIT")]]

    world.start()

    assert problem in str(world.refused[0])


def test_nothing_follows_the_update_that_ends_it(world: World) -> None:
    world.updates = [[ended("end", "EXECUTION"), start("a")], [ended("end", "EXECUTION", Payload="1")]]

    execution = world.start()

    assert "No update may follow" in str(world.refused[0])
    assert (execution.status.value, execution.result) == ("SUCCEEDED", "1")


def test_operations_of_a_context_that_ended_are_not_replayed(world: World) -> None:
    world.updates = [
        [
            *(start("kept", "CONTEXT"), start("inner", ParentId="kept"), ended("inner", ParentId="kept")),
            *(start("closed", "CONTEXT"), start("hidden", ParentId="closed"), ended("hidden", ParentId="closed")),
            ended("kept", "CONTEXT", ContextOptions={"ReplayChildren": True}),
            ended("closed", "CONTEXT"),
            start("rest", "WAIT"),
        ]
    ]
    world.start()

    world.advance(1)

    state = json.loads(world.events[1].payload)["InitialExecutionState"]
    assert [operation["Id"] for operation in state["Operations"]][1:] == ["kept", "inner", "closed", "rest"]


@pytest.mark.parametrize("marker", ["x", "bm90IG91cnM6MQ==", "b3BlcmF0aW9uOi0x"])
def test_a_marker_of_nobodys_is_refused(world: World, marker: str) -> None:
    execution = world.start()
    execution.renew_token()

    with pytest.raises(DurableRefused, match="Invalid Marker"):
        world.service.state(execution.arn, execution.token, marker=marker, most=0)


def test_throttled_at_first_there_is_no_execution_for_who_waits(world: World) -> None:
    world.answers = [Throttled("ConcurrentInvocationLimitExceeded")]
    execution = world.start("order", synchronous=True)

    with pytest.raises(Throttled):
        world.engine.wait(execution)

    assert world.service.listed(FUNCTION.arn, Wanted()) == []
    (ended,) = (event for event in world.trace.events() if isinstance(event, DurableExecutionEnded))
    assert (ended.status, ended.error_type) == ("REFUSED", "Throttled")


def test_throttled_later_it_is_invoked_after_a_back_off(world: World) -> None:
    world.answers = [
        Throttled("ConcurrentInvocationLimitExceeded"),
        Throttled("ConcurrentInvocationLimitExceeded"),
        b'{"Status": "SUCCEEDED", "Result": "1"}',
    ]
    execution = world.start()

    world.advance(1)
    before = len(world.events)
    world.advance(2)

    assert (before, execution.status.value, execution.result) == (2, "SUCCEEDED", "1")


def test_a_failure_that_nobody_waited_for_is_concluded_once(world: World) -> None:
    world.answers = [b'{"Status": "FAILED", "Error": {"ErrorType": "E"}}', b'{"Status": "SUCCEEDED"}']

    failed, _ = world.start(), world.start()

    assert world.failed == [failed]


def test_who_waits_inside_a_piece_of_work_does_not_keep_all_from_rest(world: World) -> None:
    world.activity.begin("batch")
    world.updates = [[start("rest", "WAIT", WaitOptions={"WaitSeconds": 60})]]
    execution = world.engine.start(FUNCTION, Event(payload=b"{}", qualifier="1"), synchronous=True)
    waiting = threading.Thread(target=lambda: world.engine.wait(execution, inside_activity=True))
    waiting.start()

    rests = world.activity.wait_until_idle(10)
    world.answers = [b'{"Status": "SUCCEEDED"}']
    world.clock.advance(timedelta(seconds=60))
    waiting.join(10)

    assert rests
    assert not world.activity.wait_until_idle(0)  # the batch is open, and nobody is parked any more
    world.activity.end("batch")
    assert execution.status.value == "SUCCEEDED"
