"""Which rule of a listener a request takes.

Source: Application Load Balancers guide, "Listener rules", "Condition types for listener rules"; Elastic Load Balancing
API Reference, "QueryStringConditionConfig" (escapes).
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lambdakit.harness.moto_state.load_balancers import Condition, Rule
from lambdakit.harness.wire import Request


def choose_rule(rules: Sequence[Rule], request: Request, host: str) -> Rule | None:
    """The first rule whose conditions are all met; None when there is no default rule either.

    rules: by priority. host: the one that the request is for, without a port.
    """
    return next((rule for rule in rules if all(_is_met(each, request, host) for each in rule.conditions)), None)


def query_fields(query: str) -> list[tuple[str, str]]:
    """Names and values of a query, in order and not decoded. A name without `=` has an empty value."""
    fields = (field.partition("=") for field in query.split("&") if field)
    return [(name, value) for name, _, value in fields]


def _is_met(condition: Condition, request: Request, host: str) -> bool:
    meets = _KINDS.get(condition.field)
    return meets is not None and meets(condition, request, host)


def _host(condition: Condition, request: Request, host: str) -> bool:
    return _any(condition, host, flags=re.IGNORECASE)


def _path(condition: Condition, request: Request, host: str) -> bool:
    return _any(condition, request.path, flags=0)


def _header(condition: Condition, request: Request, host: str) -> bool:
    values = request.headers.all(condition.header.lower())
    return any(_any(condition, value, flags=re.IGNORECASE) for value in values)


def _method(condition: Condition, request: Request, host: str) -> bool:
    return request.method in condition.values


def _query(condition: Condition, request: Request, host: str) -> bool:
    fields = query_fields(request.query)
    return any(
        _pattern(value, re.IGNORECASE, escapes=True).fullmatch(field_value) is not None
        and (not name or _pattern(name, re.IGNORECASE, escapes=True).fullmatch(field_name) is not None)
        for name, value in condition.pairs
        for field_name, field_value in fields
    )


def _source_ip(condition: Condition, request: Request, host: str) -> bool:
    try:
        address = ipaddress.ip_address(request.peer[0])
    except ValueError:
        return False
    return any(address in network for value in condition.values if (network := _network(value)) is not None)


_KINDS: Final[Mapping[str, Callable[[Condition, Request, str], bool]]] = {
    "host-header": _host,
    "http-header": _header,
    "http-request-method": _method,
    "path-pattern": _path,
    "query-string": _query,
    "source-ip": _source_ip,
}


def _any(condition: Condition, text: str, *, flags: int) -> bool:
    if any(_pattern(value, flags).fullmatch(text) is not None for value in condition.values):
        return True
    return any(regex.search(text) is not None for regex in map(_regex, condition.regexes) if regex is not None)


@functools.lru_cache(maxsize=4096)
def _pattern(value: str, flags: int, *, escapes: bool = False) -> re.Pattern[str]:
    """`*` is any text, `?` any one character; behind a backslash both stand for themselves in a query's pattern."""
    parts = re.findall(r"\\[*?]|\*+|.", value, re.DOTALL) if escapes else re.findall(r"\*+|.", value, re.DOTALL)
    return re.compile("".join(map(_part, parts)), flags | re.DOTALL)


def _part(part: str) -> str:
    if part.startswith("*"):
        return ".*"
    return "." if part == "?" else re.escape(part[-1])


@functools.lru_cache(maxsize=1024)
def _regex(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error:
        return None


@functools.lru_cache(maxsize=1024)
def _network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None
