"""A process on the host as it is: started, watched and killed, with all that it starts.

Knows nothing of the Runtime API. The output of the process, standard output and error in one, is read by whoever owns
the environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lambdakit.harness.runtime import leftovers, process_tree
from lambdakit.harness.runtime.environment_processes import EnvironmentProcesses, Processes
from lambdakit.harness.runtime.external_extensions import LostExtension


class SpawnedProcess:
    """A running runtime, leader of a process group of its own.

    output: descriptor to read what it writes; never blocks.
    exit_handle: descriptor that turns readable when the process ends; None where the system has none (not Linux).
    """

    def __init__(self, command: Sequence[str], *, variables: Mapping[str, str], directory: Path) -> None:
        self.output, write_end = os.pipe()
        os.set_blocking(self.output, False)
        self.exit_handle: int | None = None
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                cwd=directory,
                env=dict(variables),
                start_new_session=True,
            )
        except BaseException:
            os.close(self.output)
            raise
        finally:
            os.close(write_end)
        self._pid = self._process.pid
        self._mark = leftovers.mark_of(variables)
        self._members = EnvironmentProcesses(self._pid, includes_first=True)
        if hasattr(os, "pidfd_open"):
            self.exit_handle = os.pidfd_open(self._pid)

    @property
    def extension_output(self) -> int | None:
        """None: extensions are started in the sandbox only."""
        return None

    @property
    def lost_extension(self) -> LostExtension | None:
        """None, as there are none."""
        return None

    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def members(self) -> list[int]:
        """Its pid, and those of all that it started and that is still there."""
        return self._members.members()

    def look(self) -> Processes:
        """What they hold, and whether they need freezing."""
        return self._members.look()

    def signal(self, number: int) -> None:
        """Signals the process, and nothing that it started."""
        if self._process.poll() is None:
            self._process.send_signal(number)

    def terminate(self) -> None:
        """Kills the process and its group, from any thread; whoever owns it still has to `kill` it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)

    def kill(self) -> None:
        """Ends the process and all it started at once. Idempotent; leaves no zombie and no open descriptor."""
        if self.output < 0:
            return
        started = process_tree.descendants(self._pid)
        self.terminate()
        process_tree.signal_all(started, signal.SIGKILL)
        self._process.wait()
        leftovers.end_marked([self._mark])
        self._members.close()
        os.close(self.output)
        self.output = -1
        if self.exit_handle is not None:
            os.close(self.exit_handle)
            self.exit_handle = None
