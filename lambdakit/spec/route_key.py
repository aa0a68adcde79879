"""Route keys of an HTTP API: `METHOD /path` or `$default`.

A path is `/`, or segments that each begin with a slash: literal text, a variable `{name}`, or, last, a greedy
variable `{name+}`. It does not end with a slash.
Source: API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway"; the trailing slash:
aws-cdk-lib, aws-apigatewayv2/lib/http/route.js (`HttpRouteKey.with`).
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from lambdakit.records import dataclass
from lambdakit.spec.names import snake_case
from lambdakit.spec.refusal import Checked, refusal, wrong_type
from lambdakit.spec.wording import one_of, quoted

DEFAULT_ROUTE: Final = "$default"
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
ROUTE_KEY_LENGTH_MAX: Final = 1_024

# Neither a leading colon nor a star: elsewhere they write variables, here they would be literal text.
_LITERAL = "(?!:)[A-Za-z0-9._~!$&'(),;=:@%+-]+"
_VARIABLE = "[A-Za-z0-9._:-]+"
_SEGMENT = rf"(?:{_LITERAL}|\{{{_VARIABLE}\}})"
_GREEDY = rf"\{{{_VARIABLE}\+\}}"
_PATH = rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*(?:/{_GREEDY})?|{_GREEDY})?"
ROUTE_KEY_PATTERN: Final = rf"^(?:\$default|(?:{'|'.join(METHODS)}) {_PATH})$"
_ROUTE_KEY = re.compile(ROUTE_KEY_PATTERN.removesuffix("$"))
_LITERAL_SEGMENT = re.compile(_LITERAL)
_VARIABLE_SEGMENT = re.compile(rf"\{{({_VARIABLE})(\+?)\}}")
_EXAMPLE = "GET /orders/{order_id}"


@dataclass(frozen=True, slots=True)
class RouteParts:
    """A valid route key, taken apart. `$default` has the method `$default` and no segments."""

    method: str
    segments: tuple[str, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the path's variables, in order, without `+`."""
        return tuple(found[1] for segment in self.segments if (found := _VARIABLE_SEGMENT.fullmatch(segment)))

    @property
    def shape(self) -> str:
        """The route key with its variables' names left out: two routes of one shape match the same requests."""
        return "/".join((self.method, *(_VARIABLE_SEGMENT.sub(r"{\2}", segment) for segment in self.segments)))


def split_route_key(route_key: str) -> RouteParts:
    """The parts of a valid route key."""
    if route_key == DEFAULT_ROUTE:
        return RouteParts(DEFAULT_ROUTE, ())
    method, _, path = route_key.partition(" ")
    return RouteParts(method, tuple(path.removeprefix("/").split("/")))


def derived_function_name(route_key: str) -> str:
    """The name of the function of a route without `name`: method and path in snake case."""
    return snake_case(route_key)


def _read(value: object) -> str:
    if not isinstance(value, str):
        raise wrong_type(value, f"a route key such as {_EXAMPLE}")
    if len(value) > ROUTE_KEY_LENGTH_MAX:
        raise refusal("LK119", f"{quoted(value)} has {len(value)} characters, {ROUTE_KEY_LENGTH_MAX} are allowed")
    if _ROUTE_KEY.fullmatch(value):
        return value
    problem, hint = _what_is_wrong(value)
    raise refusal("LK119", problem, hint)


def _what_is_wrong(key: str) -> tuple[str, str]:
    """The problem with a key that is no route key, and a hint."""
    if key.startswith("$"):
        return f"{quoted(key)} is not a route key, the only one that begins with $ is $default", "write $default"
    method, _, path = key.strip().partition(" ")
    path = path.strip()
    if method.startswith("/"):
        return f"{quoted(key)} has no method before its path", f"write GET {method}"
    if method not in METHODS:
        upper = method.upper()
        hint = f"write {upper} {path or '/path'}" if upper in METHODS else f"write a route key such as {_EXAMPLE}"
        return f"{quoted(method)} is not a method, allowed are {one_of(METHODS)}", hint
    if not path.startswith("/"):
        return f"{quoted(key)} has no path that begins with a slash", f"write {method} /{path}"
    if key != f"{method} {path}":
        return f"{quoted(key)} has more than one space between method and path", f"write {method} {path}"
    if path.endswith("/"):
        return f"{quoted(key)} ends with a slash", f"write {method} {path.rstrip('/') or '/'}"
    return _wrong_segment(key, path)


def _wrong_segment(key: str, path: str) -> tuple[str, str]:
    segments = path.split("/")[1:]
    for place, segment in enumerate(segments):
        variable = _VARIABLE_SEGMENT.fullmatch(segment)
        if variable is not None and variable[2] and place < len(segments) - 1:
            return (
                f"{segment} in {quoted(key)} takes the rest of the path, so it can only be the last segment",
                f"write {{{variable[1]}}}, or end the path there",
            )
        if variable is None and not _LITERAL_SEGMENT.fullmatch(segment):
            return _wrong_text(key, segment)
    return f"{quoted(key)} is not a route key such as {_EXAMPLE}", ""


def _wrong_text(key: str, segment: str) -> tuple[str, str]:
    if not segment:
        return f"{quoted(key)} has an empty segment, two slashes in a row", "leave one slash out"
    if segment.startswith((":", "<")):
        return (
            f"{quoted(segment)} in {quoted(key)} is not a segment",
            f"write {{{segment.strip(':<>')}}} for a variable",
        )
    if "*" in segment:
        return f"{quoted(segment)} in {quoted(key)} is not a segment", "write {proxy+} for the rest of the path"
    if "{" in segment or "}" in segment:
        return (
            f"{quoted(segment)} in {quoted(key)} is neither text nor a variable such as {{name}} or {{name+}}",
            "let a variable be its whole segment, named with letters, digits and . _ - :",
        )
    return (
        f"{quoted(segment)} in {quoted(key)} holds a character that paths do not have",
        "write it percent-encoded, without a query",
    )


RouteKey = Annotated[
    str, Checked(_read, {"type": "string", "pattern": ROUTE_KEY_PATTERN, "maxLength": ROUTE_KEY_LENGTH_MAX})
]
