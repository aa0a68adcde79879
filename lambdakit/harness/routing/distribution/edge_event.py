"""The events that functions of Lambda@Edge get: `Records[0].cf`.

Source: Amazon CloudFront Developer Guide, "Lambda@Edge event structure"; "Restrictions on edge functions" (the headers
that no function sees; the body).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from lambdakit.harness.routing.distribution.configuration import Origin
from lambdakit.harness.routing.distribution.header_rules import is_disallowed
from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse, Fields

# "Restrictions on the request body with the include body option".
BODY_BYTES_MAX: Final[Mapping[str, int]] = {"viewer-request": 40 * 1024, "origin-request": 1024 * 1024}
_SSL: Final = ["TLSv1.2"]
_KEEP_ALIVE_SECONDS: Final = 5


def edge_event(
    event_type: str,
    request: EdgeRequest,
    *,
    distribution_id: str,
    domain: str,
    request_id: str,
    client_ip: str,
    include_body: bool = False,
    origin: Origin | None = None,
    response: EdgeResponse | None = None,
) -> dict[str, Any]:
    """The event. origin: of origin events. response: of response events."""
    config = {
        "distributionDomainName": domain,
        "distributionId": distribution_id,
        "eventType": event_type,
        "requestId": request_id,
    }
    asked: dict[str, Any] = {
        "clientIp": client_ip,
        "headers": headers_of(request.headers),
        "method": request.method,
        "querystring": request.query,
        "uri": request.uri,
    }
    if include_body and event_type in BODY_BYTES_MAX:
        asked["body"] = _body(request.body, BODY_BYTES_MAX[event_type])
    if origin is not None:
        asked["origin"] = origin_of(origin)
    record: dict[str, Any] = {"config": config, "request": asked}
    if response is not None:
        record["response"] = {
            "headers": headers_of(response.headers),
            "status": str(response.status),
            "statusDescription": _phrase(response.status),
        }
    return {"Records": [{"cf": record}]}


def headers_of(fields: Fields) -> dict[str, list[dict[str, str]]]:
    """The headers that a function may see, by their names in lower case."""
    found: dict[str, list[dict[str, str]]] = {}
    for name, value in fields:
        if not is_disallowed(name):
            found.setdefault(name.lower(), []).append({"key": name, "value": value})
    return found


def origin_of(origin: Origin) -> dict[str, Any]:
    """An origin as origin events tell it. Its own headers are told here, and not among the request's."""
    own = {"customHeaders": headers_of(origin.headers), "domainName": origin.domain, "path": origin.path}
    if origin.is_s3:
        method = "origin-access-identity" if origin.identity else "none"
        return {"s3": {"authMethod": method, "region": _region(origin.domain) if origin.identity else "", **own}}
    is_plain = origin.protocol == "http-only"
    return {
        "custom": {
            **own,
            "keepaliveTimeout": _KEEP_ALIVE_SECONDS,
            "port": origin.http_port if is_plain else origin.https_port,
            "protocol": "http" if is_plain else "https",
            "readTimeout": origin.read_seconds,
            "sslProtocols": _SSL,
        }
    }


def _body(body: bytes, bytes_max: int) -> dict[str, Any]:
    return {
        "action": "read-only",
        "data": base64.b64encode(body[:bytes_max]).decode(),
        "encoding": "base64",
        "inputTruncated": len(body) > bytes_max,
    }


def _region(domain: str) -> str:
    labels = domain.split(".s3.")[-1].split(".")
    return labels[0] if len(labels) > 2 and labels[0] != "amazonaws" else "us-east-1"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
