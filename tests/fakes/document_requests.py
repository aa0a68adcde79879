"""Requests as an exported OpenAPI document describes them, or nearly so; and what the document says of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

from hypothesis import strategies as st
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.fakes.described_apis import KEY, TOKEN
from tests.fakes.schema_instances import instances, nearly

_VERBS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_ANY: Final = "x-amazon-apigateway-any-method"
_VISIBLE: Final = st.text("abcXYZ0189-_.~", min_size=1, max_size=10)
# `.` and `..` are no parts of a path (RFC 3986, 5.2.4), and what is blank is missing.
_PART: Final = st.text(min_size=1, max_size=8).filter(
    lambda text: text.strip(".") != "" and text.strip() != "" and "/" not in text
)
_GIVEN: Final[Mapping[str, str]] = {"api_key": KEY, "the_door": TOKEN, "WebDoor": TOKEN}

Verdict = Literal["valid", "uncredited", "unparametrised", "malformed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A verb of a path. described: the operation object. common: the path's own parameters."""

    verb: str
    path: str
    described: Mapping[str, Any]
    common: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, and what the document says of it. missing: names of required parameters that are not there."""

    method: str
    path: str
    verdict: Verdict
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    missing: tuple[str, ...] = ()


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation that the document describes; of any verb, it is asked with `PATCH`."""
    return list(_operations(document))


def requests(operation: Operation, document: Mapping[str, Any]) -> st.SearchStrategy[Asked]:
    """Requests of the operation: most as they should be, others without something or with a body that is wrong."""

    @st.composite
    def draw_request(draw: st.DrawFn) -> Asked:
        path = operation.path
        query: dict[str, str] = {}
        headers: dict[str, str] = {}
        missing: list[str] = []
        for parameter in (*operation.common, *operation.described.get("parameters", ())):
            name, place = parameter["name"], parameter["in"]
            if place == "path":
                value = quote(draw(_PART))
                for variable in (f"{{{name}}}", f"{{{name}+}}"):
                    path = path.replace(variable, value)
            elif draw(st.integers(0, 4)) > 0:
                (query if place == "query" else headers)[name] = draw(_VISIBLE)
            elif parameter.get("required"):
                missing.append(name)
        credited = _credit(draw, operation, document, headers)
        body, is_well = _body(draw, operation, document, headers)
        verdict: Verdict = "valid"
        if not credited:
            verdict = "uncredited"
        elif missing:
            verdict = "unparametrised"
        elif not is_well:
            verdict = "malformed"
        return Asked(
            method=operation.verb.upper(),
            path=path,
            verdict=verdict,
            query=query,
            headers=headers,
            body=body,
            missing=tuple(missing),
        )

    return draw_request()


def allows(schema: Mapping[str, Any], document: Mapping[str, Any], value: object) -> bool:
    """Whether a schema of the document, given by its reference, allows a value."""
    registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT4.create_resource(dict(document)))
    return bool(OAS30Validator({"$ref": f"urn:document{schema['$ref']}"}, registry=registry).is_valid(value))


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, described in document["paths"].items():
        common = tuple(described.get("parameters", ()))
        for verb in (*_VERBS, _ANY):
            if verb in described:
                name = "patch" if verb == _ANY else verb
                yield Operation(verb=name, path=path, described=described[verb], common=common)


def _credit(draw: st.DrawFn, operation: Operation, document: Mapping[str, Any], headers: dict[str, str]) -> bool:
    """Adds what the operation's security asks for, or something else; whether that is enough."""
    is_enough = True
    for name in (name for requirement in operation.described.get("security", ()) for name in requirement):
        scheme = document["components"]["securitySchemes"][name]
        header = scheme.get("name", "Authorization")
        if name in _GIVEN and draw(st.integers(0, 3)) > 0:
            headers[header] = _GIVEN[name]
            continue
        is_enough = False
        if draw(st.booleans()):
            headers[header] = draw(_VISIBLE)
    return is_enough


def _body(
    draw: st.DrawFn, operation: Operation, document: Mapping[str, Any], headers: dict[str, str]
) -> tuple[bytes, bool]:
    """A body, and whether it is as the operation's schema says."""
    content = operation.described.get("requestBody", {}).get("content", {})
    if not content:
        return (draw(st.binary(max_size=20)) if operation.verb in ("put", "post", "patch") else b""), True
    ((content_type, described),) = content.items()
    if draw(st.booleans()):
        headers["Content-Type"] = draw(st.sampled_from([content_type, f"{content_type}; charset=utf-8"]))
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from([b"", b"{", b"[1,]", b"\xff", b"NaN", b'{"a": Infinity}', b"nul"])), False
    schema = described["schema"]
    value = draw(instances(schema, document) | nearly(schema, document))
    return json.dumps(value).encode(), allows(schema, document, value)
