"""The values by which an authorizer knows who asks.

Source: API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers" ("Identity sources").
"""

from __future__ import annotations

from collections.abc import Sequence

from lambdakit.harness.routing.exchange import Exchange
from lambdakit.harness.routing.parameter_mapping import request_reader


def identity_values(exchange: Exchange, sources: Sequence[str]) -> list[str] | None:
    """What each source gives, such as `$request.header.Authorization`; None when one gives nothing."""
    read = request_reader(exchange)
    values = []
    for source in sources:
        value = read(source.removeprefix("$").removeprefix("{").removesuffix("}"))
        if not value:
            return None
        values.append(value)
    return values
