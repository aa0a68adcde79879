"""Which stage and which route of an HTTP API a request takes.

Source: API Gateway Developer Guide, "Create routes for HTTP APIs" and "Create stages for HTTP APIs".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from lambdakit.harness.moto_state.http_apis import HttpApiDefinition, Route, Stage
from lambdakit.harness.routing.exchange import DEFAULT
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """The route that a request takes. path_parameters: decoded; empty when the route has none."""

    route: Route
    path_parameters: Mapping[str, str]


def choose_stage(api: HttpApiDefinition, path: str) -> tuple[Stage, str] | None:
    """The stage of a request and the path within it: the first segment names one, else it is `$default`."""
    first, _, rest = path.removeprefix("/").partition("/")
    named = api.stages.get(unquote(first)) if first else None
    if named is not None and named.name != DEFAULT:
        return named, f"/{rest}"
    default = api.stages.get(DEFAULT)
    return None if default is None else (default, path)


def match_route(routes: Sequence[Route], method: str, path: str) -> RouteMatch | None:
    """The route for a method and a percent-encoded path within the stage; None when there is none.

    Full matches win over greedy ones, a literal segment over a variable, the method over `ANY`, any of them over
    `$default`.
    """
    found: list[tuple[tuple[object, ...], RouteMatch]] = []
    for route in routes:
        if route.key == DEFAULT:
            found.append(((3,), RouteMatch(route=route, path_parameters={})))
            continue
        verb, _, template = route.key.partition(" ")
        if verb not in (method, "ANY"):
            continue
        pattern = _pattern(template)
        match = pattern.expression.fullmatch(path)
        if match is not None:
            parameters = {name: unquote(match[index + 1]) for index, name in enumerate(pattern.names)}
            rank = (2 if pattern.greedy else 1, pattern.rank, verb == "ANY")
            found.append((rank, RouteMatch(route=route, path_parameters=parameters)))
    if not found:
        return None
    return min(found, key=lambda candidate: candidate[0])[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _PathPattern:
    """rank: per segment 0 for a literal, 1 for a variable, 2 for a greedy one, so that the smaller wins."""

    expression: re.Pattern[str]
    names: tuple[str, ...]
    greedy: bool
    rank: tuple[int, ...]


@functools.lru_cache(maxsize=4096)
def _pattern(template: str) -> _PathPattern:
    expression, names, rank = "", [], []
    for segment in template.removeprefix("/").split("/"):
        variable = re.fullmatch(r"\{([^{}+]+)(\+?)\}", segment)
        if variable is None:
            expression += "/" + re.escape(segment)
            rank.append(0)
            continue
        names.append(variable[1])
        expression += "/(.+)" if variable[2] else "/([^/]+)"
        rank.append(2 if variable[2] else 1)
    return _PathPattern(expression=re.compile(expression), names=tuple(names), greedy=2 in rank, rank=tuple(rank))
