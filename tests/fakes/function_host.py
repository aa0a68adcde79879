"""Functions that a test writes, and an invoker that runs them as real processes, without an account around them."""

from __future__ import annotations

import dataclasses
import json
import re
import textwrap
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from lambdakit.clock import HarnessClock
from lambdakit.harness.iam.credentials import CredentialRegistry
from lambdakit.harness.invocation.invoke import Event, InvocationResult, Invoker
from lambdakit.harness.listener import Listener
from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launcher
from lambdakit.harness.wire import Request, Response
from lambdakit.trace import EnvironmentReset, EnvironmentStopped, TraceLog
from tests.fakes.waiting import wait_for_exit

WAIT_SECONDS = 60.0


def json_of(result: InvocationResult) -> Any:
    """The payload, parsed."""
    return json.loads(result.outcome.payload)


def error_of(result: InvocationResult) -> Any:
    """The error object. AssertionError when the invocation succeeded."""
    assert result.outcome.fault is not None, f"the invocation succeeded: {result.outcome.payload[:200]!r}"
    return json_of(result)


_PLATFORM_LINE = re.compile(
    r"(START|END|REPORT) RequestId: |INIT_START |INIT_REPORT |RequestId: \S+ Error: |Runtime\.\w+$"
    r"|(EXTENSION|TELEMETRY|LOGS)\tName: |Extension\.\w+$|\S+ \S+ Task timed out"
    r"|\{\"time\":\"[^\"]+\",\"type\":\"platform\."
)


def own_lines(result: InvocationResult) -> list[str]:
    """What the function itself wrote, without the platform's lines."""
    return [line for line in result.log if not _PLATFORM_LINE.match(line)]


class RecordedLogs:
    """A log store that keeps what it is given, in order."""

    def __init__(self) -> None:
        self.written: list[tuple[LogPlace, str]] = []

    def write(self, place: LogPlace, line: str, at: datetime, may: Callable[[bool], bool]) -> None:
        """Takes a line."""
        del at
        self.written.append((place, line))

    def has_group(self, place: LogPlace) -> bool:
        """Whether the log group of a place is there: always."""
        del place
        return True


# What a function calls to stand still until the test lets it go: `hold("name")`.
HOLD = """
import os, urllib.request

def hold(name):
    urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/" + name, timeout=30).read()
"""


class Gates:
    """What stands behind the functions' AWS endpoint: calls that are answered when the test says so."""

    def __init__(self) -> None:
        self._arrived: list[str] = []
        self._opened: set[str] = set()
        self._changed = threading.Condition()
        self._listener = Listener(self.hold, name="gates")
        self.url = self._listener.url
        self.port = self._listener.port

    def wait_for(self, name: str, count: int = 1) -> None:
        """Returns once `count` calls of `hold(name)` stand still."""
        with self._changed:
            there = self._changed.wait_for(lambda: self._arrived.count(name) >= count, WAIT_SECONDS)
        assert there, f"{count} calls of {name!r} did not arrive in {WAIT_SECONDS:g} s, only {self._arrived}"

    def open(self, name: str) -> None:
        """Lets every call of `hold(name)` go on, those to come included."""
        with self._changed:
            self._opened.add(name)
            self._changed.notify_all()

    def reset(self) -> None:
        """Lets go of whoever still stands still, and forgets all."""
        with self._changed:
            self._opened.update(self._arrived)
            self._changed.notify_all()
            self._arrived, self._opened = [], set()

    def close(self) -> None:
        """Opens every gate and stops listening."""
        self.reset()
        self._listener.close()

    def hold(self, request: Request) -> Response:
        """Answers once the gate that the path names is open."""
        name = request.path.removeprefix("/")
        with self._changed:
            arrived, opened = self._arrived, self._opened
            arrived.append(name)
            self._changed.notify_all()
            self._changed.wait_for(lambda: name in opened, WAIT_SECONDS)
        return Response(status=200)


class FunctionHost:
    """An invoker with its own logs and trace. Close it, and nothing of it is left.

    gates: what the functions reach as their AWS endpoint. shares_pids: functions and the test see the same numbers.
    """

    def __init__(self, directory: Path, launcher: Launcher, gates: Gates, *, shares_pids: bool) -> None:
        self._directory = directory
        self.gates = gates
        self.shares_pids = shares_pids
        # In a sandbox every environment has a /tmp of its own; on the host they share this directory.
        self.tmp = str(directory) if shares_pids else "/tmp"
        self.clock = HarnessClock()
        self.trace = TraceLog(self.clock)
        self.logs = RecordedLogs()
        self.credentials = CredentialRegistry()
        self.launcher = launcher
        self.invoker = Invoker(
            launcher=launcher,
            credentials=self.credentials,
            logs=self.logs,
            trace=self.trace,
            clock=self.clock,
            endpoint_url=lambda: gates.url,
        )
        self.pool = self.invoker.pool

    def function(
        self, source: str, *, name: str = "fn", handler: str = "app.handler", **settings: Any
    ) -> FunctionConfiguration:
        """A function whose package is one file, `app.py`. settings: other fields of the configuration."""
        code = self._directory / "code" / name
        code.mkdir(parents=True, exist_ok=True)
        (code / "app.py").write_text(textwrap.dedent(source))
        plain = FunctionConfiguration(
            name=name,
            account_id="123456789012",
            region="us-east-1",
            runtime="python3.13",
            handler=handler,
            code=code,
            role="arn:aws:iam::123456789012:role/fn",
            log_group=f"/aws/lambda/{name}",
            timeout_seconds=20,
            memory_mib=512,
        )
        return dataclasses.replace(plain, **settings)

    def invoke(self, function: FunctionConfiguration, event: object = None, **settings: Any) -> InvocationResult:
        """What came of one event. event: bytes as they are, else as JSON. settings: other fields of `Event`."""
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        return self.invoker.invoke(function, Event(payload=payload, **settings))

    def start(self, function: FunctionConfiguration, event: object = None) -> Invocation:
        """An invocation in a thread of its own."""
        return Invocation(lambda: self.invoke(function, event))

    def stopped(self) -> Sequence[EnvironmentStopped]:
        """The environments that ended so far."""
        return [event for event in self.trace.events() if isinstance(event, EnvironmentStopped)]

    def expect_gone(self, pid: int) -> None:
        """AssertionError when a process that the function named runs on; in a sandbox its number says nothing here."""
        if self.shares_pids:
            wait_for_exit(pid)

    def resets(self) -> Sequence[EnvironmentReset]:
        """The environments whose processes ended, and that were kept."""
        return [event for event in self.trace.events() if isinstance(event, EnvironmentReset)]

    def close(self) -> None:
        """Ends every environment."""
        self.pool.close()


class Invocation:
    """A call that runs in a thread, and its result."""

    def __init__(self, call: Callable[[], InvocationResult]) -> None:
        self._result: InvocationResult | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), name="test-invocation", daemon=True)
        self._thread.start()

    def result(self, timeout_seconds: float = WAIT_SECONDS) -> InvocationResult:
        """The result, once there is one; what the call raised."""
        self._thread.join(timeout_seconds)
        assert not self._thread.is_alive(), f"the invocation had no result after {timeout_seconds:g} s"
        if self._failure is not None:
            raise self._failure
        assert self._result is not None
        return self._result

    def _run(self, call: Callable[[], InvocationResult]) -> None:
        try:
            self._result = call()
        except BaseException as error:  # the test's own thread raises it again
            self._failure = error
