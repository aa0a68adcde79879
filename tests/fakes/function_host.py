"""Functions that a test writes, and an invoker that runs them as real processes, without an account around them."""

from __future__ import annotations

import dataclasses
import json
import textwrap
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from lambdakit.clock import HarnessClock
from lambdakit.harness.iam.credentials import CredentialRegistry
from lambdakit.harness.invocation.invoke import Event, InvocationResult, Invoker
from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launcher, SpawnLauncher
from lambdakit.harness.runtime.runtime_image import RuntimeImage
from lambdakit.trace import EnvironmentStopped, TraceLog

ENDPOINT = "http://127.0.0.1:9"
WAIT_SECONDS = 20.0


class RecordedLogs:
    """A log store that keeps what it is given, in order."""

    def __init__(self) -> None:
        self.written: list[tuple[LogPlace, str]] = []

    def write(self, place: LogPlace, line: str, at: datetime) -> None:
        """Takes a line."""
        del at
        self.written.append((place, line))


class FunctionHost:
    """An invoker with its own launcher, logs and trace. Close it, and nothing of it is left."""

    def __init__(self, directory: Path, launcher: Callable[[Path], Launcher]) -> None:
        self._directory = directory
        self.clock = HarnessClock()
        self.trace = TraceLog(self.clock)
        self.logs = RecordedLogs()
        self.credentials = CredentialRegistry()
        self.launcher = launcher(directory / "runtime")
        self.invoker = Invoker(
            launcher=self.launcher,
            credentials=self.credentials,
            logs=self.logs,
            trace=self.trace,
            clock=self.clock,
            endpoint_url=lambda: ENDPOINT,
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


def spawn_launcher(image: Path) -> Launcher:
    """The launcher that starts interpreters on the host."""
    return SpawnLauncher(RuntimeImage(image))
