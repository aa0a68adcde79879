"""The cache key of a request, and the request that goes to its origin: what the policies let through.

Source: Amazon CloudFront Developer Guide, "Control origin requests with a policy" ("The origin request always
includes …"), "Understand the cache key", "Add CloudFront request headers", "Request and response behavior for custom
origins" (the table of headers; `Authorization`; client IP addresses), "Add custom headers to origin requests".

No page tells whether behaviours share what is kept of a path. Here those do that have the same origin or group: a
viewer-request function may change the path, and what one origin gave is no answer of another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote_plus

from lambdakit.harness.routing.distribution.cache import Key
from lambdakit.harness.routing.distribution.configuration import Origin
from lambdakit.harness.routing.distribution.messages import EdgeRequest, Fields, first, without
from lambdakit.harness.routing.distribution.policies import CachePolicy, Selection, Selections

AGENT: Final = "Amazon CloudFront"
# They are of one connection, or CloudFront's own: no policy lets them through.
_NEVER: Final = frozenset(
    {"connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"}
    | {"trailer", "transfer-encoding", "upgrade", "x-real-ip", "x-forwarded-proto", "content-length", "cookie", "via"}
)
# What describes a body, or makes a request conditional or partial, goes on with it.
_ALWAYS: Final = frozenset(
    {"cache-control", "content-encoding", "content-md5", "content-type", "date", "if-match", "if-modified-since"}
    | {"if-none-match", "if-range", "if-unmodified-since", "max-forwards", "pragma", "range", "warning"}
    # Source: "Restrict access to an AWS Lambda function URL origin": a viewer's hash of the body is signed.
    | {"x-amz-content-sha256"}
)
_WITH_AUTHORIZATION: Final = frozenset({"DELETE", "PATCH", "POST", "PUT"})
_PHONES: Final = ("mobile", "iphone", "android")


def cache_key(request: EdgeRequest, policy: CachePolicy, target: str) -> Key:
    """What tells the answer to a request from others of the distribution. target: the behaviour's origin or group."""
    headers = sorted(
        f"{name.lower()}:{value}"
        for name, value in request.headers
        if policy.key.headers.takes(name.lower()) and name.lower() not in _NEVER
    )
    added = (f"{name}:{value}" for name, value in _cloudfront_headers(request, policy.key.headers.added))
    return (
        target,
        request.method if request.method == "OPTIONS" else "GET",
        request.uri,
        _queries(request.query, policy.key.queries),
        "\n".join([*headers, *added]),
        _cookies(request, policy.key.cookies),
        _encoding(request, policy),
    )


def origin_request(
    request: EdgeRequest, policy: CachePolicy, more: Selections | None, *, request_id: str
) -> EdgeRequest:
    """The request before an origin is put into it. more: the origin request policy; None without one.

    Its `Host` is the viewer's where a policy lets that through, and absent otherwise.
    """
    selections = [policy.key] if more is None else [policy.key, more]
    taken = [field for field in request.headers if _goes_on(field[0].lower(), request, selections)]
    fields = [field for field in taken if field[0].lower() not in ("user-agent", "x-forwarded-for", "accept-encoding")]
    fields.append(("X-Forwarded-For", ", ".join(filter(None, (request.header("x-forwarded-for"), request.peer[0])))))
    agent = first(tuple(taken), "user-agent")
    fields.append(("User-Agent", agent or AGENT))
    encoding = _encoding(request, policy) if policy.encodings else first(tuple(taken), "accept-encoding")
    if encoding:
        fields.append(("Accept-Encoding", encoding))
    fields.append(("Via", f"1.1 {request_id[:16].lower()}.cloudfront.net (CloudFront)"))
    cookies = "; ".join(_cookie_parts(request, selections))
    if cookies:
        fields.append(("Cookie", cookies))
    for selection in selections:
        fields += _cloudfront_headers(request, selection.headers.added)
    fields.append(("X-Amz-Cf-Id", request_id))
    if request.body:
        fields.append(("Content-Length", str(len(request.body))))
    queries = [part for part in _parts(request.query) if any(_has(part, each.queries) for each in selections)]
    return EdgeRequest(
        method=request.method,
        uri=request.uri,
        query="&".join(queries),
        headers=tuple(fields),
        body=request.body,
        peer=request.peer,
        scheme=request.scheme,
    )


def for_origin(request: EdgeRequest, origin: Origin) -> EdgeRequest:
    """The same for one origin: with its own headers, and its name where no other is let through."""
    names = {name.lower() for name, _ in origin.headers}
    fields: Fields = (*without(request.headers, *names), *origin.headers)
    if not first(fields, "host") or origin.is_s3:
        fields = (("Host", origin.domain), *without(fields, "host"))
    return request.with_headers(fields)


def _goes_on(name: str, request: EdgeRequest, selections: Iterable[Selections]) -> bool:
    if name in _NEVER or name.startswith("x-edge-") or name.startswith("cloudfront-"):
        return False
    if name in _ALWAYS or (name == "authorization" and request.method in _WITH_AUTHORIZATION):
        return True
    return any(selection.headers.takes(name) for selection in selections)


def _cloudfront_headers(request: EdgeRequest, names: Iterable[str]) -> list[tuple[str, str]]:
    """Of the headers that tell of a viewer, those that can be told of one on this machine: nothing of places."""
    agent = request.header("user-agent").lower()
    is_phone, is_tablet = any(name in agent for name in _PHONES), "ipad" in agent or "tablet" in agent
    told: Mapping[str, str] = {
        "CloudFront-Forwarded-Proto": request.scheme,
        "CloudFront-Is-Android-Viewer": str("android" in agent).lower(),
        "CloudFront-Is-Desktop-Viewer": str(not (is_phone or is_tablet)).lower(),
        "CloudFront-Is-IOS-Viewer": str("iphone" in agent or "ipad" in agent).lower(),
        "CloudFront-Is-Mobile-Viewer": str(is_phone).lower(),
        "CloudFront-Is-SmartTV-Viewer": str("smart-tv" in agent or "smarttv" in agent).lower(),
        "CloudFront-Is-Tablet-Viewer": str(is_tablet).lower(),
        "CloudFront-Viewer-Address": f"{request.peer[0]}:{request.peer[1]}",
        "CloudFront-Viewer-Http-Version": "1.1",
    }
    wanted = set(names)
    return [(name, value) for name, value in told.items() if name.lower() in wanted]


def _encoding(request: EdgeRequest, policy: CachePolicy) -> str:
    """The normalized header. Source: "Compression support": of `br` and `gzip`, those that the viewer accepts."""
    accepted = {part.partition(";")[0].strip().lower() for part in request.header("accept-encoding").split(",")}
    return ",".join(name for name in ("br", "gzip") if name in policy.encodings and name in accepted)


def _queries(query: str, selection: Selection) -> str:
    return "&".join(part for part in _parts(query) if _has(part, selection))


def _parts(query: str) -> list[str]:
    return [part for part in query.split("&") if part]


def _has(part: str, selection: Selection) -> bool:
    return selection.takes(unquote_plus(part.partition("=")[0]))


def _cookies(request: EdgeRequest, selection: Selection) -> str:
    return "; ".join(sorted(cookie for cookie in _all_cookies(request) if _is_taken(cookie, [selection])))


def _cookie_parts(request: EdgeRequest, selections: Iterable[Selections]) -> list[str]:
    wanted = [selection.cookies for selection in selections]
    return [cookie for cookie in _all_cookies(request) if _is_taken(cookie, wanted)]


def _all_cookies(request: EdgeRequest) -> list[str]:
    values = [value for name, value in request.headers if name.lower() == "cookie"]
    return [cookie.strip() for value in values for cookie in value.split(";") if cookie.strip()]


def _is_taken(cookie: str, selections: Iterable[Selection]) -> bool:
    return any(selection.takes(cookie.partition("=")[0].strip()) for selection in selections)
