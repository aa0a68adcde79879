"""Models as schemas of OpenAPI documents, and documents of APIs that nobody deployed."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator

from lambdakit.harness.api_exports.http_document import http_document
from lambdakit.harness.api_exports.rest_document import rest_document
from lambdakit.harness.api_exports.schemas import NoSchema, component_schemas
from lambdakit.harness.api_exports.swagger_document import swagger_document
from lambdakit.harness.moto_state.http_apis import Authorizer, HttpApiDefinition, Integration, Route
from lambdakit.harness.moto_state.rest_definition import (
    Method,
    MethodResponse,
    RestApiDefinition,
    RestAuthorizer,
    RestResource,
)
from tests.fakes.document_requests import allows

ALL = frozenset({"apigateway"})
_MODEL = "https://apigateway.amazonaws.com/restapis/abc/models/"
_KINDS = ["object", "array", "string", "integer", "number", "boolean", "null"]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
_SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(_KINDS) | st.lists(st.sampled_from(_KINDS), min_size=1, max_size=3, unique=True),
            "minimum": st.integers(-2, 2),
            "maxLength": st.integers(0, 2),
            "minItems": st.integers(0, 2),
        },
    )
    | st.lists(_VALUES, min_size=1, max_size=2, unique_by=json.dumps).map(lambda values: {"enum": values}),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array"]),
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            "patternProperties": st.just({"^a": {}}),
            "additionalProperties": st.booleans() | inner,
            "required": st.lists(st.sampled_from("ab"), min_size=1, max_size=2, unique=True),
            "items": inner | st.lists(inner, min_size=1, max_size=2),
            "additionalItems": st.booleans(),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
        },
    ),
    max_leaves=4,
)


def _declared(schema: Any) -> Any:
    """With all that is required among the properties: OpenAPI does not want that, the validator of documents does."""
    if isinstance(schema, list):
        return [_declared(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {key: value if key == "enum" else _declared(value) for key, value in schema.items()}
    if isinstance(whole.get("required"), list):
        whole["properties"] = {**{name: {} for name in whole["required"]}, **whole.get("properties", {})}
    return whole


def _document(**models: Any) -> dict[str, Any]:
    texts = {name: json.dumps(model) for name, model in models.items()}
    return {"components": {"schemas": component_schemas(texts, frozenset())}}


def _api(*methods: tuple[str, Method], **more: Any) -> RestApiDefinition:
    resources = {
        str(number): RestResource(resource_id=str(number), path=path, methods={method.http_method: method})
        for number, (path, method) in enumerate(methods)
    }
    return RestApiDefinition(**{"api_id": "abc", "name": "shop", "resources": resources, **more})


def _exported(api: RestApiDefinition, extensions: frozenset[str] = ALL) -> dict[str, Any]:
    return rest_document(api, host="abc.execute-api.eu-west-1.amazonaws.com", stage="prod", extensions=extensions)


class TestModels:
    @settings(max_examples=60, deadline=None)
    @given(schema=_SCHEMAS, value=_VALUES)
    @example(schema={"type": ["null", "object", "array"]}, value=None)
    def test_what_a_model_allows_its_schema_allows(self, schema: dict[str, Any], value: Any) -> None:
        document = _document(Model=schema)

        if jsonschema.Draft4Validator(schema).is_valid(value):
            assert allows({"$ref": "#/components/schemas/Model"}, document, value)

    @settings(max_examples=15, deadline=None)
    @given(schema=_SCHEMAS.map(_declared))
    def test_every_model_gives_a_sound_document(self, schema: dict[str, Any]) -> None:
        posted = Method(http_method="POST", request_models={"application/json": "Model"})
        api = _api(("/", posted), models={"Model": json.dumps(schema)})

        document = _exported(api)

        OpenAPIV30SpecValidator(document).validate()
        OpenAPIV2SpecValidator(swagger_document(document)).validate()

    @pytest.mark.parametrize(
        ("model", "schema"),
        [
            ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
            ({"type": "null"}, {"enum": [None], "nullable": True}),
            ({"type": "array"}, {"type": "array", "items": {}}),
            ({"required": []}, {}),
            ({"type": "object", "dependencies": {"a": ["b"]}}, {"type": "object", "x-dependencies": {"a": ["b"]}}),
            ({"$ref": f"{_MODEL}Other", "title": "x"}, {"$ref": "#/components/schemas/Other"}),
            ({"$ref": "#/definitions/Other"}, {"$ref": "#/components/schemas/Other"}),
            (
                {"properties": {"me": {"$ref": "#"}}},
                {"properties": {"me": {"$ref": "#/components/schemas/Model"}}},
            ),
        ],
    )
    def test_what_openapi_says_in_another_way(self, model: dict[str, Any], schema: dict[str, Any]) -> None:
        assert _document(Model=model, Other={})["components"]["schemas"]["Model"] == schema

    def test_what_a_model_defines_inside_has_a_name_that_is_free(self) -> None:
        inside = {"definitions": {"Id": {"type": "integer"}}, "properties": {"id": {"$ref": "#/definitions/Id"}}}

        schemas = _document(Model=inside, ModelId={"type": "string"})["components"]["schemas"]

        assert schemas["Model"] == {"properties": {"id": {"$ref": "#/components/schemas/ModelIdInner"}}}
        assert schemas["ModelIdInner"] == {"type": "integer"}

    @pytest.mark.parametrize(
        "model",
        ["{", "[]", '{"$ref": "#/properties/a"}', f'{{"$ref": "{_MODEL}Nobody"}}', '{"$ref": "http://example.com/a"}'],
    )
    def test_what_no_document_can_show_is_said(self, model: str) -> None:
        with pytest.raises(NoSchema, match="the model Model"):
            component_schemas({"Model": model}, frozenset())


class TestRest:
    def test_bodies_that_are_not_json_are_refused(self) -> None:
        posted = Method(http_method="POST", request_models={"text/xml": "Empty"})

        with pytest.raises(NoSchema, match="Only found non-JSON body models for POST /orders"):
            _exported(_api(("/orders", posted)))

    def test_every_part_of_the_path_is_told_once(self) -> None:
        named = Method(
            http_method="GET",
            request_parameters={"method.request.path.id": True, "method.request.path.gone": True},
        )

        document = _exported(_api(("/orders/{id}/lines/{line}", named)))

        told = document["paths"]["/orders/{id}/lines/{line}"]["get"]["parameters"]
        assert [(each["name"], each["in"], each["required"]) for each in told] == [
            ("id", "path", True),
            ("line", "path", True),
        ]
        OpenAPIV30SpecValidator(document).validate()

    def test_an_api_s_own_models_are_there_for_who_uses_them(self) -> None:
        answers = {"200": MethodResponse(status=200, models={"application/json": "Empty"})}

        document = _exported(_api(("/", Method(http_method="GET", responses=answers))))

        assert document["components"]["schemas"] == {"Empty": {"type": "object", "title": "Empty Schema"}}

    @pytest.mark.parametrize(
        ("authorizer", "name", "place"),
        [
            ({"type": "TOKEN", "identity_sources": ("method.request.header.X-Token",)}, "X-Token", "header"),
            ({"type": "REQUEST", "identity_sources": ("method.request.querystring.t",)}, "t", "query"),
            ({"type": "REQUEST", "identity_sources": ("stageVariables.t",)}, "Unused", "header"),
            (
                {"type": "REQUEST", "identity_sources": ("method.request.header.a", "method.request.header.b")},
                "Unused",
                "header",
            ),
            (
                {"type": "COGNITO_USER_POOLS", "identity_sources": ("method.request.header.Authorization",)},
                "Authorization",
                "header",
            ),
        ],
    )
    def test_who_decides_is_a_security_scheme(self, authorizer: dict[str, Any], name: str, place: str) -> None:
        made = RestAuthorizer(authorizer_id="a1", name="who is it", **authorizer)
        guarded = Method(http_method="GET", authorization="CUSTOM", authorizer_id="a1", scopes=("read",))

        document = _exported(_api(("/", guarded), authorizers={"a1": made}))

        scheme = document["components"]["securitySchemes"]["who_is_it"]
        assert (scheme["type"], scheme["name"], scheme["in"]) == ("apiKey", name, place)
        assert document["paths"]["/"]["get"]["security"] == [{"who_is_it": ["read"]}]
        assert scheme["x-amazon-apigateway-authorizer"]["type"] == authorizer["type"].lower()

    @pytest.mark.parametrize(("extensions", "told"), [(frozenset(), False), (frozenset({"authorizers"}), True)])
    def test_authorizers_are_told_who_asks_for_them(self, extensions: frozenset[str], told: bool) -> None:
        made = RestAuthorizer(authorizer_id="a1", name="door", type="TOKEN")

        document = _exported(_api(("/", Method(http_method="GET")), authorizers={"a1": made}), extensions)

        scheme = document["components"]["securitySchemes"]["door"]
        assert ("x-amazon-apigateway-authorizer" in scheme) is told


class TestHttp:
    @pytest.mark.parametrize(
        ("integration", "told"),
        [
            (
                {"type": "AWS_PROXY", "uri": "arn:aws:lambda:eu-west-1:1:function:f"},
                {
                    "type": "aws_proxy",
                    "httpMethod": "POST",
                    "uri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
                    "arn:aws:lambda:eu-west-1:1:function:f/invocations",
                },
            ),
            (
                {"type": "HTTP_PROXY", "uri": "https://example.com", "method": "ANY"},
                {"type": "http_proxy", "httpMethod": "ANY", "uri": "https://example.com"},
            ),
            (
                {
                    "type": "AWS_PROXY",
                    "uri": "",
                    "subtype": "SQS-SendMessage",
                    "credentials_arn": "arn:aws:iam::1:role/r",
                },
                {"type": "aws_proxy", "subtype": "SQS-SendMessage", "credentials": "arn:aws:iam::1:role/r"},
            ),
        ],
    )
    def test_what_a_route_calls(self, integration: dict[str, Any], told: dict[str, Any]) -> None:
        made = Integration(payload_format_version="1.0", timeout_seconds=3, **integration)
        route = Route(key="$default", integration=made, authorization="NONE")
        api = HttpApiDefinition(api_id="a", name="web", routes=[route], stages={}, cors=None)

        document = http_document(api, host="h", stage="", version="1.0", extensions=True)

        operation = document["paths"]["/$default"]["x-amazon-apigateway-any-method"]
        more = {"payloadFormatVersion": "1.0", "connectionType": "INTERNET", "timeoutInMillis": 3000}
        assert operation["isDefaultRoute"] is True
        assert operation["x-amazon-apigateway-integration"] == told | more
        OpenAPIV30SpecValidator(document).validate()

    @pytest.mark.parametrize(("stage", "base_path"), [("$default", ""), ("", ""), ("v1", "v1")])
    def test_where_it_is_served(self, stage: str, base_path: str) -> None:
        api = HttpApiDefinition(api_id="a", name="web", routes=[], stages={}, cors=None)

        document = http_document(api, host="h", stage=stage, version="1.0", extensions=False)

        (server,) = document["servers"]
        assert (server["url"], server["variables"]["basePath"]["default"]) == ("https://h/{basePath}", base_path)

    def test_scopes_are_told(self) -> None:
        jwt = Authorizer(authorizer_id="j", name="users", type="JWT", issuer="https://issuer", audience=("web",))
        route = Route(key="GET /", integration=None, authorization="JWT", authorizer_id="j", scopes=("a", "b"))
        api = HttpApiDefinition(api_id="a", name="web", routes=[route], stages={}, cors=None, authorizers={"j": jwt})

        document = http_document(api, host="h", stage="", version="1.0", extensions=True)

        assert document["paths"]["/"]["get"]["security"] == [{"users": ["a", "b"]}]
        extension = document["components"]["securitySchemes"]["users"]["x-amazon-apigateway-authorizer"]
        assert extension["jwtConfiguration"] == {"issuer": "https://issuer", "audience": ["web"]}
