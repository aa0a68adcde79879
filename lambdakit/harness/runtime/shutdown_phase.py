"""The shutdown phase of an environment with extensions; one without has none, and is killed outright.

    runtime      SIGTERM, up to 300 ms, or 500 with an internal extension; then SIGKILL
    telemetry    what is still buffered goes to those that subscribed, as far as they take it
    extensions   SHUTDOWN, up to 2,000 ms since the beginning; then they are killed with the rest

Source: AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle" and "Using the Lambda
Extensions API to create extensions", section "Shutdown phase".
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from lambdakit.harness.runtime import process_tree
from lambdakit.harness.runtime.extensions import Extensions
from lambdakit.harness.runtime.launcher import Launched
from lambdakit.harness.runtime.memory_watch import LOOK_SECONDS
from lambdakit.harness.runtime.telemetry import Telemetry

_SECONDS = 2.0
_RUNTIME_SECONDS = 0.3
_RUNTIME_SECONDS_WITH_INTERNAL = 0.5
_THAW_SECONDS = 0.05
# How long extensions that do not take their telemetry keep the others from being told; the page names no number.
_TELEMETRY_SECONDS = 0.3


def shut_down(
    extensions: Extensions, launched: Launched, telemetry: Telemetry, *, reason: str, poll: Callable[[float], object]
) -> None:
    """Runs the phase to its end; the processes that are left have to be killed.

    reason: as in the SHUTDOWN event. poll: handles what happens within some seconds.
    """
    registered = extensions.registered()
    if not registered:
        return
    process = launched.process
    internal = any(not extension.external for extension in registered)
    begun = time.perf_counter()
    deadline_ms = int((time.time() + _SECONDS) * 1000)

    def poll_until(is_over: Callable[[], bool], deadline: float) -> None:
        while not is_over() and time.perf_counter() < deadline:
            poll(LOOK_SECONDS)

    def runtime_is_gone() -> bool:
        return process.exit_code() is not None

    # A process that was let go on a moment ago may take a signal in any thread, and Python misses that.
    poll_until(lambda: process_tree.all_sleep(process.members()), begun + _THAW_SECONDS)
    if not runtime_is_gone():
        launched.signal_runtime(signal.SIGTERM)
        poll_until(runtime_is_gone, begun + (_RUNTIME_SECONDS_WITH_INTERNAL if internal else _RUNTIME_SECONDS))
    if not runtime_is_gone():
        launched.signal_runtime(signal.SIGKILL)
        poll_until(runtime_is_gone, time.perf_counter() + _RUNTIME_SECONDS)
    if all(not extension.external for extension in registered):
        return
    poll(0)  # the runtime's last lines
    telemetry.hurry()
    poll_until(lambda: not telemetry.pending or not process.members(), time.perf_counter() + _TELEMETRY_SECONDS)

    def everybody_is_gone() -> bool:
        # One that is still at work is told when it comes back for its next event.
        extensions.tell_shutdown(reason=reason, deadline_ms=deadline_ms)
        return not process.members()

    if any("SHUTDOWN" in extension.events for extension in registered):
        poll_until(everybody_is_gone, begun + _SECONDS)
