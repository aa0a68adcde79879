"""What an EventBridge connection adds to a request: how it signs in, and the parameters that it has.

In: the connection's kind of authorization and its parameters, as they were made. Out: headers and pairs. Who makes the
request for a token, and where it may go, is not known here.
Source: Amazon EventBridge User Guide, "Connections for HTTP targets in Amazon EventBridge".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from lambdakit.harness.delivery.delivery import NotDelivered

Parameters = Mapping[str, Any]


class AskForToken(Protocol):
    """Makes the request for a token."""

    def __call__(
        self, method: str, url: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """Status and body of the answer. NotDelivered when there is none."""


def authorization(kind: str, parameters: Parameters, ask: AskForToken) -> Mapping[str, str]:
    """The headers by which a connection signs in. NotDelivered when its token is not to be had."""
    if kind == "BASIC":
        given = parameters.get("BasicAuthParameters") or {}
        pair = f"{given.get('Username', '')}:{given.get('Password', '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    if kind == "API_KEY":
        given = parameters.get("ApiKeyAuthParameters") or {}
        return {str(given.get("ApiKeyName", "")): str(given.get("ApiKeyValue", ""))}
    if kind == "OAUTH_CLIENT_CREDENTIALS":
        return {"Authorization": f"Bearer {_token(parameters.get('OAuthParameters') or {}, ask)}"}
    return {}


def pairs(given: object) -> dict[str, str]:
    """A connection's list of parameters, by their names."""
    return {str(one["Key"]): str(one.get("Value", "")) for one in given} if isinstance(given, list) else {}


def _token(given: Parameters, ask: AskForToken) -> str:
    """The access token that the client credentials get. Source: RFC 6749, section 4.4."""
    endpoint = str(given.get("AuthorizationEndpoint", ""))
    client, more = given.get("ClientParameters") or {}, given.get("OAuthHttpParameters") or {}
    form = {
        "grant_type": "client_credentials",
        "client_id": str(client.get("ClientID", "")),
        "client_secret": str(client.get("ClientSecret", "")),
        **pairs(more.get("BodyParameters")),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", **pairs(more.get("HeaderParameters"))}
    method = str(given.get("HttpMethod", "POST"))
    query = pairs(more.get("QueryStringParameters"))
    status, answer = ask(method, endpoint, query, headers, urlencode(form).encode())
    try:
        return str(json.loads(answer)["access_token"])
    except (ValueError, KeyError, TypeError):
        raise NotDelivered("ERROR_FROM_TARGET", f"{endpoint} answered {status} and no token", is_final=False) from None
