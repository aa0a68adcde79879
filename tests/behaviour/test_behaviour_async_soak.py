"""Many asynchronous events with faults on purpose: each ends once, as a success, a record or a dead letter."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit.harness.activity import Activity
from lambdakit.harness.drain import Drain
from lambdakit.harness.inner_listeners import InnerListeners
from lambdakit.harness.invocation.async_queue import AsyncQueue
from lambdakit.harness.invocation.conclusion import Conclusion
from lambdakit.harness.invocation.concurrency import Concurrency
from lambdakit.harness.invocation.dead_letters import DeadLetters
from lambdakit.harness.invocation.destinations import Destinations
from lambdakit.harness.invocation.dispatch import Dispatcher
from lambdakit.harness.invocation.function_metrics import FunctionMetrics
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.invocation.provisioned import ProvisionedEnvironments
from lambdakit.harness.lambda_service.event_invoke_configs import EventInvokeConfig
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.fork_launcher import ForkLauncher
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launcher, SandboxUnavailable, SpawnLauncher
from lambdakit.harness.runtime.runtime_image import cache_directory
from lambdakit.harness.runtime.runtimes.registry import Runtimes
from lambdakit.trace import EventSettled, InvocationEnded, InvocationThrottled
from tests.fakes.asynchronous_world import RecordedCalls, RecordedMetrics
from tests.fakes.function_host import FunctionHost, Gates

FUNCTIONS = 6
SEED = 20_260_303
SETTLE_SECONDS = 600.0

SOURCE = """
import os, random, signal, threading

def handler(event, context):
    what = event["do"]
    if what == "sometimes" and random.random() < 0.5 or what == "raise":
        raise ValueError(event["number"])
    if what == "exit":
        os._exit(3)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hang":
        threading.Event().wait()
    return event["number"]
"""

# What is asked for, how often in a thousand, and the conditions in which it may end.
SUCCESS, EXHAUSTED = frozenset({"Success"}), frozenset({"RetriesExhausted"})
KINDS = {
    "echo": (850, SUCCESS),
    "sometimes": (80, SUCCESS | EXHAUSTED),
    "raise": (40, EXHAUSTED),
    "exit": (14, EXHAUSTED),
    "kill": (13, EXHAUSTED),
    "hang": (3, EXHAUSTED),
}


class Settings:
    """Functions whose reservations change all the time; some have a dead-letter queue, the others a destination."""

    def __init__(self, functions: list[FunctionConfiguration]) -> None:
        self.functions = {function.arn: function for function in functions}
        self._chance = random.Random(SEED)
        self._lock = threading.Lock()

    def find(self, arn: str, qualifier: str) -> FunctionConfiguration | None:
        del qualifier
        return self.functions[arn]

    def latest(self, arn: str) -> FunctionConfiguration | None:
        return self.functions[arn]

    def treatment(self, arn: str, qualifier: str) -> EventInvokeConfig:
        del qualifier
        has_dead_letters = bool(self.functions[arn].dead_letter_target)
        return EventInvokeConfig(on_failure="" if has_dead_letters else "arn:aws:sqs:us-east-1:123456789012:failed")

    def reserved(self, arn: str) -> int | None:
        del arn
        with self._lock:
            return self._chance.choice([None, None, 1, 2, 3])

    def unreserved(self, region: str) -> int:
        del region
        return 100


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FunctionHost]:
    gates, listeners = Gates(), InnerListeners()
    code = CodeStore(tmp_path / "merged")
    runtimes = Runtimes(cache_directory(), fallback=tmp_path / "image", code=code)
    launcher: Launcher = ForkLauncher(
        runtimes, code=code, listeners=listeners, reachable=lambda environment: {gates.port: gates.hold}
    )
    try:
        launcher.start()
    except SandboxUnavailable:
        launcher.close()
        launcher = SpawnLauncher(runtimes, note="")
    host = FunctionHost(tmp_path, launcher, gates, shares_pids=False)
    yield host
    host.close()
    launcher.close()
    listeners.close()
    gates.close()


def test_no_event_is_lost(host: FunctionHost) -> None:
    soak(host, count=500)


@pytest.mark.soak
def test_no_event_is_lost_in_the_long_run(host: FunctionHost) -> None:
    soak(host, count=10_000)


def soak(host: FunctionHost, *, count: int) -> None:
    functions = [
        host.function(
            SOURCE,
            name=f"fn{number}",
            timeout_seconds=1,
            dead_letter_target="arn:aws:sqs:us-east-1:123456789012:dead" if number % 2 else "",
        )
        for number in range(FUNCTIONS)
    ]
    calls, activity = RecordedCalls(), Activity()
    queue = queue_of(host, Settings(functions), calls, activity)
    drain = Drain(clock=host.clock, activity=activity, environments=host.pool, flush=lambda: None, moved=lambda: None)
    chance = random.Random(SEED)
    sent: dict[str, str] = {}

    for number in range(count):
        (kind,) = chance.choices(list(KINDS), [weight for weight, _ in KINDS.values()])
        event = Event(payload=json.dumps({"do": kind, "number": number}).encode())
        sent[event.request_id] = kind
        function = chance.choice(functions)
        queue.put(function.arn, event)
        if number % 97 == 0:
            host.pool.retire(function.arn, reason="updated")
    drain.wait(SETTLE_SECONDS, advance=True)
    waiting = queue.waiting()
    host.clock.close()
    queue.stop()
    queue.join()

    assert waiting == 0
    assert not problems(host, sent, calls), f"seed {SEED}"
    assert set(sent.values()) == set(KINDS)
    assert any(isinstance(event, InvocationThrottled) for event in host.trace.events())


def problems(host: FunctionHost, sent: dict[str, str], calls: RecordedCalls) -> list[str]:
    """What is wrong with how the events ended; nothing when all is well."""
    events = host.trace.events()
    settled = Counter(event.request_id for event in events if isinstance(event, EventSettled))
    conditions = {event.request_id: event.condition for event in events if isinstance(event, EventSettled)}
    runs: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if isinstance(event, InvocationEnded):
            runs[event.request_id].append(event.status)
    letters = Counter(request_of(message) for message in calls.of("send_message"))
    found = []
    for request_id, kind in sent.items():
        condition, statuses = conditions.get(request_id, ""), runs[request_id]
        if settled[request_id] != 1 or condition not in KINDS[kind][1]:
            found.append(f"{kind}: ended {settled[request_id]} times, {condition!r}")
        if statuses.count("success") != (condition == "Success") or len(statuses) > 3:
            found.append(f"{kind}: {condition!r} after {statuses}")
        if letters[request_id] != (condition != "Success"):
            found.append(f"{kind}: {condition!r} was sent {letters[request_id]} times")
    return found + [f"{request_id} is unknown" for request_id in letters.keys() - sent.keys()]


def request_of(message: dict[str, object]) -> str:
    """The request id of a record, or of a dead letter."""
    attributes = message["MessageAttributes"]
    assert isinstance(attributes, dict)
    if attributes:
        return str(attributes["RequestID"]["StringValue"])
    return str(json.loads(str(message["MessageBody"]))["requestContext"]["requestId"])


def queue_of(host: FunctionHost, settings: Settings, calls: RecordedCalls, activity: Activity) -> AsyncQueue:
    """A queue in front of the host's functions."""
    metrics = FunctionMetrics(RecordedMetrics(), host.clock.now)
    concurrency = Concurrency(settings, now=host.clock.now)
    provisioned = ProvisionedEnvironments(
        pool=host.pool,
        wanted=lambda arn: (),
        initialize=host.invoker.initialize_ahead,
        allocate=concurrency.provision,
        report=lambda arn, qualifier, **_: None,
        activity=activity,
        trace=host.trace,
    )
    dispatcher = Dispatcher(
        invoker=host.invoker,
        concurrency=concurrency,
        provisioned=provisioned,
        recursion_allowed=lambda arn: False,
        metrics=metrics,
        trace=host.trace,
        seconds=host.clock.monotonic,
        on_use=lambda arn, qualifier, part: None,
    )
    conclusion = Conclusion(
        destinations=Destinations(calls, invoke_later=lambda arn, payload, trace_id, role_arn: None),
        dead_letters=DeadLetters(calls),
        now=host.clock.now,
        metrics=metrics,
        trace=host.trace,
    )
    return AsyncQueue(
        run=dispatcher.invoke_queued,
        functions=settings,
        conclude=conclusion.conclude,
        clock=host.clock,
        activity=activity,
        trace=host.trace,
        metrics=metrics,
    )
