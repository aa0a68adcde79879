"""A request while its fields are resolved: who asks, with what, and what was noted on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.definition import GraphqlDefinition
from lambdakit.harness.routing.graphql.errors import Body, FieldFault
from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext
from lambdakit.harness.routing.graphql.execution.operation import Operation
from lambdakit.harness.routing.graphql.schema.built import BuiltSchema

# Source: AWS General Reference, "AWS AppSync endpoints and quotas" (request execution time of a query or mutation).
REQUEST_SECONDS: Final = 30.0


class FieldNotes(Protocol):
    """What is told of each field's resolver, for the API's log."""

    def evaluated(
        self, handler: str, step: str, path: list[str | int], context: ResolverContext, what: Evaluated
    ) -> None:
        """A handler, `Request` or `Response`, has made something of its context."""

    def resolved(
        self, place: tuple[str, str], path: list[str | int], returns: str, started: float, ended: float, failed: bool
    ) -> None:
        """A field was resolved. started, ended: of a clock that only grows."""


@dataclass(slots=True, kw_only=True, eq=False)
class Visit:
    """One request. errors: those of `util.appendError`. now: the harness's time. headers: as resolvers see them.

    resolvers: how many have run. response_headers: what templates add to the answer's. subscription_filter,
    invalidation_filter, invalidations: what code said of subscriptions.
    """

    definition: GraphqlDefinition
    built: BuiltSchema
    operation: Operation
    variables: Mapping[str, Any]
    authorized: Authorized
    request_id: str
    trace_id: str
    headers: Mapping[str, str]
    domain_name: str | None
    notes: FieldNotes
    now: Callable[[], datetime]
    errors: list[Body] = field(default_factory=list)
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    resolvers: int = 0
    subscription_filter: Any = None
    invalidation_filter: Any = None
    invalidations: list[Any] = field(default_factory=list)
    deadline: float = field(default_factory=lambda: time.monotonic() + REQUEST_SECONDS)

    def count_resolver(self) -> None:
        """One more resolver runs. FieldFault when there were too many.

        Source: AppSync Developer Guide, "Configuring GraphQL run complexity, query depth, and introspection with AWS
        AppSync" (resolver count limit).
        """
        self.resolvers += 1
        if self.resolvers > self.definition.resolvers_max:
            raise FieldFault(
                f"the request resolves more than {self.definition.resolvers_max} fields",
                "ResolverExecutionLimitReached",
            )

    @property
    def remaining_seconds(self) -> float:
        """How long the request may still take. FieldFault when the time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise FieldFault("Execution timed out.", "ExecutionTimeout")
        return left
