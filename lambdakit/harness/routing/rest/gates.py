"""What a request to a REST API passes before its integration, and what every integration is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lambdakit.harness.moto_state.rest_definition import RestStage
from lambdakit.harness.routing.rest.exchange import RestAuthorized, RestExchange, UsedKey
from lambdakit.harness.wire import Response
from lambdakit.records import dataclass


class Authorization(Protocol):
    """Decides who is let in."""

    def authorize(self, exchange: RestExchange) -> RestAuthorized:
        """What is known of who asks. Refused when they are not let in."""

    def reset(self) -> None:
        """Forgets what was decided."""


class Plans(Protocol):
    """Counts requests by key and method."""

    def admit(self, exchange: RestExchange) -> UsedKey | None:
        """The key that a request came with; None without one. Refused when it is one too many."""

    def reset(self) -> None:
        """Begins anew."""


class Throttles(Protocol):
    """Counts requests by stage and method."""

    def admit(self, exchange: RestExchange, stage: RestStage) -> None:
        """Refused for a request that is one too many."""

    def reset(self) -> None:
        """Begins anew."""


class Integrated(Protocol):
    """An integration's answer. status: its own; None where there is none. request_id: empty for none."""

    @property
    def response(self) -> Response:
        """What goes out."""

    @property
    def status(self) -> int | None:
        """The integration's own."""

    @property
    def request_id(self) -> str:
        """The service's."""


class Integrations(Protocol):
    """Asks every integration but Lambda's proxy."""

    def answer(self, exchange: RestExchange) -> Integrated:
        """Its answer. Refused when the API answers for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """validate: Refused for a request that is not in order."""

    authorization: Authorization
    plans: Plans
    throttles: Throttles
    validate: Callable[[RestExchange], None]

    def pass_on(self, exchange: RestExchange, stage: RestStage) -> RestExchange:
        """The request behind the authorizer: with its key, within its limits, and in order. Refused.

        Source: AWS re:Post Knowledge Center, "How can I use API Gateway logs to troubleshoot API issues?" (the usage
        plan is verified after the authorizer, and before the method begins).
        """
        exchange = exchange.having(key=self.plans.admit(exchange))
        self.throttles.admit(exchange, stage)
        self.validate(exchange)
        return exchange

    def reset(self) -> None:
        """Forgets what was decided and counted."""
        for gate in (self.authorization, self.plans, self.throttles):
            gate.reset()
