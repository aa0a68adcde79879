"""What the trace is told of subscribers: who connects and subscribes, and what could not be done for whom."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lambdakit.clock import Clock
from lambdakit.harness.routing.graphql.definition import GraphqlDefinition
from lambdakit.trace import RequestAnswered, RequestReceived, TraceLog

_DOOR = "graphql_api"

logger = logging.getLogger(__name__)


class Told:
    """Tells the trace. definition: of the API, for its name; None once it is deleted."""

    def __init__(self, definition: Callable[[], GraphqlDefinition | None], trace: TraceLog, clock: Clock) -> None:
        self._definition = definition
        self._trace = trace
        self._clock = clock

    def tell(self, method: str, path: str, started: float, problem: str = "", *, status: int = 400) -> None:
        """Who has connected or subscribed, or what went wrong, with a status. Status 101 is that of what goes on."""
        definition = self._definition()
        name, request_id = "" if definition is None else definition.name, str(uuid.uuid4())
        self._trace.append(RequestReceived(request_id=request_id, door=_DOOR, resource=name, method=method, path=path))
        self._trace.append(
            RequestAnswered(
                request_id=request_id,
                door=_DOOR,
                resource=name,
                method=method,
                path=path,
                status=status if problem else 101,
                duration_ms=(self._clock.monotonic() - started) * 1000,
                problem=problem,
            )
        )

    @contextmanager
    def apart(self, method: str, path: str) -> Iterator[None]:
        """What fails in the block, for one subscriber, is told, and is no matter of others or of the mutation."""
        started = self._clock.monotonic()
        try:
            yield
        except Exception as error:
            logger.exception("%s %s", method, path)
            self.tell(method, path, started, f"{type(error).__name__}: {error}", status=500)
