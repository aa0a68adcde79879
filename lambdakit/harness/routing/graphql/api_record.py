"""A GraphQL API as AppSync keeps it: its settings, its schema and the parts that resolve it.

Settings and parts are what AppSync's API gives for them, by that API's names. Nothing here knows what they mean.
"""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lambdakit.arn import partition_of

_LETTERS: Final = string.ascii_lowercase + string.digits
_ID_LENGTH: Final = 26

# A part of an API, or its settings, as AppSync's API gives them.
Given = Mapping[str, Any]


def new_id() -> str:
    """An id in the form of AppSync's, which begins with a letter here: it is a host name's first label as well."""
    return random.choice(string.ascii_lowercase) + "".join(random.choices(_LETTERS, k=_ID_LENGTH - 1))


@dataclass(slots=True, kw_only=True, eq=False)
class ApiRecord:
    """One API. host: the first label of its host names, which is not its id.

    definition: the schema's text; empty before there is one. schema_status: of its creation, and what went wrong.
    resolvers: by type and field. environment: what resolvers read as `env`. version: counts its changes.
    """

    account_id: str
    region: str
    api_id: str
    host: str
    settings: dict[str, Any]
    definition: str = ""
    schema_status: tuple[str, str] = ("NOT_APPLICABLE", "")
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    resolvers: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    cache: dict[str, Any] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    version: int = 0

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:{partition_of(self.region)}:appsync:{self.region}:{self.account_id}:apis/{self.api_id}"

    @property
    def dns(self) -> dict[str, str]:
        """Its host names, for requests and for subscriptions.

        Source: AppSync Developer Guide, "Building a real-time WebSocket client" (the real-time endpoint's name).
        """
        return {
            "GRAPHQL": f"{self.host}.appsync-api.{self.region}.amazonaws.com",
            "REALTIME": f"{self.host}.appsync-realtime-api.{self.region}.amazonaws.com",
        }

    @property
    def uris(self) -> dict[str, str]:
        """Its URLs, by the same names."""
        return {
            "GRAPHQL": f"https://{self.dns['GRAPHQL']}/graphql",
            "REALTIME": f"wss://{self.dns['REALTIME']}/graphql",
        }
