"""CORS as API Gateway does it for an HTTP API: it answers the preflight itself, and its headers replace the function's.

Source: API Gateway Developer Guide, "Configure CORS for HTTP APIs".
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from lambdakit.harness.moto_state.http_apis import CorsConfiguration
from lambdakit.harness.wire import Request, Response

_Headers = Sequence[tuple[str, str]]


def is_preflight(request: Request) -> bool:
    """Whether a browser asks before it sends the request proper."""
    headers = request.headers
    return request.method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def preflight(cors: CorsConfiguration, request: Request) -> Response:
    """The answer to a preflight: 204, with headers only for an origin that is allowed."""
    origin = _allowed_origin(cors, request.headers.get("origin"))
    if origin is None:
        return Response(status=204)
    headers = [("access-control-allow-origin", origin)]
    if cors.allow_methods:
        headers.append(("access-control-allow-methods", ",".join(cors.allow_methods)))
    if cors.allow_headers:
        headers.append(("access-control-allow-headers", ",".join(cors.allow_headers)))
    if cors.max_age_seconds is not None:
        headers.append(("access-control-max-age", str(cors.max_age_seconds)))
    return Response(status=204, headers=[*headers, *_credentials(cors, origin)])


def apply(cors: CorsConfiguration, request: Request, response: Response) -> Response:
    """`response` with the configured headers in place of any CORS headers it had."""
    kept = [(name, value) for name, value in response.headers if not name.lower().startswith("access-control-")]
    origin = _allowed_origin(cors, request.headers.get("origin"))
    if origin is None:
        return Response(status=response.status, headers=kept, body=response.body)
    headers = [("access-control-allow-origin", origin)]
    if cors.expose_headers:
        headers.append(("access-control-expose-headers", ",".join(cors.expose_headers)))
    return Response(status=response.status, headers=[*kept, *headers, *_credentials(cors, origin)], body=response.body)


def _credentials(cors: CorsConfiguration, origin: str) -> _Headers:
    vary = [] if origin == "*" else [("vary", "Origin")]
    return [("access-control-allow-credentials", "true"), *vary] if cors.allow_credentials else vary


def _allowed_origin(cors: CorsConfiguration, origin: str) -> str | None:
    """What `access-control-allow-origin` says to this origin; None when it is not allowed."""
    if not origin:
        return None
    for allowed in cors.allow_origins:
        if allowed == "*":
            return "*"
        if allowed.lower() == origin.lower() or ("*" in allowed and fnmatchcase(origin.lower(), allowed.lower())):
            return origin
    return None
