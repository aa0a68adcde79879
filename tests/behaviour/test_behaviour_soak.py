"""Many invocations over many environments with faults on purpose: no answer is lost and nothing is left behind."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit.harness.inner_listeners import InnerListeners
from lambdakit.harness.invocation.invoke import InvocationResult
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.fork_launcher import ForkLauncher
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launcher, SandboxUnavailable, SpawnLauncher
from lambdakit.harness.runtime.runtime_image import cache_directory
from lambdakit.harness.runtime.runtimes.registry import Runtimes
from tests.fakes.function_host import FunctionHost, Gates

FUNCTIONS = 10
THREADS = 5
SEED = 20_260_101

SOURCE = """
import os, signal, subprocess, sys

def handler(event, context):
    what = event["do"]
    if what == "raise":
        raise ValueError(event["number"])
    if what == "exit":
        os._exit(3)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "child":
        subprocess.Popen(["sleep", "600"], start_new_session=True)
    if what == "write":
        open("/tmp/left", "ab").write(b"x" * 100_000)
        print("y" * 10_000)
    return event["number"]
"""

# What is asked for, how often, and the status that must come of it.
KINDS = {
    "echo": (80, "success"),
    "raise": (5, "error"),
    "child": (5, "success"),
    "write": (5, "success"),
    "exit": (3, "crash"),
    "kill": (2, "crash"),
}


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


def test_no_answer_is_lost_and_nothing_is_left(host: FunctionHost) -> None:
    soak(host, invocations=1_500)


@pytest.mark.soak
def test_no_answer_is_lost_and_nothing_is_left_in_the_long_run(host: FunctionHost) -> None:
    soak(host, invocations=20_000)


def soak(host: FunctionHost, *, invocations: int) -> None:
    functions = [host.function(SOURCE, name=f"fn{number}") for number in range(FUNCTIONS)]
    for function in functions:
        host.invoke(function, {"do": "echo", "number": 0})
    before = held()
    failures: list[str] = []
    seen: Counter[str] = Counter()
    numbers = iter(range(invocations))
    lock = threading.Lock()

    def work(seed: int) -> None:
        chance = random.Random(seed)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            (kind,) = chance.choices(list(KINDS), [weight for weight, _ in KINDS.values()])
            problem = wrong(host, chance.choice(functions), kind, number)
            with lock:
                seen[kind] += 1
                if problem:
                    failures.append(problem)

    threads = [threading.Thread(target=work, args=(SEED + index,)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures, f"seed {SEED}: {len(failures)} of {invocations}, first {failures[:3]}"
    assert seen.total() == invocations
    assert set(seen) == set(KINDS)
    host.pool.close()
    settled(lambda: held() <= before, f"descriptors and children before {before}, after {held()}")
    assert not list(Path("/tmp").glob("left"))


def wrong(host: FunctionHost, function: FunctionConfiguration, kind: str, number: int) -> str:
    """What is wrong with an answer; empty when nothing is."""
    result: InvocationResult = host.invoke(function, {"do": kind, "number": number})
    outcome = result.outcome
    expected = KINDS[kind][1]
    if outcome.status != expected:
        return f"{kind} {number}: {outcome.status} {outcome.payload!r}"
    if expected == "success" and json.loads(outcome.payload) != number:
        return f"{kind} {number}: answered {outcome.payload!r}"
    if expected == "error" and json.loads(outcome.payload)["errorMessage"] != str(number):
        return f"{kind} {number}: answered {outcome.payload!r}"
    return ""


def held() -> tuple[int, int]:
    """How many descriptors this process has open, and how many processes stand below it."""
    from lambdakit.harness.runtime.process_tree import descendants

    return len(list(Path("/proc/self/fd").iterdir())), len(descendants(os.getpid()))


def settled(predicate: object, message: str, deadline_seconds: float = 10) -> None:
    """Waits until the kernel has taken away what was killed."""
    assert callable(predicate)
    end = time.monotonic() + deadline_seconds
    while not predicate():
        assert time.monotonic() < end, message
        threading.Event().wait(0.02)
