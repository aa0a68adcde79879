"""A request on its way through a front door, with all that is known of it once its route is chosen.

Events for functions, parameter mappings, authorizers and access logs are made from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from lambdakit.harness.wire import Request, Response
from lambdakit.records import dataclass

DEFAULT: Final = "$default"
JSON_CONTENT: Final = ("content-type", "application/json")


class OwnAnswer(Exception):
    """The door answers for itself. problem: why, for the trace."""

    def __init__(
        self,
        status: int,
        message: str,
        problem: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        member: str = "message",
    ) -> None:
        super().__init__(problem)
        self.response = told(status, message, headers=headers, member=member)
        self.problem = problem


def told(status: int, message: str, *, headers: Sequence[tuple[str, str]] = (), member: str = "message") -> Response:
    """A door's own answer: a message in JSON. member: its name, which differs among services."""
    body = json.dumps({member: message}, separators=(",", ":")).encode()
    return Response(status=status, headers=[JSON_CONTENT, *headers], body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized:
    """What an authorizer said of who asks.

    kind: `jwt`, `lambda` or `iam`; empty where nobody was asked. facts: as payload format 2.0 has them below that name.
    principal_id: of a Lambda authorizer's policy; empty without one.
    """

    kind: str = ""
    facts: Mapping[str, Any] | None = None
    principal_id: str = ""


NOBODY_ASKED: Final = Authorized()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """path: percent-encoded, as the client sent it, with a named stage and a custom domain's mapping.

    route_path: the same behind those. at: when it came, by the harness's clock.
    is_path_mapped: whether a parameter mapping gave the path.
    """

    request: Request
    request_id: str
    account_id: str
    region: str
    api_id: str
    domain_name: str
    stage: str
    route_key: str
    path: str
    route_path: str
    at: datetime
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorized: Authorized = NOBODY_ASKED
    is_path_mapped: bool = False

    @property
    def method(self) -> str:
        """The request's method."""
        return self.request.method

    @property
    def resource_path(self) -> str:
        """The route's path, variables and all; `$default` for that route."""
        return self.route_key.partition(" ")[2] or self.route_key


def query_pairs(query: str) -> list[tuple[str, str]]:
    """The parameters of a query, decoded, in order; a blank one is there with nothing."""
    return parse_qsl(query, keep_blank_values=True) if query else []


def joined(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Repeated values joined by commas, as payload format 2.0 has them."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found
