"""What functions of Lambda@Edge give back: a request, or an answer, checked and made ours.

Source: Amazon CloudFront Developer Guide, "Lambda@Edge event structure", "Generate HTTP responses in request
triggers", "Update HTTP responses in origin response triggers", "Restrictions on Lambda@Edge", "Restrictions on all edge
functions".
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.distribution.configuration import Origin
from lambdakit.harness.routing.distribution.edge_event import BODY_BYTES_MAX, origin_of
from lambdakit.harness.routing.distribution.header_rules import header_problem, is_disallowed, kept
from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse, Fields, sendable

GENERATED: Final = "LambdaGeneratedResponse"
_TARGET_MAX: Final = 8_192
# "Restrictions on the Size of the Generated Response".
_GENERATED_BYTES_MAX: Final[Mapping[str, int]] = {"viewer-request": 40 * 1024, "origin-request": 1024 * 1024}
_BAD_QUERY: Final = re.compile(r"[\x00-\x20#\x7f]")
_BAD_VALUE: Final = re.compile(r"[\r\n\x00]")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DOMAIN: Final = re.compile(r"(?=.{1,253}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class InvalidResult(Exception):
    """The function's result is none that CloudFront takes; the text says why."""


def changed_request(event_type: str, before: EdgeRequest, given: Mapping[str, Any], *, body: bool) -> EdgeRequest:
    """The request as a function leaves it. body: whether it saw the body. InvalidResult."""
    uri, query = given.get("uri", before.uri), given.get("querystring", before.query)
    if not isinstance(uri, str) or not uri.startswith("/"):
        raise InvalidResult("the uri of the request does not begin with a slash")
    if not isinstance(query, str) or (query != before.query and _BAD_QUERY.search(query)):
        raise InvalidResult("the querystring of the request has spaces, control characters or a fragment")
    if len(uri) + len(query) >= _TARGET_MAX:
        raise InvalidResult("uri and querystring of the request are too long")
    if given.get("method", before.method) != before.method:
        raise InvalidResult("the method of the request is read-only")
    fields = _checked(event_type, before.headers, given.get("headers", {}))
    content = _changed_body(event_type, given.get("body")) if body else None
    return dataclasses.replace(
        before,
        uri=uri if uri == before.uri else sendable(uri),
        query=query,
        headers=kept(event_type, before.headers, fields),
        body=before.body if content is None else content,
    )


def changed_origin(before: Origin, given: object) -> Origin:
    """The origin as a function leaves it: another domain, path, port or kind. InvalidResult."""
    if given == origin_of(before):
        return before
    if not isinstance(given, Mapping) or len(given) != 1 or next(iter(given)) not in ("custom", "s3"):
        raise InvalidResult("the origin of the request is not exactly one of custom and s3")
    ((kind, told),) = given.items()
    if not isinstance(told, Mapping):
        raise InvalidResult("the origin of the request is no object")
    domain, path = told.get("domainName"), told.get("path", "")
    if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain.partition(":")[0]):
        raise InvalidResult("the domainName of the origin is no domain name")
    if ":" in domain and domain.lower() != before.domain:
        raise InvalidResult("the domainName of the origin includes a colon")
    if not isinstance(path, str) or (path and (not path.startswith("/") or path.endswith("/"))):
        raise InvalidResult("the path of the origin does not begin with a slash, or ends with one")
    headers = _fields(told.get("customHeaders") or {})
    if any(is_disallowed(name) for name, _ in headers):
        raise InvalidResult("the customHeaders of the origin have a disallowed header")
    common = dataclasses.replace(before, domain=domain.lower(), path=path, headers=headers)
    return _s3_origin(before, common, told) if kind == "s3" else _custom_origin(common, told)


def _s3_origin(before: Origin, common: Origin, told: Mapping[str, Any]) -> Origin:
    method = told.get("authMethod")
    if method not in ("origin-access-identity", "none"):
        raise InvalidResult("the authMethod of the origin is neither origin-access-identity nor none")
    if method == "origin-access-identity" and not (before.identity and told.get("region")):
        raise InvalidResult("the origin has no origin access identity to use, or no region")
    # "This field does not support origin access control (OAC)": what the distribution has of it goes on.
    return dataclasses.replace(common, is_s3=True, identity=before.identity if method != "none" else "")


def _custom_origin(common: Origin, told: Mapping[str, Any]) -> Origin:
    port, seconds = told.get("port", 443), told.get("readTimeout", common.read_seconds)
    if told.get("protocol") not in ("http", "https"):
        raise InvalidResult("the protocol of the origin is neither http nor https")
    if not isinstance(port, int) or not (port in (80, 443) or 1024 <= port <= 65_535):
        raise InvalidResult("the port of the origin is not 80, 443 or 1024 to 65535")
    if not isinstance(seconds, int) or not 1 <= seconds <= 60:
        raise InvalidResult("the readTimeout of the origin is not 1 to 60")
    is_plain = told["protocol"] == "http"
    return dataclasses.replace(
        common,
        is_s3=False,
        identity="",
        protocol="http-only" if is_plain else "https-only",
        http_port=port if is_plain else common.http_port,
        https_port=common.https_port if is_plain else port,
        read_seconds=seconds,
    )


def generated_response(event_type: str, given: Mapping[str, Any]) -> EdgeResponse:
    """The answer that a function gives in place of the content. InvalidResult."""
    response = EdgeResponse(
        status=_status(given.get("status")),
        headers=_checked(event_type, (), given.get("headers", {})),
        body=_content(given.get("body", ""), given.get("bodyEncoding", "text")),
        source=GENERATED,
    )
    if response.status == 204 and response.body:
        raise InvalidResult("the status is 204 and there is a body")
    length = len(response.body) + sum(len(name) + len(value) for name, value in response.headers)
    if length > _GENERATED_BYTES_MAX[event_type]:
        raise InvalidResult(f"the generated response is larger than {_GENERATED_BYTES_MAX[event_type]} bytes")
    return response


def changed_response(event_type: str, before: EdgeResponse, given: Mapping[str, Any]) -> EdgeResponse:
    """The answer as a function leaves it. InvalidResult."""
    status = _status(given.get("status", str(before.status)))
    if event_type == "viewer-response" and status != before.status:
        raise InvalidResult("the status of the response cannot be changed in viewer-response events")
    fields = _checked(event_type, before.headers, given.get("headers", {}))
    body = before.body
    if "body" in given:
        body = _content(given["body"], given.get("bodyEncoding", "text"))
    return dataclasses.replace(before, status=status, headers=kept(event_type, before.headers, fields), body=body)


def _checked(event_type: str, before: Fields, given: object) -> Fields:
    fields = _fields(given)
    problem = header_problem(event_type, before, fields)
    if problem:
        raise InvalidResult(problem)
    return fields


def _fields(given: object) -> Fields:
    if not isinstance(given, Mapping):
        raise InvalidResult("headers is no object")
    found: list[tuple[str, str]] = []
    for name, listed in given.items():
        if not isinstance(listed, list):
            raise InvalidResult(f"the header {name} is no array")
        for each in listed:
            value = each.get("value") if isinstance(each, Mapping) else None
            key = each.get("key") if isinstance(each, Mapping) else None
            if not isinstance(value, str) or _BAD_VALUE.search(value):
                raise InvalidResult(f"the header {name} has no value that is a text")
            if not _NAME.fullmatch(name) or (key is not None and str(key).lower() != name.lower()):
                raise InvalidResult(f"the header {name} has another name as its key")
            found.append((str(key) if key else _capitalized(name), value))
    return tuple(found)


def _capitalized(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _status(given: object) -> int:
    text = str(given)
    if isinstance(given, bool) or not re.fullmatch(r"[0-9]{3}", text) or not 200 <= int(text) <= 599:
        raise InvalidResult("the status is not between 200 and 599")
    return int(text)


def _changed_body(event_type: str, given: object) -> bytes | None:
    if not isinstance(given, Mapping) or given.get("action") != "replace":
        return None
    content = _content(given.get("data", ""), given.get("encoding", "base64"))
    return content[: BODY_BYTES_MAX[event_type]]


def _content(given: object, encoding: object) -> bytes:
    if not isinstance(given, str):
        raise InvalidResult("the body is no text")
    if encoding == "text":
        return given.encode()
    if encoding != "base64":
        raise InvalidResult("the encoding of the body is neither text nor base64")
    try:
        return base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidResult("the body is not valid base64") from None
