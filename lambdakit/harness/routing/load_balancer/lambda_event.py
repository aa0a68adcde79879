"""What a function gets of a request through a load balancer, and of a health check.

Source: Application Load Balancers guide, "Use Lambda functions as targets of an Application Load Balancer".
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

from lambdakit.harness.moto_state.load_balancers import TargetGroup
from lambdakit.harness.routing.load_balancer.conditions import query_fields
from lambdakit.harness.routing.load_balancer.own_answers import BalancerRefused
from lambdakit.harness.wire import Request

_TEXT_TYPES: Final = ("application/json", "application/javascript", "application/xml")
_HEALTH_CHECKER: Final = "ELB-HealthChecker/2.0"


def lambda_event(request: Request, group: TargetGroup, fields: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The event. fields: the header fields, names in lower case. BalancerRefused for what is no UTF-8."""
    headers = [(name, _utf8(value, f"the header {name}")) for name, value in fields]
    body, is_base64 = _body(request)
    return {
        "requestContext": {"elb": {"targetGroupArn": group.arn}},
        "httpMethod": request.method,
        "path": _utf8(request.path, "the path"),
        **_fields("queryStringParameters", query_fields(_utf8(request.query, "the query")), group),
        **_fields("headers", headers, group),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def health_check_event(group: TargetGroup, path: str) -> dict[str, Any]:
    """The event of a health check."""
    return {
        "requestContext": {"elb": {"targetGroupArn": group.arn}},
        "httpMethod": "GET",
        "path": path,
        **_fields("queryStringParameters", [], group),
        **_fields("headers", [("user-agent", _HEALTH_CHECKER)], group),
        "body": "",
        "isBase64Encoded": False,
    }


def _fields(member: str, pairs: Sequence[tuple[str, str]], group: TargetGroup) -> dict[str, Any]:
    """One value each, the last one; or all of them, where the group has multi-value headers."""
    if not group.multi_value_headers:
        return {member: dict(pairs)}
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {f"multiValue{member[0].upper()}{member[1:]}": found}


def _body(request: Request) -> tuple[str, bool]:
    """The body as text or in base64; a compressed one is binary, and one without a type as well."""
    if not request.body:
        return "", False
    media_type = request.headers.get("content-type").partition(";")[0].strip().lower()
    is_text = media_type.startswith("text/") or media_type in _TEXT_TYPES
    if not is_text or request.headers.get("content-encoding"):
        return base64.b64encode(request.body).decode(), True
    try:
        return request.body.decode(), False
    except UnicodeDecodeError:
        raise _no_utf8("the body") from None


def _utf8(text: str, what: str) -> str:
    """Header fields come as the bytes they were, one character each."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        raise _no_utf8(what) from None


def _no_utf8(what: str) -> BalancerRefused:
    # The guide names the reason, and no status beside it.
    return BalancerRefused(400, f"LambdaBadRequest: {what} is no UTF-8")
