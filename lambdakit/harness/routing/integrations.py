"""What every integration of an HTTP API is: a mapped request goes in, an answer comes out."""

from __future__ import annotations

from typing import Protocol

from lambdakit.harness.moto_state.http_apis import Integration
from lambdakit.harness.routing.exchange import Exchange
from lambdakit.harness.wire import Response
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrated:
    """An integration's answer. request_id: the service's own, for the access log; empty for none."""

    response: Response
    request_id: str = ""


class Integrate(Protocol):
    """Asks one kind of integration."""

    def __call__(self, exchange: Exchange, integration: Integration) -> Integrated:
        """Its answer. OwnAnswer when the door answers for it."""
