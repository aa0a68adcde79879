"""Parameter mapping of HTTP APIs: what is changed in a request before its integration sees it, and in the answer.

A key says what to change (`overwrite:header.x`), its value what to: text with `$request.…`, `$response.…`, `$context.…`
and `$stageVariables.…` in it, bare or as `${…}`.
Source: API Gateway Developer Guide, "Transform API requests and responses for HTTP APIs in API Gateway".
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

from lambdakit.harness.routing.context_variables import as_text, context_value
from lambdakit.harness.routing.exchange import Exchange, query_pairs
from lambdakit.harness.wire import Headers, Response, header_value

# "Reserved headers" on that page.
_RESERVED: Final = frozenset(
    {"authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded"}
    | {"keep-alive", "origin", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding"}
    | {"upgrade", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
)
_RESERVED_PREFIXES: Final = ("access-control-", "apigw-", "x-amz-", "x-amzn-")
_KEY: Final = re.compile(
    r"(?:(append|overwrite|remove):(header|querystring)\.(.+))|(overwrite):(path|statuscode)", re.IGNORECASE
)
_NAME: Final = r"(?:request|response|context|stageVariables)(?:\.[^\s{}$]+)?"
_EXPRESSION: Final = re.compile(rf"\$\{{({_NAME})\}}|\$({_NAME})")
# On that page: "API Gateway truncates the request body at 100 KB and then applies the selection expression".
_BODY_BYTES_MAX: Final = 100 * 1024
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]")

_Read = Callable[[str], str | None]


def mapping_problem(key: str) -> str:
    """What is wrong with a mapping's key; empty when it is one."""
    match = _KEY.fullmatch(key)
    if match is None:
        return (
            f"{key!r} is no parameter to change: append, overwrite or remove, then header.NAME or querystring.NAME; "
            "or overwrite:path, overwrite:statuscode"
        )
    name = (match[3] or "").lower()
    if match[2] == "header" and (name in _RESERVED or name.startswith(_RESERVED_PREFIXES)):
        return f"the header {match[3]} is reserved, and cannot be changed"
    return ""


def mapped_request(exchange: Exchange, changes: Mapping[str, str]) -> Exchange:
    """The request as its integration gets it."""
    if not changes:
        return exchange
    request = exchange.request
    headers, query = list(request.headers.items), query_pairs(request.query)
    path, is_query_changed, is_path_mapped = exchange.path, False, False
    read = request_reader(exchange)
    for key, value in changes.items():
        match = _KEY.fullmatch(key)
        if match is None:
            continue
        text = resolved(value, read)
        if match[4] and match[5].lower() == "path":
            path, is_path_mapped = quote(unquote(text), safe="/-._~!$&'()*+,;=:@"), True
        elif match[4]:
            continue
        elif match[2].lower() == "header":
            headers = _changed(headers, match[1].lower(), match[3], header_value(text), fold=str.lower)
        else:
            query, is_query_changed = _changed(query, match[1].lower(), match[3], text, fold=str), True
    query_text = urlencode(query) if is_query_changed else request.query
    changed = dataclasses.replace(
        request, target=path + (f"?{query_text}" if query_text else ""), headers=Headers(headers)
    )
    return dataclasses.replace(exchange, request=changed, path=path, is_path_mapped=is_path_mapped)


def mapped_response(
    exchange: Exchange, response: Response, changes_by_status: Mapping[str, Mapping[str, str]]
) -> Response:
    """The answer as the client gets it: changed by what is said for its status code."""
    changes = changes_by_status.get(str(response.status))
    if not changes:
        return response
    headers, status = list(response.headers), response.status
    read = _response_reader(exchange, response)
    for key, value in changes.items():
        match = _KEY.fullmatch(key)
        if match is None:
            continue
        text = resolved(value, read)
        if match[4]:
            status = int(text) if re.fullmatch("[2-5][0-9]{2}", text) else status
        elif match[2].lower() == "header":
            headers = _changed(headers, match[1].lower(), match[3].lower(), header_value(text), fold=str.lower)
    return dataclasses.replace(response, status=status, headers=headers)


def resolved(value: str, read: _Read) -> str:
    """The text with every expression in place; one that says nothing is nothing."""
    return _EXPRESSION.sub(lambda match: read(match[1] or match[2]) or "", value)


def request_reader(exchange: Exchange) -> _Read:
    """What expressions about a request stand for; None for nothing."""

    def read(name: str) -> str | None:
        source, _, rest = name.partition(".")
        if source == "request":
            return _of_request(exchange, rest)
        return _of_surroundings(exchange, source, rest)

    return read


def _response_reader(exchange: Exchange, response: Response) -> _Read:
    def read(name: str) -> str | None:
        source, _, rest = name.partition(".")
        if source != "response":
            return _of_surroundings(exchange, source, rest)
        kind, _, key = rest.partition(".")
        if kind == "header":
            return _all(value for found, value in response.headers if found.lower() == key.lower())
        return _in_body(response.body, rest.removeprefix("body")) if kind.startswith("body") else None

    return read


def _of_surroundings(exchange: Exchange, source: str, name: str) -> str | None:
    return context_value(exchange, name) if source == "context" else exchange.stage_variables.get(name)


def _of_request(exchange: Exchange, rest: str) -> str | None:
    request = exchange.request
    kind, _, name = rest.partition(".")
    if kind == "header":
        return _all(request.headers.all(name.lower()))
    if kind == "querystring":
        return _all(value for key, value in query_pairs(request.query) if key == name)
    if kind == "path":
        return exchange.path_parameters.get(name) if name else unquote(exchange.route_path)
    if kind == "body" or kind.startswith("body["):
        return _in_body(request.body, rest.removeprefix("body"))
    return None


def _all(values: Any) -> str | None:
    found = list(values)
    return ",".join(found) if found else None


def _in_body(body: bytes, path: str) -> str | None:
    """What a JSON path such as `.a.b[0]` leads to in a body; all of it for none."""
    if not path:
        return body.decode("utf-8", "replace")
    try:
        found = json.loads(body[:_BODY_BYTES_MAX])
    except (ValueError, RecursionError):
        return None
    if "".join(match[0] for match in _STEP.finditer(path)) != path:
        return None
    for match in _STEP.finditer(path):
        key = match[3] if match[1] is None else match[1]
        if match[2] is not None:
            index = int(match[2])
            found = found[index] if isinstance(found, list) and index < len(found) else None
        else:
            found = found.get(key) if isinstance(found, dict) else None
    return as_text(found)


def _changed(
    pairs: list[tuple[str, str]], action: str, name: str, value: str, *, fold: Callable[[str], str]
) -> list[tuple[str, str]]:
    """fold: what names are compared by."""
    if action == "append":
        return [*pairs, (name, value)]
    kept = [pair for pair in pairs if fold(pair[0]) != fold(name)]
    return kept if action == "remove" else [*kept, (name, value)]
