"""The log of each invocation, put together from the trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from lambdakit.trace import FunctionLogged, InvocationStarted, TraceEvent


class InvocationLogs:
    """The logs of the invocations that start in `events`.

    The log of a cold start begins with what its environment wrote while it was initialized, as CloudWatch shows it.
    """

    def __init__(self, events: Iterable[TraceEvent]) -> None:
        self._lines: dict[str, list[str]] = defaultdict(list)
        self._environments: dict[str, str] = {}
        self._init_lines: dict[str, list[str]] = defaultdict(list)
        used: set[str] = set()
        for event in events:
            if isinstance(event, InvocationStarted) and event.cold_start:
                self._environments[event.request_id] = event.environment
            elif isinstance(event, FunctionLogged) and event.request_id:
                used.add(event.environment)
                self._lines[event.request_id].append(event.line.rstrip("\n"))
            elif isinstance(event, FunctionLogged) and event.environment not in used:
                self._init_lines[event.environment].append(event.line.rstrip("\n"))

    def log(self, request_id: str) -> str:
        """Every line, joined; empty when there is none."""
        environment = self._environments.get(request_id)
        init_lines = [] if environment is None else self._init_lines.get(environment, [])
        return "\n".join([*init_lines, *self._lines.get(request_id, [])])


def since_start(events: Sequence[TraceEvent], request_id: str) -> Sequence[TraceEvent]:
    """The events from the invocation's start on, found from the end; all of them when it is not there.

    Before those of a cold start stands what its environment wrote while it was initialized.
    """
    for position in range(len(events) - 1, -1, -1):
        event = events[position]
        if isinstance(event, InvocationStarted) and event.request_id == request_id:
            return [*_written_before(events[:position], event), *events[position:]]
    return events


def _written_before(events: Sequence[TraceEvent], started: InvocationStarted) -> list[TraceEvent]:
    if not started.cold_start:
        return []
    return [event for event in events if isinstance(event, FunctionLogged) and event.environment == started.environment]
