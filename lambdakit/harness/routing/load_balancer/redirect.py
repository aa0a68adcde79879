"""Answers that rules give without a target: fixed responses, redirects, and where users sign in.

Source: Application Load Balancers guide, "Action types for listener rules", "User authentication".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from lambdakit.harness.moto_state.load_balancers import Action, BalancerListener
from lambdakit.harness.routing.load_balancer.own_answers import SERVER, BalancerRefused, page
from lambdakit.harness.runtime.random_ids import random_hex
from lambdakit.harness.wire import Request, Response

_KEYWORD: Final = re.compile(r"#\{(protocol|host|port|path|query)\}")


def fixed_response(settings: Mapping[str, Any]) -> Response:
    """The answer that a rule has written down."""
    content_type = str(settings.get("ContentType") or "text/plain")
    return Response(
        status=int(settings["StatusCode"]),
        headers=[SERVER, ("Content-Type", f"{content_type}; charset=utf-8")],
        body=str(settings.get("MessageBody") or "").encode(),
    )


def redirect(settings: Mapping[str, Any], request: Request, listener: BalancerListener, host: str) -> Response:
    """The way to another URL. host: the one that the request is for, without a port."""
    location = redirect_location(settings, request, listener, host)
    status = 301 if str(settings.get("StatusCode")) == "HTTP_301" else 302
    return page(status, [("Location", location)])


def redirect_location(settings: Mapping[str, Any], request: Request, listener: BalancerListener, host: str) -> str:
    """The URL, with a port always; parts that are not said stay as they are."""
    parts = {
        "protocol": listener.protocol,
        "host": host,
        "port": str(listener.port),
        "path": request.path.removeprefix("/"),
        "query": request.query,
    }

    def filled(member: str, absent: str) -> str:
        text = settings.get(member)
        return _KEYWORD.sub(lambda match: parts[match[1]], absent if text is None else str(text))

    protocol = filled("Protocol", "#{protocol}").lower()
    path = filled("Path", "/#{path}")
    query = filled("Query", "#{query}")
    url = f"{protocol}://{filled('Host', '#{host}')}:{filled('Port', '#{port}')}{path}"
    return f"{url}?{query}" if query else url


def sign_in(action: Action, listener: BalancerListener, region: str, host: str) -> Response | None:
    """What somebody gets who is not signed in; None when the rule lets them on.

    Nobody is ever signed in here: identity providers are not asked. BalancerRefused for users that are denied.
    """
    settings = action.settings
    choice = settings.get("OnUnauthenticatedRequest") or "authenticate"
    if choice == "allow":
        return None
    if choice == "deny":
        raise BalancerRefused(401, f"{action.type} denies who is not signed in")
    query = {
        "client_id": settings.get("ClientId") or settings.get("UserPoolClientId") or "",
        "redirect_uri": f"{listener.protocol.lower()}://{host}/oauth2/idpresponse",
        "response_type": "code",
        "scope": settings.get("Scope") or "openid",
        "state": random_hex(32),
        **(settings.get("AuthenticationRequestExtraParams") or {}),
    }
    endpoint = settings.get("AuthorizationEndpoint") or _hosted_sign_in(str(settings.get("UserPoolDomain")), region)
    return page(302, [("Location", f"{endpoint}?{urlencode(query)}")])


def _hosted_sign_in(domain: str, region: str) -> str:
    host = domain if "." in domain else f"{domain}.auth.{region}.amazoncognito.com"
    return f"https://{host}/oauth2/authorize"
