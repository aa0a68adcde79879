"""Which resource and which method of a REST API a request takes.

Source: API Gateway Developer Guide, "Set up proxy integration with a proxy resource" (a specific path goes before a
greedy variable, a method before `ANY`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from lambdakit.harness.moto_state.rest_definition import Method, RestResource
from lambdakit.records import dataclass

_VARIABLE = re.compile(r"\{([^{}+]+)(\+?)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestMatch:
    """The method that a request takes. path_parameters: decoded; a greedy one without its leading slash."""

    resource: RestResource
    method: Method
    path_parameters: Mapping[str, str]


def match_method(resources: Iterable[RestResource], verb: str, path: str) -> RestMatch | None:
    """The method for a verb and a percent-encoded path behind the stage; None when there is none.

    The path chooses the resource, segment by segment: a literal wins over a variable, that over a greedy one. What the
    chosen resource has no method for is not looked for elsewhere. Resources without any method are not deployed.
    A slash at the end does not count.
    """
    best: tuple[tuple[int, ...], RestResource, re.Match[str], tuple[str, ...]] | None = None
    for resource in resources:
        if not resource.methods:
            continue
        pattern = _pattern(resource.path)
        match = pattern.expression.fullmatch(path)
        if match is not None and (best is None or pattern.rank < best[0]):
            best = (pattern.rank, resource, match, pattern.names)
    if best is None:
        return None
    _, resource, match, names = best
    method = resource.methods.get(verb) or resource.methods.get("ANY")
    if method is None:
        return None
    parameters = {name: unquote(match[index + 1]) for index, name in enumerate(names)}
    return RestMatch(resource=resource, method=method, path_parameters=parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PathPattern:
    """rank: per segment 0 for a literal, 1 for a variable, 2 for a greedy one, so that the smaller wins."""

    expression: re.Pattern[str]
    names: tuple[str, ...]
    rank: tuple[int, ...]


@functools.lru_cache(maxsize=4096)
def _pattern(template: str) -> _PathPattern:
    expression, names, rank = "", [], []
    for segment in template.strip("/").split("/"):
        variable = _VARIABLE.fullmatch(segment)
        if variable is None:
            expression += "/" + re.escape(segment)
            rank.append(0)
            continue
        names.append(variable[1])
        expression += "/(.+)" if variable[2] else "/([^/]+)"
        rank.append(2 if variable[2] else 1)
    end = "" if rank[-1] == 2 or template == "/" else "/?"
    return _PathPattern(expression=re.compile(expression + end), names=tuple(names), rank=tuple(rank))
