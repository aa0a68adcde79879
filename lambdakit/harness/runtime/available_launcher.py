"""The launcher that works on this machine: in a sandbox where one can be made, else on the host as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launched, Launcher, SandboxUnavailable, VariablesAt
from lambdakit.harness.runtime.runtimes.family import Prepared


class AvailableLauncher:
    """Tries the sandbox once, and says in every trace when there is none.

    sandboxed: None where no sandbox is wanted. spawning: given the reason, the launcher to use instead.
    """

    def __init__(self, sandboxed: Launcher | None, spawning: Callable[[str], Launcher], *, reason: str) -> None:
        self._sandboxed = sandboxed
        self._spawning = spawning
        self._reason = reason
        self._chosen: Launcher | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Finds out which one works."""
        self._choose()

    def close(self) -> None:
        """Ends what was started ahead, and what functions left behind. Idempotent."""
        for launcher in (self._sandboxed, self._chosen):
            if launcher is not None:
                launcher.close()

    @property
    def has_sandbox(self) -> bool:
        """Whether functions run in one; waits until that is known."""
        return self._sandboxed is not None and self._choose() is self._sandboxed

    @property
    def network_coverage(self) -> str:
        """What of a function is held to its network: `every socket`, `calls of AWS APIs`, or `not known yet`."""
        if self._sandboxed is not None and self._chosen is None:
            return "not known yet"
        return "every socket" if self.has_sandbox else "calls of AWS APIs"

    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """What the function is started from."""
        return self._choose().prepare(configuration)

    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The interpreter and how it differs from AWS."""
        return self._choose().describe(configuration)

    def launch(self, configuration: FunctionConfiguration, environment: str, variables: VariablesAt) -> Launched:
        """Starts a process for an environment."""
        return self._choose().launch(configuration, environment, variables)

    def release(self, environment: str) -> None:
        """Lets go of the /tmp of an environment."""
        self._choose().release(environment)

    def _choose(self) -> Launcher:
        with self._lock:
            if self._chosen is None:
                self._chosen = self._try()
            return self._chosen

    def _try(self) -> Launcher:
        if self._sandboxed is None:
            return self._spawning(self._reason)
        try:
            self._sandboxed.start()
        except SandboxUnavailable as unavailable:
            return self._spawning(f"no sandbox: {unavailable}")
        return self._sandboxed
