"""Request validation: required parameters, and bodies held against models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.moto_state.rest_definition import Method, RequestValidator
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.validation import validate
from tests.fakes.rest_exchanges import kind_of, rest_exchange

PET = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["name", "price"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$"},
        "price": {"type": "number", "minimum": 0, "maximum": 100, "exclusiveMaximum": True, "multipleOf": 0.5},
        "kind": {"enum": ["dog", "cat"]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2, "uniqueItems": True},
        "owner": {"$ref": "https://apigateway.amazonaws.com/restapis/abc/models/Owner"},
        "either": {"oneOf": [{"type": "integer"}, {"minimum": 2}]},
        "any": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "never": {"not": {}},
    },
}
OWNER = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"], "additionalProperties": False}
GOOD = {"name": "rex", "price": 1.5}


def _checked(
    body: bytes = b"",
    content_type: str | None = "application/json",
    *,
    models: Mapping[str, Any] | None = None,
    request_models: Mapping[str, str] | None = None,
    validator: RequestValidator | None = None,
    required: Mapping[str, bool] | None = None,
    **more: Any,
) -> RestExchange:
    texts = {"Pet": PET, "Owner": OWNER} if models is None else models
    method = Method(
        http_method="POST",
        validator_id="v1",
        request_models={"application/json": "Pet"} if request_models is None else request_models,
        request_parameters=required or {},
    )
    api = {
        "models": {name: model if isinstance(model, str) else json.dumps(model) for name, model in texts.items()},
        "validators": {"v1": validator or RequestValidator(body=True, parameters=True)},
    }
    headers = [] if content_type is None else [("Content-Type", content_type)]
    return rest_exchange(method, "POST", body=body, headers=[*headers, *more.pop("headers", [])], api=api, **more)


def _problems(document: Any, **more: Any) -> str:
    """`validationErrorString` of a body; empty for one that is passed on."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    try:
        validate(_checked(body, **more))
    except Refused as refused:
        assert kind_of(refused) == ("BAD_REQUEST_BODY", "Invalid request body")
        return refused.details["validationErrorString"]
    return ""


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (GOOD, ""),
        ({**GOOD, "more": 1, "kind": "dog", "tags": ["a"], "owner": {"id": 1}, "either": 1, "any": None}, ""),
        ({"name": "rex"}, '[object has missing required properties (["price"])]'),
        ({}, '[object has missing required properties (["name","price"])]'),
        ([], '[instance type (array) does not match any allowed primitive type (allowed: ["object"])]'),
        (None, '[instance type (null) does not match any allowed primitive type (allowed: ["object"])]'),
        (
            {**GOOD, "price": "1"},
            '[instance type (string) does not match any allowed primitive type (allowed: ["number"])]',
        ),
        (
            {**GOOD, "price": True},
            '[instance type (boolean) does not match any allowed primitive type (allowed: ["number"])]',
        ),
        ({**GOOD, "price": -1}, "[numeric instance is lower than the required minimum (minimum: 0, found: -1)]"),
        ({**GOOD, "price": 101}, "[numeric instance is greater than the required maximum (maximum: 100, found: 101)]"),
        ({**GOOD, "price": 100}, "[numeric instance is not strictly lower than the required maximum 100]"),
        ({**GOOD, "price": 1.2}, "[remainder of division is not zero (1.2 / 0.5)]"),
        ({**GOOD, "name": "a"}, '[string "a" is too short (length: 1, required minimum: 2)]'),
        ({**GOOD, "name": "abcde"}, '[string "abcde" is too long (length: 5, maximum allowed: 4)]'),
        ({**GOOD, "name": "REX"}, '[ECMA 262 regex "^[a-z]+$" does not match input string "REX"]'),
        ({**GOOD, "kind": "cow"}, '[instance value ("cow") not found in enum (possible values: ["dog","cat"])]'),
        ({**GOOD, "tags": []}, "[array is too short: must have at least 1 elements but instance has 0 elements]"),
        (
            {**GOOD, "tags": ["a", "b", "c"]},
            "[array is too long: must have at most 2 elements but instance has 3 elements]",
        ),
        ({**GOOD, "tags": ["a", "a"]}, "[array must not contain duplicate elements]"),
        ({**GOOD, "owner": {}}, '[object has missing required properties (["id"])]'),
        (
            {**GOOD, "owner": {"id": 1, "b": 1, "a": 1}},
            '[object instance has properties which are not allowed by the schema: ["a","b"]]',
        ),
        ({**GOOD, "either": 1.5}, "[instance failed to match exactly one schema (matched 0 out of 2)]"),
        ({**GOOD, "either": 3}, "[instance failed to match exactly one schema (more than one matched)]"),
        ({**GOOD, "any": "a"}, "[instance failed to match at least one required schema among 2]"),
        ({**GOOD, "never": 1}, "[instance matched a schema which it should not have]"),
        (b"", "[Unknown error parsing request body]"),
        (b"{", "[Unknown error parsing request body]"),
        (b"NaN", "[Unknown error parsing request body]"),
        (b"\xff", "[Unknown error parsing request body]"),
        (b"[" * 100_000, "[Unknown error parsing request body]"),
    ],
)
def test_a_body_has_to_be_as_its_model_says(document: Any, text: str) -> None:
    assert _problems(document) == text


@pytest.mark.parametrize(
    ("content_type", "models", "is_checked"),
    [
        ("application/json", {"application/json": "Pet"}, True),
        ("Application/JSON; charset=utf-8", {"application/json": "Pet"}, True),
        (None, {"application/json": "Pet"}, True),
        ("text/plain", {"application/json": "Pet"}, False),
        ("text/plain", {"application/json": "Pet", "$default": "Pet"}, True),
        ("text/plain", {}, False),
        ("application/json", {"application/json": "Empty"}, False),
    ],
)
def test_the_content_type_says_which_model_counts(
    content_type: str | None, models: Mapping[str, str], is_checked: bool
) -> None:
    assert bool(_problems({}, content_type=content_type, request_models=models)) == is_checked


@pytest.mark.parametrize(
    ("validator", "kind"),
    [
        (RequestValidator(), ""),
        (RequestValidator(body=True), "BAD_REQUEST_BODY"),
        (RequestValidator(parameters=True), "BAD_REQUEST_PARAMETERS"),
        (RequestValidator(body=True, parameters=True), "BAD_REQUEST_PARAMETERS"),
    ],
)
def test_the_validator_says_what_is_looked_at(validator: RequestValidator, kind: str) -> None:
    exchange = _checked(b"{}", validator=validator, required={"method.request.header.X-A": True})

    if not kind:
        validate(exchange)
        return
    with pytest.raises(Refused) as refused:
        validate(exchange)
    assert refused.value.kind == kind


def test_a_method_without_a_validator_passes_everything_on() -> None:
    validate(rest_exchange(Method(http_method="GET", request_parameters={"method.request.header.X-A": True})))


REQUIRED = {
    "method.request.header.X-A": True,
    "method.request.querystring.q": True,
    "method.request.path.id": True,
    "method.request.header.X-B": False,
    "method.request.multivaluequerystring.m": True,
}


@pytest.mark.parametrize(
    ("target", "headers", "path", "missing"),
    [
        ("/?q=1&m=1", [("x-a", "1")], {"id": "7"}, ""),
        ("/?m=1", [("x-a", "1")], {"id": "7"}, "q"),
        ("/?q=&m=1", [("x-a", "1")], {"id": "7"}, "q"),
        ("/?q=%20&m=1", [("x-a", "1")], {"id": "7"}, "q"),
        ("/?Q=1&m=1", [("x-a", "1")], {"id": "7"}, "q"),
        ("/?q=1&m=1", [("x-a", " ")], {"id": "7"}, "X-A"),
        ("/?q=1", [], {}, "X-A, id, m"),
    ],
)
def test_required_parameters_are_there_and_not_blank(
    target: str, headers: list[tuple[str, str]], path: dict[str, str], missing: str
) -> None:
    exchange = _checked(
        json.dumps(GOOD).encode(), target=target, headers=headers, path_parameters=path, required=REQUIRED
    )

    if not missing:
        validate(exchange)
        return
    with pytest.raises(Refused) as refused:
        validate(exchange)
    assert kind_of(refused.value) == ("BAD_REQUEST_PARAMETERS", f"Missing required request parameters: [{missing}]")


@pytest.mark.parametrize(
    "reference",
    [
        "https://apigateway.amazonaws.com/restapis/abc/models/Owner",
        "https://apigateway.amazonaws.com/restapis/another/models/Owner",
        "#/definitions/Owner",
        "#/components/schemas/Owner",
    ],
)
def test_a_model_refers_to_another_by_each_of_its_names(reference: str) -> None:
    models = {"Pet": {"properties": {"owner": {"$ref": reference}}}, "Owner": OWNER}

    assert _problems({"owner": {"id": 1}}, models=models) == ""
    assert "missing required" in _problems({"owner": {}}, models=models)


def test_a_model_of_a_document_may_have_any_name() -> None:
    models = {"Pet": {"items": {"$ref": "#/components/schemas/the.owner-of_it"}}, "the.owner-of_it": OWNER}

    assert _problems([{"id": 1}], models=models) == ""
    assert "missing required" in _problems([{}], models=models)


def test_a_model_s_own_definitions_go_before_models_of_the_api() -> None:
    own = {"definitions": {"Owner": {"type": "string"}}, "properties": {"owner": {"$ref": "#/definitions/Owner"}}}

    assert _problems({"owner": "ann"}, models={"Pet": own, "Owner": OWNER}) == ""


def test_models_may_refer_to_themselves_and_to_each_other() -> None:
    place = "https://apigateway.amazonaws.com/restapis/abc/models"
    tree = {"properties": {"left": {"$ref": f"{place}/Leaf"}, "next": {"$ref": f"{place}/Pet"}}}
    leaf = {"properties": {"tree": {"$ref": f"{place}/Pet"}, "size": {"type": "integer"}}}

    problem = _problems({"next": {"left": {"tree": {"left": {"size": "a"}}}}}, models={"Pet": tree, "Leaf": leaf})

    assert problem.startswith("[instance type (string)")


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("no JSON", "no JSON"),
        ("[]", "no JSON object"),
        ({"type": "nonsense"}, "nonsense"),
        ({"pattern": "("}, "regex"),
        ({"$ref": "https://apigateway.amazonaws.com/restapis/abc/models/Missing"}, "Missing"),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "127.0.0.1"),
        ({"$ref": "#/definitions/missing"}, "missing"),
    ],
)
def test_a_model_that_cannot_be_applied_is_a_misconfiguration(model: Any, problem: str) -> None:
    with pytest.raises(Refused, match=problem) as refused:
        validate(_checked(b'"text"', models={"Pet": model}))

    assert refused.value.kind == "API_CONFIGURATION_ERROR"


@pytest.mark.parametrize(("document", "is_passed_on"), [({}, True), ({"a": 1}, True), ([], False), (b"text", False)])
def test_the_empty_model_is_there_and_wants_an_object(document: Any, is_passed_on: bool) -> None:
    problems = _problems(document, models={}, request_models={"application/json": "Empty"})

    assert bool(problems) is not is_passed_on


def test_a_model_that_is_not_there_is_a_misconfiguration() -> None:
    with pytest.raises(Refused, match="there is no such model") as refused:
        validate(_checked(b"{}", request_models={"application/json": "Missing"}))

    assert refused.value.kind == "API_CONFIGURATION_ERROR"


def test_another_model_that_is_broken_does_no_harm() -> None:
    assert _problems(GOOD, models={"Pet": {"type": "object"}, "Broken": "{"}) == ""


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.text(), s),
    )
)
def test_any_document_is_let_in_or_refused_with_a_reason(document: Any) -> None:
    assert _problems({**GOOD, "owner": document}) or document == {"id": document["id"]}
