"""One execution environment: a process, its Runtime API, and the state between them.

Who holds the environment drives it: `initialize` and `invoke` poll its sockets, its output and its process in the
calling thread until there is an outcome. So nothing here needs a lock, the lines of an invocation are in before its
outcome is, and between invocations nothing of it runs. Only one thread may hold it at a time; the pool sees to that.

    initialize   START -> poll until `next`, an init error, an exit or the deadline
    invoke       answer `next` with the event -> poll until a result, an exit or the deadline
    reset        the processes are gone, /tmp stays; the next `invoke` starts with an init of its own
    close        nothing of it is left

Source: AWS Lambda Developer Guide, "Using the Lambda runtime API" and "Understanding the Lambda execution environment
lifecycle".
"""

from __future__ import annotations

import selectors
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lambdakit.harness.network.hanging import EnvironmentNetwork
from lambdakit.harness.runtime import faults
from lambdakit.harness.runtime.extensions import Extensions
from lambdakit.harness.runtime.freezer import Freezer
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launched, Launcher, Place, RuntimeProcess
from lambdakit.harness.runtime.lifecycle import TRANSITIONS, Event, State
from lambdakit.harness.runtime.memory_watch import LOOK_SECONDS, MemoryWatch, next_look_at
from lambdakit.harness.runtime.outcomes import EnvironmentGone, Initialization, InvocationOutcome
from lambdakit.harness.runtime.phase_telemetry import PhaseTelemetry
from lambdakit.harness.runtime.process_output import ProcessOutput
from lambdakit.harness.runtime.response_stream import Outlet
from lambdakit.harness.runtime.runtime_api import RuntimeApi
from lambdakit.harness.runtime.runtime_conversation import InvocationRequest, RuntimeConversation
from lambdakit.harness.runtime.shutdown_phase import shut_down
from lambdakit.harness.runtime.system_refusals import new_selector
from lambdakit.limits import INIT_SECONDS

_EXIT_CHECK_SECONDS = 0.05  # how often to look for an exit where no descriptor tells of it
_SETTLE_SECONDS = 0.1  # how long an answer waits for the runtime to come back to `next`, which takes far less
_READ_AT_ONCE_BYTES = 32 * 1024  # what fits into the socket of a frozen process, which reads nothing
_SHUTDOWN_REASONS = {"timeout": "TIMEOUT"}
_EXECUTING = frozenset({State.INITIALIZING, State.INVOKING, State.STREAMING})


class ExecutionEnvironment:
    """A place in which one version of a function runs, one event at a time.

    variables: given the environment and where the function finds things, every variable of the process.
    log: takes each line that belongs to the environment, with its request id. now: the time that telemetry carries;
    absence: the machine's. provisioned: it is initialized before there is an event for it.
    network: what it waits for in its network; absence: nothing there is ever waited for.
    ended_by: why it cannot take another event, once it cannot (see `trace.EnvironmentStopped`).
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        *,
        launcher: Launcher,
        variables: Callable[[ExecutionEnvironment, Place], Mapping[str, str]],
        log: Callable[[ExecutionEnvironment, str, str], None],
        now: Callable[[], datetime] | None = None,
        provisioned: bool = False,
        network: EnvironmentNetwork | None = None,
    ) -> None:
        self.configuration = configuration
        self.network = network or EnvironmentNetwork()
        self.id = uuid.uuid4().hex
        self._launcher = launcher
        self._launched: Launched
        self._variables = variables
        self._log = log
        self._lines: list[str] = []
        self.ended_by = "crash"
        self._aborted = self._was_reset = self._shutting_down = False
        self._is_fresh = True  # it has not rested since its init
        self._memory = MemoryWatch(configuration.memory_mib)
        self._freezer = Freezer()
        self._selector = new_selector()
        self._api: RuntimeApi | None = None
        self._process: RuntimeProcess | None = None
        self._output: ProcessOutput | None = None
        self._talk = RuntimeConversation(on_next=lambda: self._phases.runtime_waits(self._talk.fault))
        self._phases = PhaseTelemetry(configuration, launcher.describe, now=now, log=self.log, provisioned=provisioned)

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._talk.state

    @property
    def reusable(self) -> bool:
        """Whether it can take another event."""
        if self.state is State.CREATED:
            return self._was_reset
        is_up = self.state in (State.READY, State.ANSWERED)
        return is_up and self._process is not None and self._process.exit_code() is None

    @property
    def starts_cold(self) -> bool:
        """Whether its init phase comes before the next invocation; after a reset it is part of the invocation."""
        return self.state is State.CREATED and not self._was_reset

    def initialize(self, *, request_id: str = "", limit_seconds: float = INIT_SECONDS) -> Initialization:
        """Starts the process and waits until it asks for an event, fails, or the time is over.

        request_id: of the invocation that waits for it, for the texts of faults; empty when none does.
        """
        self._talk.begin(request_id)
        self.network.begin(request_id, limit_seconds)
        started = time.perf_counter()
        self._start()
        self._poll_while(State.INITIALIZING, started + limit_seconds)
        if self.state is State.INITIALIZING:
            self._talk.fault = faults.timed_out(request_id, limit_seconds)
            self._talk.move(Event.DEADLINE)
        return Initialization(duration_ms=self._end_init(started), fault=self._talk.fault)

    def invoke(
        self,
        request: InvocationRequest,
        *,
        outlet: Outlet | None = None,
        on_start: Callable[[], None] = lambda: None,
        on_answer: Callable[[InvocationOutcome], None] | None = None,
    ) -> InvocationOutcome:
        """Hands the event to the function and returns what came of it; the environment may be unusable afterwards.

        outlet: where a streamed result goes while it is made; absence: it is collected.
        on_start: called once it is sure that the event belongs to this environment.
        on_answer: called with the outcome as soon as nothing can change it but the memory that it tells of; not called
        when there is more to wait for.
        EnvironmentGone when it died between its last rest and this one.
        """
        started = time.perf_counter()
        deadline = started + self.configuration.timeout_seconds
        self._talk.begin(request.request_id, outlet)
        self.network.begin(request.request_id, self.configuration.timeout_seconds)
        if self.state is not State.READY or len(request.payload) > _READ_AT_ONCE_BYTES:
            self._freezer.thaw()
        begins_with_init = self.state is State.CREATED
        if begins_with_init:
            on_start()
            self._start(request.request_id)
            self._poll_while(State.INITIALIZING, deadline)
            self._end_init(started)
        else:
            self._poll_while(State.ANSWERED, deadline)
            if self.state is State.FAILED and self._talk.fault is None:
                raise EnvironmentGone
            started = time.perf_counter()
            deadline = started + self.configuration.timeout_seconds
        assert self._output is not None and self._process is not None
        self._output.belongs_to(request.request_id)
        self._phases.invocation_begins(request.request_id, request.trace_id)
        delivered = self.state is State.READY
        if delivered:
            self._talk.deliver(request, limit_seconds=deadline - time.perf_counter())
            self._freezer.thaw()  # it wakes to find its event, and not once more for it
        if not begins_with_init:
            on_start()  # while the function is at work already; what it writes is not read before
        if delivered:
            self._await_result(deadline)
        if self._talk.result is None and self._talk.fault is None:
            self._talk.fault = faults.timed_out(request.request_id, self.configuration.timeout_seconds)
            self.ended_by = "timeout"
            self._talk.move(Event.DEADLINE)
        duration_ms = self.network.lasted((time.perf_counter() - started) * 1000)
        if on_answer is not None and self._is_certain(duration_ms):
            on_answer(self._talk.outcome(duration_ms, max_memory_mib=self._memory.used_mib))
        self._output.flush()  # a line that is not ended belongs to the invocation that wrote it, too
        seen = self._process.look()
        self._memory.look_back(seen.peak)
        self._freezer.needed = seen.need_freezing
        if self._talk.fault is None and self._memory.exceeded:
            # A peak between two looks: AWS would have killed it there.
            self._end_for_memory()
        return self._talk.outcome(duration_ms, max_memory_mib=self._memory.used_mib)

    def reset(self) -> None:
        """Ends the processes of an environment that failed; its id and its /tmp stay.

        The next invocation starts them again, inside its own time. RuntimeUnavailable when it never could.
        DG "Understanding the Lambda execution environment lifecycle": a reset, and the suppressed init after it.
        """
        selector = new_selector()  # first: without one it cannot start again
        self._talk.move(Event.RESET)
        self._end_processes(failed=True)
        self._selector, self._was_reset, self._is_fresh = selector, True, True
        self._memory = MemoryWatch(self.configuration.memory_mib)
        self.ended_by = "crash"

    def freeze(self) -> None:
        """Stops everything in it that does not stand still by itself once the runtime is back in `next`.

        DG "Understanding the Lambda execution environment lifecycle": between invocations it is frozen.
        """
        self._is_fresh = False
        if self.state is State.ANSWERED:
            self._poll_while(State.ANSWERED, time.perf_counter() + _SETTLE_SECONDS)
        if self.state is State.READY and self._process is not None:
            self._freezer.freeze(self._process)

    def report(self, record: Callable[[], Mapping[str, Any]]) -> None:
        """Tells telemetry's subscribers what the invocation came to. record: gives that of `platform.report`."""
        self._phases.invocation_ends(self._talk.fault, record, runtime_is_gone=self.state is State.FAILED)

    def log(self, line: str, request_id: str) -> None:
        """Takes a line of the platform's, or of the process's own."""
        self._lines.append(line)
        self._log(self, line, request_id)

    def take_log(self) -> list[str]:
        """The list that collects the lines from now on; what was collected before is let go."""
        self._lines = []
        return self._lines

    def abort(self) -> None:
        """Kills the process from any thread; whoever holds the environment sees it exit."""
        self._aborted = True
        if self._process is not None:
            self._process.terminate()

    def close(self) -> None:
        """Kills the process and all it started; nothing of the environment is left. Idempotent."""
        if self.state is State.STOPPED:
            return
        self._talk.move(Event.CLOSE)
        self._end_processes(failed=False)
        self._launcher.release(self.id)

    def _start(self, request_id: str = "") -> None:
        self._talk.move(Event.START)
        launched = self._launcher.launch(self.configuration, self.id, lambda place: self._variables(self, place))
        self._process = launched.process
        self._launched = launched
        self._talk.extensions = Extensions(
            expected=launched.extensions,
            configuration=self.configuration,
            on_change=self._on_extension,
            on_failure=self._talk.fail,
            subscribe=self._phases.subscribe,
        )
        self._phases.telemetry.attach(self._selector, launched.loopback)
        self._phases.init_begins(suppressed=self._was_reset)
        if launched.problem:
            self._talk.fault = faults.invalid_entrypoint(self._talk.request_id, launched.problem)
        if self._aborted:
            self._process.terminate()
            launched.runtime_api.close()  # it may be a moment until all of it is gone: nothing in there gets an event
        else:
            self._api = RuntimeApi(launched.runtime_api, self._selector, self._talk)
        sinks = self._phases.sinks(self._process.output, self._process.extension_output)
        self._output = ProcessOutput(sinks, self._selector)
        self._output.belongs_to(request_id)
        if self._process.exit_handle is not None:
            self._selector.register(self._process.exit_handle, selectors.EVENT_READ, self._on_exit)

    def _await_result(self, deadline: float) -> None:
        """Waits until the event that was delivered has its result, or `deadline` is over."""
        self._poll_while(State.INVOKING, deadline)
        if self._talk.undelivered and self._talk.state is State.FAILED and not self._is_fresh:
            raise EnvironmentGone
        self._poll_while(State.STREAMING, deadline)
        self._phases.runtime_answered(self._talk.result, self._talk.stream)
        self._explain_broken_stream()
        self._wait_for_extensions(deadline)

    def _explain_broken_stream(self) -> None:
        """A stream breaks off a moment before its runtime is seen to be gone, which is then the reason."""
        if self._talk.fault is not None and self._talk.fault.error_type == faults.TRUNCATED:
            self._poll_while(State.ANSWERED, time.perf_counter() + _SETTLE_SECONDS)
            code = None if self._process is None else self._process.exit_code()
            if self.state is State.FAILED and code is not None:
                self._talk.fault = faults.exited(self._talk.request_id, code)

    def _wait_for_extensions(self, deadline: float) -> None:
        """DG "Using the Lambda Extensions API": the time-out bounds the runtime and its extensions together."""
        if self._talk.extensions is not None and self._talk.extensions.any:
            self._poll_while(State.ANSWERED, deadline)
            if self.state is State.ANSWERED:
                self.ended_by = "timeout"
                self._talk.move(Event.DEADLINE)

    def _on_extension(self) -> None:
        """An extension registered, or waits for its next event."""
        extensions = self._talk.extensions
        if extensions is not None and extensions.all_registered:
            self._launched.start_runtime()
        self._talk.settle()

    def _end_init(self, started: float) -> float:
        """The milliseconds that the init phase took."""
        assert self._output is not None and self._talk.extensions is not None
        if self._talk.fault is not None:
            self.ended_by = "init failed"
        elif self._process is not None:
            self._memory.note(self._process.look().peak)  # what crashes at once is never seen again
        self._output.drain()
        duration_ms = self.network.lasted((time.perf_counter() - started) * 1000)
        self._phases.init_ends(self._talk.fault, duration_ms=duration_ms, extensions=self._talk.extensions)
        return duration_ms

    def _end_processes(self, *, failed: bool) -> None:
        telemetry = self._phases.telemetry
        if self._talk.extensions is not None:
            self._freezer.thaw()
            self._shutting_down = True
            reason = _SHUTDOWN_REASONS.get(self.ended_by, "FAILURE") if failed else "SPINDOWN"
            shut_down(self._talk.extensions, self._launched, telemetry, reason=reason, poll=self._handle_ready)
        telemetry.detach()
        if self._output is not None:
            self._output.flush()
        if self._api is not None:
            self._api.close()
        self._selector.close()
        if self._process is not None:
            self._process.kill()
        self._process = self._api = self._output = None
        self._shutting_down = False
        self._talk.restart()

    def _watch_memory(self) -> None:
        assert self._process is not None
        self._memory.look(self._process.members())
        if self._memory.exceeded:
            self._end_for_memory()

    def _end_for_memory(self) -> None:
        """Kills what held more than it is configured with."""
        assert self._process is not None
        self._talk.fault = faults.out_of_memory(self._talk.request_id)
        self.ended_by = "out of memory"
        self._process.terminate()

    def _is_certain(self, duration_ms: float) -> bool:
        """Whether a result is there that neither an extension, nor the memory that was held, can turn into a fault."""
        extensions = self._talk.extensions
        return (
            self.state in (State.ANSWERED, State.READY)
            and not (extensions is not None and extensions.any)
            and not self._memory.may_have_exceeded(duration_ms / 1000)
        )

    def _poll_while(self, state: State, deadline: float) -> None:
        executes = state in _EXECUTING
        next_look = time.perf_counter() + LOOK_SECONDS
        while self.state is state:
            now = time.perf_counter()
            if (left := (self.network.deadline(deadline) if executes else deadline) - now) <= 0:
                return
            assert self._process is not None
            if self._process.exit_handle is None:
                left = min(left, _EXIT_CHECK_SECONDS)
                if self._process.exit_code() is not None:
                    self._on_exit()
                    continue
            self._handle_ready(min(left, LOOK_SECONDS) if executes else left)
            # What keeps the harness busy, with output or a stream, is watched as well.
            if executes and (looked := time.perf_counter()) >= next_look:
                self._watch_memory()
                next_look = next_look_at(looked, time.perf_counter())

    def _handle_ready(self, seconds: float) -> bool:
        """Handles what happens within `seconds`; whether anything did."""
        telemetry = self._phases.telemetry
        telemetry.pump()
        ready = self._selector.select(telemetry.wait_seconds(seconds))
        for key, _ in ready:
            # One before it may have dealt with it: an exit reads all that was sent before.
            if len(ready) == 1 or key.fd in self._selector.get_map():
                key.data()
        return bool(ready)

    def _on_exit(self) -> None:
        """The process ended, or an extension did; what was sent before that counts first."""
        assert self._process is not None
        if self._process.exit_code() is None:
            lost, extensions = self._process.lost_extension, self._talk.extensions
            if lost is not None and extensions is not None and not self._shutting_down:
                self._talk.fail(extensions.fail_with(lost))
                self._process.terminate()
            return
        if self._process.exit_handle is not None:
            self._selector.unregister(self._process.exit_handle)
        if self._api is not None:
            self._api.hurry()
        while self.state in _EXECUTING and self._handle_ready(0):
            continue
        # One that dies between its init and its first event may do so each time.
        never_ran = self._is_fresh and self.state is State.READY and self._talk.result is None
        if never_ran or self.state in _EXECUTING:
            self._talk.fault = self._talk.fault or faults.exited(self._talk.request_id, self._process.exit_code() or 0)
        if (self.state, Event.EXIT) in TRANSITIONS:
            self._talk.move(Event.EXIT)
