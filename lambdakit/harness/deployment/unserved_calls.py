"""What the functions behind a custom resource asked of services, and nothing here serves.

In come the trace's events, out go the operations by name. Every function that is handed the request counts: those of
the CDK's provider framework pass it on as they got it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.trace import InvocationStarted, ServiceCalled, TraceEvent

# What the harness answers for an operation that nobody has built; no service answers so.
_NOT_SERVED: Final = 501


def unserved_calls(events: Sequence[TraceEvent], request_id: str) -> tuple[str, ...]:
    """`ec2:CreateVpc` and the like, each once, of the functions whose event holds a request's id."""
    environments: set[str] = set()
    calls: dict[str, None] = {}
    for event in events:
        if isinstance(event, InvocationStarted) and request_id in event.payload:
            environments.add(event.environment)
        elif isinstance(event, ServiceCalled) and event.status == _NOT_SERVED and event.environment in environments:
            calls[f"{event.service}:{event.operation}"] = None
    return tuple(calls)
