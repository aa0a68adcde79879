"""The execution environments of all functions: leased for one event, kept for the next.

An environment serves one event at a time; the one that was used last is used first, as AWS keeps few busy rather than
many idle. A changed or deleted function's environments end as soon as they are free. Provisioned ones are initialized
ahead, belong to a version or alias, and serve nothing else.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping

from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.lifecycle import State
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable

_Key = tuple[str, str, str, str]
_CLOSE_SECONDS = 5  # a killed process is gone within milliseconds


class EnvironmentPool:
    """Idle environments by version of a function, and the busy ones to end with the harness.

    create: makes an environment that is not started yet; provisioned: it is to be initialized ahead.
    on_stopped: told of each one that ends, with the reason (see `trace.EnvironmentStopped`).
    on_reset: told of each one whose processes ended, and that is kept, with the reason.
    """

    def __init__(
        self,
        create: Callable[[FunctionConfiguration, bool], ExecutionEnvironment],
        on_stopped: Callable[[ExecutionEnvironment, str], None],
        on_reset: Callable[[ExecutionEnvironment, str], None],
    ) -> None:
        self._create = create
        self._on_stopped = on_stopped
        self._on_reset = on_reset
        self._idle: dict[_Key, list[ExecutionEnvironment]] = defaultdict(list)
        self._busy: set[ExecutionEnvironment] = set()
        self._retired: dict[ExecutionEnvironment, str] = {}
        self._provisioned: dict[ExecutionEnvironment, _Key] = {}
        self._answered: dict[ExecutionEnvironment, _Key] = {}
        self._on_lost: Callable[[str], None] = lambda arn: None
        self._closed = False
        self._lock = threading.RLock()  # entered without a detour through the condition's own methods
        self._changed = threading.Condition(self._lock)

    @contextlib.contextmanager
    def lease(
        self, configuration: FunctionConfiguration, taken: ExecutionEnvironment | None = None
    ) -> Iterator[ExecutionEnvironment]:
        """An environment for one event: an idle one, else a new one, whose state is then `created`.

        One that has answered already, and is about to be idle, is waited for.
        taken: one that `take_provisioned` gave, which is leased instead.
        """
        key = _key(configuration) if taken is None else self._provisioned[taken]
        environment = taken or self._take_idle(key) or self._take_new(configuration)
        try:
            yield environment
        finally:
            self._give_back(key, environment)

    def answered(self, environment: ExecutionEnvironment) -> None:
        """The answer of a leased environment goes out now, a moment before it is given back."""
        with self._lock:
            self._answered[environment] = self._provisioned.get(environment) or _key(environment.configuration)

    def take_provisioned(self, configuration: FunctionConfiguration, owner: str) -> ExecutionEnvironment | None:
        """An idle provisioned environment, to be leased at once; None when all are busy. owner: version or alias."""
        return self._take_idle(_key(configuration, owner))

    def put_back(self, environment: ExecutionEnvironment) -> None:
        """Takes back what `take_provisioned` gave and nobody leases."""
        self._give_back(self._provisioned[environment], environment)

    def provision(
        self,
        configuration: FunctionConfiguration,
        owner: str,
        initialize: Callable[[ExecutionEnvironment], bool],
    ) -> bool:
        """Makes an environment ahead, for invocations of `owner` only; whether `initialize` succeeded."""
        key = _key(configuration, owner)
        environment = self._create(configuration, True)
        with self._changed:
            self._busy.add(environment)
            closed = self._closed
        ready = False
        try:
            ready = not closed and initialize(environment)
        finally:
            if ready:
                with self._changed:
                    self._provisioned[environment] = key
                self._give_back(key, environment)
            else:
                self._stop(environment, "init failed")
                self._forget(environment)
        return ready

    def provisioned(self, arn: str) -> Mapping[tuple[str, str, str], int]:
        """How many provisioned environments of a function are initialized, by version, revision and owner."""
        with self._changed:
            alive = (key for environment, key in self._provisioned.items() if environment not in self._retired)
            return Counter(key[1:] for key in alive if key[0] == arn)

    def trim_provisioned(self, arn: str, kind: tuple[str, str, str], keep: int) -> None:
        """Ends provisioned environments of one kind beyond `keep`: idle ones now, busy ones once they are free."""
        key = (arn, *kind)
        ended = []
        with self._changed:
            alive = [
                environment
                for environment, own in self._provisioned.items()
                if own == key and environment not in self._retired
            ]
            idle = self._idle.get(key, [])
            for environment in sorted(alive, key=lambda one: one in self._busy)[: max(0, len(alive) - keep)]:
                if environment in idle:
                    idle.remove(environment)
                    del self._provisioned[environment]
                    ended.append(environment)
                else:
                    self._retired[environment] = "updated"
        for environment in ended:
            self._stop(environment, "updated")

    def watch_provisioned(self, on_lost: Callable[[str], None]) -> None:
        """Calls `on_lost` with the function's ARN after a provisioned environment ended by itself."""
        self._on_lost = on_lost

    def retire(self, arn: str, *, reason: str) -> None:
        """Ends the environments of a function: idle ones now, busy ones once they are given back."""
        ended: list[ExecutionEnvironment] = []
        with self._changed:
            for key in [key for key in self._idle if key[0] == arn]:
                ended += self._idle.pop(key)
            for environment in ended:
                self._provisioned.pop(environment, None)
            self._retired |= {busy: reason for busy in self._busy if busy.configuration.arn == arn}
        for environment in ended:
            self._stop(environment, reason)

    @property
    def busy(self) -> int:
        """How many environments are in use."""
        with self._changed:
            return len(self._busy)

    def tenants_beside(self, configuration: FunctionConfiguration) -> int:
        """How many environments of a function tenants have, if this one needs another; 0 if it has one that is idle."""
        with self._lock:
            if self._idle.get(_key(configuration)):
                return 0
            idle = sum(len(kept) for key, kept in self._idle.items() if key[0] == configuration.arn)
            return idle + sum(one.configuration.arn == configuration.arn for one in self._busy)

    def busy_functions(self) -> Mapping[str, int]:
        """How many environments of each function are in use."""
        with self._changed:
            return Counter(environment.configuration.name for environment in self._busy)

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Whether no environment is in use, once that is so or the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, timeout_seconds)

    def close(self) -> None:
        """Ends every environment, idle or busy. Idempotent."""
        with self._changed:
            idle = [environment for environments in self._idle.values() for environment in environments]
            self._idle.clear()
            self._closed = True
            busy = list(self._busy)
        for environment in busy:
            environment.abort()
        for environment in idle:
            self._stop(environment, "shutdown")
        self.wait_until_idle(timeout_seconds=_CLOSE_SECONDS)

    def _take_idle(self, key: _Key) -> ExecutionEnvironment | None:
        while True:
            with self._lock:
                while not (environments := self._idle.get(key)):
                    if key not in self._answered.values():
                        return None
                    self._changed.wait()
                environment = environments.pop()
                # Idle or busy at every moment, so that `retire` and `close` see each one.
                self._busy.add(environment)
            if environment.reusable:
                return environment
            self._stop(environment, "crash")
            self._forget(environment, lost=True)

    def _take_new(self, configuration: FunctionConfiguration) -> ExecutionEnvironment:
        environment = self._create(configuration, False)
        with self._lock:
            self._busy.add(environment)
            closed = self._closed
        if closed:
            environment.abort()
        return environment

    def _give_back(self, key: _Key, environment: ExecutionEnvironment) -> None:
        failed, reason = environment.state is State.FAILED, environment.ended_by
        with self._lock:
            ending = self._closed or environment in self._retired
            provisioned = environment in self._provisioned
        # A provisioned one is made anew, ahead of the next event, where another starts again inside its next event.
        if failed and not ending and not provisioned:
            with contextlib.suppress(RuntimeUnavailable):  # it stays failed then, and ends
                environment.reset()
                self._on_reset(environment, reason)
        with self._lock:
            reusable = environment.reusable
            why = self._retired.get(environment) if reusable else reason
            why = "shutdown" if self._closed else why
            if why is None:
                self._busy.discard(environment)
                self._answered.pop(environment, None)
                self._idle[key].append(environment)
                self._changed.notify_all()
                return
        # It counts as busy until it is gone, so that whoever waits for that finds nothing of it.
        try:
            self._stop(environment, why)
        finally:
            self._forget(environment, lost=not ending)

    def _forget(self, environment: ExecutionEnvironment, *, lost: bool = False) -> None:
        """lost: nobody wanted it to end."""
        with self._changed:
            self._busy.discard(environment)
            self._answered.pop(environment, None)
            self._retired.pop(environment, None)
            provisioned = self._provisioned.pop(environment, None)
            self._changed.notify_all()
        if provisioned is not None and lost:
            self._on_lost(provisioned[0])

    def _stop(self, environment: ExecutionEnvironment, reason: str) -> None:
        environment.close()
        self._on_stopped(environment, reason)


def _key(configuration: FunctionConfiguration, owner: str = "") -> _Key:
    """owner: the version or alias that a provisioned environment is for; empty on demand.

    One on demand is its tenant's alone, where a function isolates them; such a function has no provisioned ones.
    """
    return configuration.arn, configuration.version, configuration.revision, owner or configuration.tenant_id
