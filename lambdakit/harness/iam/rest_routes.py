"""Which operation of the REST protocols a method, a path and a query mean, from botocore's service models.

An API's model is read when its first request comes, and kept: 4 to 22 ms.
Source: Smithy specification, "HTTP bindings".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from lambdakit.harness.iam.api_services import ApiService, apis_signed_for
from lambdakit.harness.wire import Headers
from lambdakit.records import dataclass

_PLACEHOLDER: Final = re.compile(r"\{([^}]+)\}")
_QUERY_FIELDS_MAX: Final = 1000
_REST: Final = frozenset({"rest-json", "rest-xml"})
# What takes the slashes of its last place as they are, though the model does not say so. Source: AWS Solutions
# Constructs, "aws-apigateway-iot": an API's integration sends `topics/{topic-level-1}/{topic-level-2}`.
_TO_THE_END: Final = frozenset({("iot-data", "Publish")})

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An operation. pattern: of its path, as it is sent. literals: the query that it is known by.

    path, query, headers: place, name or lower-case name of each member that stands there. wanted: those of query and
    headers without which it is no such request. renamed: names in the body -> members. payload: the member that is the
    body; `opaque` when that is no structure. xml: whether bodies are XML, else JSON. deprecated: another operation with
    the same requests goes before it.
    """

    api: ApiService
    operation: str
    pattern: re.Pattern[str]
    literals: tuple[tuple[str, str], ...]
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    wanted_query: frozenset[str]
    wanted_headers: frozenset[str]
    renamed: Mapping[str, str]
    payload: str
    opaque: bool
    xml: bool
    deprecated: bool

    def is_asked(self, query: Mapping[str, str]) -> bool:
        """Whether the query is one of this operation."""
        return all(name in query and (not value or query[name] == value) for name, value in self.literals)

    def has_all(self, query: Mapping[str, str], headers: Headers) -> bool:
        """Whether everything that only this operation has is there."""
        return self.wanted_query <= query.keys() and all(name in headers for name in self.wanted_headers)


def find_route(
    signing_name: str, method: str, path: str, query: Mapping[str, str], headers: Headers
) -> tuple[Route, Mapping[str, str]] | None:
    """The operation that is meant, with what stands in its path; None when no API signed for that name has one."""
    path = path.rstrip("/") or "/"
    fallback: tuple[Route, Mapping[str, str]] | None = None
    for api in _rest_apis(signing_name, headers):
        for route in _routes(api).get(method, ()):
            if route.literals and not (query and route.is_asked(query)):
                continue
            match = route.pattern.fullmatch(path)
            if match is None:
                continue
            found = route, {name: unquote(value) for name, value in zip(route.path, match.groups(), strict=True)}
            if route.has_all(query, headers):
                return found
            fallback = fallback or found
    return fallback


def _rest_apis(signing_name: str, headers: Headers) -> Sequence[ApiService]:
    """The APIs to look through: the one that is called like the signing name first; few requests need another.

    S3's paths match everything, and S3 Control is known by a header that all its requests have.
    """
    apis = [api for api in apis_signed_for(signing_name) if not _REST.isdisjoint(api.protocols)]
    if signing_name == "s3":
        wanted = "s3control" if "x-amz-account-id" in headers else "s3"
        return [api for api in apis if api.name == wanted]
    return sorted(apis, key=lambda api: api.name != signing_name) if len(apis) > 1 else apis


def read_query(query: str) -> Mapping[str, str]:
    """The first value of each name; empty for what is no query."""
    if not query:
        return {}
    try:
        return dict(reversed(parse_qsl(query, keep_blank_values=True, max_num_fields=_QUERY_FIELDS_MAX)))
    except ValueError:
        return {}


@functools.cache
def _routes(api: ApiService) -> Mapping[str, Sequence[Route]]:
    """By method; the more a route asks for, the earlier it stands."""
    routes: dict[str, list[Route]] = {}
    for method, route in _routes_of(api):
        routes.setdefault(method, []).append(route)
    for found in routes.values():
        found.sort(key=_demand, reverse=True)
    return routes


def _demand(route: Route) -> tuple[int, int, int, bool]:
    written = len(route.pattern.pattern) - 8 * len(route.path)
    return len(route.literals), len(route.wanted_query) + len(route.wanted_headers), written, not route.deprecated


def _routes_of(api: ApiService) -> Iterable[tuple[str, Route]]:
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader

    try:
        model = Loader().load_service_model(api.name, "service-2")
    except UnknownServiceError:  # a botocore that is older or newer than the list of APIs
        return
    for name, operation in model["operations"].items():
        http = operation["http"]
        shape = model["shapes"].get(operation.get("input", {}).get("shape", ""), {})
        xml = "rest-xml" in api.protocols
        yield str(http["method"]), _route(api, name, operation, shape, model["shapes"], xml=xml)


def _route(
    api: ApiService,
    name: str,
    operation: Mapping[str, Any],
    shape: Mapping[str, Any],
    shapes: Mapping[str, Any],
    *,
    xml: bool,
) -> Route:
    path, _, literals = str(operation["http"]["requestUri"]).partition("?")
    required = frozenset(shape.get("required", ()))
    members: Mapping[str, Any] = shape.get("members", {})

    def at(location: str, adapt: Callable[[str], str] = str) -> dict[str, str]:
        return {
            adapt(member.get("locationName", name)): name
            for name, member in members.items()
            if member.get("location") == location
        }

    placed, query, headers = at("uri"), at("querystring"), at("header", str.lower)
    places = _PLACEHOLDER.findall(path)
    payload = shape.get("payload", "")
    return Route(
        api=api,
        operation=name,
        pattern=_path_pattern(path.rstrip("/") or "/", to_the_end=(api.name, name) in _TO_THE_END),
        literals=tuple((name, value) for name, value in parse_qsl(literals, keep_blank_values=True) if name != "x-id"),
        path=tuple(placed.get(place.rstrip("+"), place.rstrip("+")) for place in places),
        query=query,
        headers=headers,
        wanted_query=frozenset(key for key, name in query.items() if name in required),
        wanted_headers=frozenset(key for key, name in headers.items() if name in required),
        renamed={
            member["locationName"]: name
            for name, member in members.items()
            if "locationName" in member and "location" not in member
        },
        payload=payload,
        opaque=bool(payload) and shapes[members[payload]["shape"]]["type"] not in ("structure", "map", "list", "union"),
        xml=xml,
        deprecated=bool(operation.get("deprecated")),
    )


def _path_pattern(path: str, *, to_the_end: bool) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(path)
    written = (
        ("(.+)" if part.endswith("+") or to_the_end else "([^/]+)") if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    )
    return re.compile("".join(written), re.DOTALL)
