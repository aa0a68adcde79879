"""One execution environment: a process, its Runtime API, and the state between them.

Who holds the environment drives it: `initialize` and `invoke` poll its sockets, its output and its process in the
calling thread until there is an outcome. So nothing here needs a lock, the lines of an invocation are in before its
outcome is, and between invocations nothing of it runs. Only one thread may hold it at a time; the pool sees to that.

    initialize   START -> poll until `next`, an init error, an exit or the deadline
    invoke       answer `next` with the event -> poll until a result, an exit or the deadline
    close        the process and all it started are gone

Source: AWS Lambda Developer Guide, "Using the Lambda runtime API" and "Understanding the Lambda execution environment
lifecycle".
"""

from __future__ import annotations

import re
import selectors
import signal
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lambdakit.harness.runtime import faults, process_tree
from lambdakit.harness.runtime.faults import Fault
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.function_logs import OutputReader
from lambdakit.harness.runtime.launcher import Launcher, Place, RuntimeProcess
from lambdakit.harness.runtime.lifecycle import TRANSITIONS, Event, InvalidTransition, State, next_state
from lambdakit.harness.runtime.runtime_api import Call, RuntimeApi, accepted, refusal
from lambdakit.harness.wire import Response, ascii_json, header_value
from lambdakit.limits import INIT_SECONDS, SYNC_RESPONSE_BYTES_MAX

_EXIT_CHECK_SECONDS = 0.05  # how often to look for an exit where no descriptor tells of it
_MEMORY_SECONDS = 0.01  # between two looks at the memory of an environment that executes; a look costs 0.1 ms
_SETTLE_SECONDS = 0.1  # how long an answer waits for the runtime to come back to `next`, which takes far less
_EXECUTING = frozenset({State.INITIALIZING, State.INVOKING})
_INVOCATION_CALL = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationRequest:
    """An event for the function.

    invoked_arn: as the caller named the function, qualifier included.
    trace_id: the X-Ray header's value.
    client_context: JSON; absent when the caller sent none.
    """

    request_id: str
    invoked_arn: str
    payload: bytes
    trace_id: str
    client_context: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationOutcome:
    """What became of an invocation. fault: None on success; its payload is then the result's."""

    payload: bytes
    fault: Fault | None
    duration_ms: float
    max_memory_mib: int

    @property
    def status(self) -> str:
        """As in `trace.InvocationEnded`."""
        return "success" if self.fault is None else self.fault.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialization:
    """What became of the init phase. fault: None when the runtime asked for its first event."""

    fault: Fault | None
    duration_ms: float

    @property
    def status(self) -> str:
        """As in `trace.EnvironmentStarted`."""
        return "success" if self.fault is None else self.fault.status


class EnvironmentGone(Exception):
    """The environment died before the event was handed to the function: nothing ran, another one can take it."""


class ExecutionEnvironment:
    """A place in which one version of a function runs, one event at a time.

    variables: given the environment and where the function finds things, every variable of the process.
    log: takes each line that belongs to the environment, with its request id.
    ended_by: why it cannot take another event, once it cannot (see `trace.EnvironmentStopped`).
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        *,
        launcher: Launcher,
        variables: Callable[[ExecutionEnvironment, Place], Mapping[str, str]],
        log: Callable[[ExecutionEnvironment, str, str], None],
    ) -> None:
        self.configuration = configuration
        self.id = uuid.uuid4().hex
        self.state = State.CREATED
        self._launcher = launcher
        self._variables = variables
        self._log = log
        self._lines: list[str] = []
        self.ended_by = "crash"
        self._aborted = False
        self._peak_mib = 0
        self._frozen: list[int] = []
        self._selector = selectors.DefaultSelector()
        self._api: RuntimeApi | None = None
        self._process: RuntimeProcess | None = None
        self._output: OutputReader | None = None
        self._waiting: Call | None = None  # the runtime's `next`
        self._request_id = ""
        self._invocation_id = ""  # of the one attempt; the request id may come again
        self._result: bytes | None = None
        self._fault: Fault | None = None

    @property
    def reusable(self) -> bool:
        """Whether it can take another event."""
        return self.state in (State.READY, State.ANSWERED) and not self._exited()

    def initialize(self, *, request_id: str = "", limit_seconds: float = INIT_SECONDS) -> Initialization:
        """Starts the process and waits until it asks for an event, fails, or the time is over.

        request_id: of the invocation that waits for it, for the texts of faults; empty when none does.
        """
        self._move(Event.START)
        self._request_id = request_id
        started = time.perf_counter()
        launched = self._launcher.launch(self.configuration, self.id, lambda place: self._variables(self, place))
        self._process = launched.process
        self._api = RuntimeApi(launched.runtime_api, self._selector, self._on_call)
        if self._aborted:
            self._process.terminate()
        self._output = OutputReader(self._process.output, self.log)
        self._selector.register(self._process.output, selectors.EVENT_READ, self._read_output)
        if self._process.exit_handle is not None:
            self._selector.register(self._process.exit_handle, selectors.EVENT_READ, self._on_exit)
        self._poll_while(State.INITIALIZING, started + limit_seconds)
        if self.state is State.INITIALIZING:
            self._fault = faults.timed_out(request_id, limit_seconds)
            self._move(Event.DEADLINE)
        if self._fault is not None:
            self.ended_by = "init failed"
        self._drain_output()
        duration_ms = (time.perf_counter() - started) * 1000
        return Initialization(fault=self._fault, duration_ms=duration_ms)

    def invoke(self, request: InvocationRequest) -> InvocationOutcome:
        """Hands the event to the function and returns what came of it; the environment may be unusable afterwards.

        EnvironmentGone when it died between the last invocation and this one.
        """
        started = time.perf_counter()
        deadline = started + self.configuration.timeout_seconds
        self._request_id, self._result, self._fault = request.request_id, None, None
        assert self._output is not None
        self._thaw()
        if self.state is State.ANSWERED:
            self._poll_while(State.ANSWERED, deadline)
        self._output.request_id = request.request_id
        if self.state is State.READY:
            started = time.perf_counter()
            deadline = started + self.configuration.timeout_seconds
            self._deliver(request)
            self._poll_while(State.INVOKING, deadline)
        elif self.state is State.FAILED:
            raise EnvironmentGone
        if self.state in (State.INVOKING, State.ANSWERED) and self._result is None and self._fault is None:
            self._fault = faults.timed_out(request.request_id, self.configuration.timeout_seconds)
            self.ended_by = "timeout"
            self._move(Event.DEADLINE)
        duration_ms = (time.perf_counter() - started) * 1000
        self._drain_output()
        assert self._process is not None
        members = self._process.members()
        outcome = self._outcome(duration_ms, members)
        self._freeze(members)
        return outcome

    def log(self, line: str, request_id: str) -> None:
        """Takes a line of the platform's, or of the process's own."""
        self._lines.append(line)
        self._log(self, line, request_id)

    def take_log(self) -> list[str]:
        """The list that collects the lines from now on; what was collected before is let go."""
        self._lines = []
        return self._lines

    def peak_memory_mib(self) -> int:
        """The most memory that was seen at once, in whole MiB, never above the configured; 0 before it started."""
        if self._process is None:
            return 0
        self._peak_mib = max(self._peak_mib, process_tree.peak_mib(self._process.members()))
        return min(self._peak_mib, self.configuration.memory_mib)

    def abort(self) -> None:
        """Kills the process from any thread; whoever holds the environment sees it exit."""
        self._aborted = True
        if self._process is not None:
            self._process.terminate()

    def close(self) -> None:
        """Kills the process and all it started; nothing of the environment is left. Idempotent."""
        if self.state is State.STOPPED:
            return
        self._move(Event.CLOSE)
        if self._process is not None:
            self._drain_output()
            if self._output is not None:
                self._output.flush()
        if self._api is not None:
            self._api.close()
        self._selector.close()
        if self._process is not None:
            self._process.kill()

    def _freeze(self, members: list[int]) -> None:
        """Stops everything in the environment once the runtime is back in `next`.

        DG "Understanding the Lambda execution environment lifecycle": between invocations it is frozen.
        """
        if self.state is State.ANSWERED:
            self._poll_while(State.ANSWERED, time.perf_counter() + _SETTLE_SECONDS)
        if self.state is State.READY:
            process_tree.signal_all(members, signal.SIGSTOP)
            self._frozen = members

    def _thaw(self) -> None:
        process_tree.signal_all(self._frozen, signal.SIGCONT)
        self._frozen = []

    def _watch_memory(self) -> None:
        """Kills what holds more than it is configured with.

        Not an address-space limit, which breaks threads and Node.js, nor a cgroup, which would count /tmp.
        """
        assert self._process is not None
        self._peak_mib = max(self._peak_mib, process_tree.resident_mib(self._process.members()))
        if self._peak_mib > self.configuration.memory_mib:
            self._fault = faults.out_of_memory(self._request_id)
            self.ended_by = "out of memory"
            self._process.terminate()

    def _outcome(self, duration_ms: float, members: list[int]) -> InvocationOutcome:
        self._peak_mib = max(self._peak_mib, process_tree.peak_mib(members))
        if self._fault is None and self._peak_mib > self.configuration.memory_mib:
            # A peak between two looks: AWS would have killed it there.
            self._watch_memory()
        if self._fault is None and self._result is not None and len(self._result) > SYNC_RESPONSE_BYTES_MAX:
            self._fault = faults.response_too_large()
        fault = self._fault
        payload = fault.payload if fault is not None else self._result or b""
        return InvocationOutcome(
            payload=payload,
            fault=fault,
            duration_ms=duration_ms,
            max_memory_mib=min(self._peak_mib, self.configuration.memory_mib),
        )

    def _deliver(self, request: InvocationRequest) -> None:
        assert self._waiting is not None
        self._move(Event.INVOKE)
        self._invocation_id = str(uuid.uuid4())
        deadline_ms = int((time.time() + self.configuration.timeout_seconds) * 1000)
        headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", request.request_id),
            ("Lambda-Runtime-Invocation-Id", self._invocation_id),
            ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
            ("Lambda-Runtime-Invoked-Function-Arn", request.invoked_arn),
            ("Lambda-Runtime-Trace-Id", request.trace_id),
        ]
        if request.client_context is not None:
            headers.append(("Lambda-Runtime-Client-Context", header_value(ascii_json(request.client_context))))
        waiting, self._waiting = self._waiting, None
        response = Response(status=200, headers=headers, body=request.payload)
        # A runtime that does not read what it asked for must not outlast the time-out.
        waiting.answer(response, limit_seconds=self.configuration.timeout_seconds)

    def _poll_while(self, state: State, deadline: float) -> None:
        while self.state is state:
            left = deadline - time.perf_counter()
            if left <= 0:
                return
            assert self._process is not None
            if self._process.exit_handle is None:
                left = min(left, _EXIT_CHECK_SECONDS)
                if self._process.exit_code() is not None:
                    self._on_exit()
                    continue
            ready = self._selector.select(min(left, _MEMORY_SECONDS) if state in _EXECUTING else left)
            for key, _ in ready:
                key.data()
            if not ready and state in _EXECUTING:
                self._watch_memory()

    def _on_exit(self) -> None:
        """The process ended; what it sent before that counts first."""
        assert self._process is not None
        if self._process.exit_handle is not None:
            self._selector.unregister(self._process.exit_handle)
        while self.state in (State.INITIALIZING, State.INVOKING):
            ready = self._selector.select(0)
            if not ready:
                break
            for key, _ in ready:
                key.data()
        code = self._process.exit_code()
        if self.state in (State.INITIALIZING, State.INVOKING):
            self._fault = self._fault or faults.exited(self._request_id, code if code is not None else 0)
        if (self.state, Event.EXIT) in TRANSITIONS:
            self._move(Event.EXIT)

    def _exited(self) -> bool:
        return self._process is None or self._process.exit_code() is not None

    def _read_output(self) -> None:
        assert self._output is not None and self._process is not None
        if not self._output.read_available():
            self._selector.unregister(self._process.output)

    def _drain_output(self) -> None:
        if self._output is not None:
            self._output.read_available()

    def _move(self, event: Event) -> None:
        self.state = next_state(self.state, event)

    def _on_call(self, call: Call) -> None:
        try:
            self._route(call)
        except InvalidTransition as refused:
            call.answer(refusal(403, "InvalidStateTransition", f"State transition is not allowed: {refused}"))

    def _route(self, call: Call) -> None:
        request = call.request
        match request.method, request.path:
            case "GET", "/2018-06-01/runtime/invocation/next":
                if self.state is not State.READY:
                    self._move(Event.NEXT)
                self._waiting = call
            case "POST", "/2018-06-01/runtime/init/error":
                self._move(Event.INIT_ERROR)
                self._fault = faults.reported(request.body, request.headers.get(_ERROR_TYPE))
                call.answer(accepted())
            case _, "/2018-06-01/runtime/restore/next" | "/2018-06-01/runtime/restore/error":
                # DG "Using the Lambda runtime API": 404 where SnapStart is off.
                call.answer(refusal(404, "SnapStartNotEnabled", "SnapStart is not enabled for this function"))
            case "POST", path if (match := _INVOCATION_CALL.fullmatch(path)) is not None:
                self._report(call, match[1], match[2])
            case _:
                call.answer(refusal(404, "NotFound", f"no such call: {request.method} {request.path}"))

    def _report(self, call: Call, request_id: str, kind: str) -> None:
        next_state(self.state, Event.RESPONSE)  # out of order is refused before the id is looked at
        if request_id != self._request_id:
            call.answer(refusal(400, "InvalidRequestID", "Invalid request ID"))
            return
        # DG "Using the Lambda runtime API": the runtime may echo it, and need not.
        if call.request.headers.get("lambda-runtime-invocation-id") not in ("", self._invocation_id):
            call.answer(refusal(400, "InvalidInvocationId", "Invalid invocation ID"))
            return
        body = call.request.body
        if kind == "error":
            self._fault = faults.reported(body, call.request.headers.get(_ERROR_TYPE))
            self._move(Event.ERROR)
            call.answer(accepted())
            return
        self._result = body
        self._move(Event.RESPONSE)
        if len(body) > SYNC_RESPONSE_BYTES_MAX:
            message = f"Exceeded maximum allowed payload size ({SYNC_RESPONSE_BYTES_MAX} bytes)."
            call.answer(refusal(413, "RequestEntityTooLarge", message))
            return
        call.answer(accepted())


_ERROR_TYPE = "lambda-runtime-function-error-type"
