"""The events that CloudFront functions get, and what they give back, checked and made ours.

Source: Amazon CloudFront Developer Guide, "CloudFront Functions event structure"; "Restrictions on all edge functions".
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from lambdakit.harness.routing.distribution.edge_result import InvalidResult
from lambdakit.harness.routing.distribution.header_rules import header_problem, is_disallowed, kept
from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse, Fields, sendable, without

GENERATED: Final = "FunctionGeneratedResponse"
_TARGET_MAX: Final = 8_192
_BAD_TEXT: Final = re.compile(r"[\r\n\x00]")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def function_event(
    event_type: str,
    request: EdgeRequest,
    *,
    distribution_id: str,
    domain: str,
    request_id: str,
    response: EdgeResponse | None = None,
) -> dict[str, Any]:
    """The event. response: of viewer responses."""
    event: dict[str, Any] = {
        "version": "1.0",
        "context": {
            "distributionDomainName": domain,
            "distributionId": distribution_id,
            "eventType": event_type,
            "requestId": request_id,
        },
        "viewer": {"ip": request.peer[0]},
        "request": {
            "method": request.method,
            "uri": request.uri,
            "querystring": _collapsed(_query_pairs(request.query)),
            "headers": _headers(request.headers, "cookie"),
            "cookies": _collapsed(_cookies(request.headers)),
        },
    }
    if response is not None:
        event["response"] = {
            "statusCode": response.status,
            "statusDescription": _phrase(response.status),
            "headers": _headers(response.headers, "set-cookie"),
            "cookies": _set_cookies(response.headers),
        }
    return event


def request_of(before: EdgeRequest, given: Mapping[str, Any]) -> EdgeRequest:
    """The request as a function leaves it. InvalidResult."""
    uri = given.get("uri", before.uri)
    if not isinstance(uri, str) or not uri.startswith("/"):
        raise InvalidResult("the uri of the request is none")
    if given.get("method", before.method) != before.method:
        raise InvalidResult("the method of the request is read-only")
    known = _query_pairs(before.query)
    queries = _pairs(given.get("querystring", {}), "querystring")
    if any(not f"{name}{value}".isascii() for name, value in queries if (name, value) not in known):
        # "URI, query string, and headers encoding"; that the viewer's own may stay is not said there.
        raise InvalidResult("the querystring of the request is not written in ASCII: percent-encode it")
    query = "&".join(f"{name}={value}" if value or "=" in before.query else name for name, value in queries)
    if _collapsed(known) == given.get("querystring"):
        query = before.query
    if re.search(r"[\x00-\x20#\x7f]", query) or len(uri) + len(query) >= _TARGET_MAX:
        raise InvalidResult("the querystring of the request is none")
    fields = _given_headers(given, "viewer-request", without(before.headers, "cookie"))
    named = _pairs(given.get("cookies", {}), "cookies")
    _check_cookies((name for name, _ in named), {name for name, _ in _cookies(before.headers)})
    cookies = "; ".join(f"{name}={value}" for name, value in named)
    return dataclasses.replace(
        before,
        uri=uri if uri == before.uri else sendable(uri),
        query=query,
        headers=(*fields, *((("Cookie", cookies),) if cookies else ())),
    )


def response_of(event_type: str, before: EdgeResponse | None, given: Mapping[str, Any]) -> EdgeResponse:
    """The answer that a function gives, or leaves of the one before. InvalidResult."""
    status = given.get("statusCode", None if before is None else before.status)
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    # That it is 200 at least is said of Lambda@Edge ("Restrictions on Lambda@Edge"), of functions by no page: after
    # a status below that, a viewer goes on waiting for an answer.
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise InvalidResult("the statusCode is not between 200 and 599")
    fields = _given_headers(given, event_type, () if before is None else without(before.headers, "set-cookie"))
    known = {} if before is None else _set_cookies(before.headers)
    cookies = tuple(("Set-Cookie", cookie) for cookie in _cookie_lines(given.get("cookies", {}), known))
    body = b"" if before is None else before.body
    if "body" in given:
        body = _body(given["body"])
        fields = without(fields, "content-length")
    if before is None:
        return EdgeResponse(status=status, headers=(*fields, *cookies), body=body, source=GENERATED)
    return dataclasses.replace(before, status=status, headers=(*fields, *cookies), body=body)


def _given_headers(given: Mapping[str, Any], event_type: str, before: Fields) -> Fields:
    found = []
    for name, value in _pairs(given.get("headers", {}), "headers"):
        if name != name.lower() or not _NAME.fullmatch(name):
            raise InvalidResult(f"the header {name} is not written in lower case, or is none")
        found.append(("-".join(part.capitalize() for part in name.split("-")), value))
    problem = header_problem(event_type, before, tuple(found))
    if problem:
        raise InvalidResult(problem)
    return kept(event_type, before, tuple(found))


def _pairs(given: object, what: str) -> list[tuple[str, str]]:
    if not isinstance(given, Mapping):
        raise InvalidResult(f"{what} is no object")
    found: list[tuple[str, str]] = []
    for name, told in given.items():
        if not isinstance(told, Mapping):
            raise InvalidResult(f"{what}: {name} is no object with a value")
        listed = told.get("multiValue") or [told]
        for each in listed:
            value = each.get("value") if isinstance(each, Mapping) else None
            if not isinstance(value, str) or _BAD_TEXT.search(value):
                raise InvalidResult(f"{what}: the value of {name} is no text")
            found.append((str(name), value))
    return found


def _check_cookies(names: Iterable[str], known: Container[str]) -> None:
    """Names are tokens. Source: RFC 6265, 4.1.1; what a viewer or an origin called its own otherwise may stay."""
    for name in names:
        if name not in known and not _NAME.fullmatch(name):
            raise InvalidResult(f"cookies: {name!r} is no name of a cookie")


def _cookie_lines(given: object, known: Container[str]) -> Iterator[str]:
    if not isinstance(given, Mapping):
        raise InvalidResult("cookies is no object")
    _check_cookies(map(str, given), known)
    for name, told in given.items():
        listed = told.get("multiValue") or [told] if isinstance(told, Mapping) else [None]
        for each in listed:
            value = each.get("value") if isinstance(each, Mapping) else None
            attributes = each.get("attributes", "") if isinstance(each, Mapping) else ""
            if not isinstance(value, str) or not isinstance(attributes, str) or _BAD_TEXT.search(value + attributes):
                raise InvalidResult(f"cookies: the value of {name} is no text")
            yield f"{name}={value}; {attributes}" if attributes else f"{name}={value}"


def _body(given: object) -> bytes:
    if isinstance(given, str):
        return given.encode()
    told = given if isinstance(given, Mapping) else {}
    data, encoding = told.get("data", ""), told.get("encoding", "text")
    if not isinstance(data, str) or encoding not in ("text", "base64"):
        raise InvalidResult("the body is no text, and none in base64")
    try:
        return data.encode() if encoding == "text" else base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidResult("the body is not valid base64") from None


def _headers(fields: Fields, but: str) -> dict[str, Any]:
    return _collapsed(
        (name.lower(), value) for name, value in fields if name.lower() != but and not is_disallowed(name)
    )


def _collapsed(pairs: Any) -> dict[str, Any]:
    """One field for each name, with all values where there are several."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = {"value": value}
        else:
            found[name].setdefault("multiValue", [{"value": found[name]["value"]}]).append({"value": value})
    return found


def _query_pairs(query: str) -> list[tuple[str, str]]:
    """The parameters as they were sent, percent-encoded."""
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(name, value) for name, _, value in parts]


def _cookies(fields: Fields) -> list[tuple[str, str]]:
    values = [value for name, value in fields if name.lower() == "cookie"]
    parts = (cookie.strip().partition("=") for value in values for cookie in value.split(";") if cookie.strip())
    return [(name, value) for name, _, value in parts]


def _set_cookies(fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, line in fields:
        if key.lower() == "set-cookie":
            pair, _, attributes = line.partition(";")
            name, _, value = pair.partition("=")
            told = {"value": value.strip(), **({"attributes": attributes.strip()} if attributes else {})}
            if name not in found:
                found[name] = told
            else:
                found[name] = {**found[name], "multiValue": [*(found[name].get("multiValue") or [found[name]]), told]}
    return found


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
