"""`AWS::ApiGatewayV2::*` and `AWS::CDK::Metadata`, read back through the API Gateway API."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:f"
_NEEDS = {
    "Api": ("AWS::ApiGatewayV2::Api", {"Name": "shop", "ProtocolType": "HTTP"}),
    "Integration": (
        "AWS::ApiGatewayV2::Integration",
        {"ApiId": "@Api", "IntegrationType": "AWS_PROXY", "IntegrationUri": _FUNCTION, "PayloadFormatVersion": "2.0"},
    ),
}


def _api(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("apigatewayv2").get_api(ApiId=created.provisioned.physical_id)
    keys = ("Name", "Description", "Version", "CorsConfiguration", "Tags")
    return {key: found.get(key) or None for key in keys}


def _endpoint(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("apigatewayv2").get_api(ApiId=created.provisioned.physical_id)
    return {"disabled": found["DisableExecuteApiEndpoint"]}


def _child(kind: str, key: str, *names: str) -> Any:
    def read(provisioning: Provisioning, created: Created) -> Any:
        client = provisioning.client("apigatewayv2")
        whose = {"ApiId": created.resource.properties["ApiId"], key: created.provisioned.physical_id}
        found = getattr(client, f"get_{kind}")(**whose)
        return {name: found.get(name) or None for name in names}

    return read


def _integration(uri: str, **more: str) -> dict[str, str]:
    return {
        **{"ApiId": "@Api", "IntegrationType": "AWS_PROXY", "IntegrationUri": uri, "PayloadFormatVersion": "2.0"},
        **more,
    }


ROWS = [
    Row(
        type="AWS::ApiGatewayV2::Api",
        first={
            "Name": "shop",
            "ProtocolType": "HTTP",
            "Description": "d",
            "CorsConfiguration": {"AllowOrigins": ["*"], "AllowMethods": ["GET"], "MaxAge": "60"},
            "Tags": {"team": "a"},
        },
        second={"Name": "store", "ProtocolType": "HTTP", "CorsConfiguration": {"AllowOrigins": ["https://a"]}},
        read=_api,
        shows=(
            {"Name": "shop", "Description": "d", "CorsConfiguration": {"MaxAge": 60}, "Tags": {"team": "a"}},
            {"Name": "store", "Description": None, "CorsConfiguration": {"AllowOrigins": ["https://a"]}, "Tags": None},
        ),
    ),
    Row(  # what the template says no more is as if it had never said it
        type="AWS::ApiGatewayV2::Integration",
        first={
            **{"ApiId": "@Api", "IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://example.com"},
            **{"IntegrationMethod": "GET", "PayloadFormatVersion": "1.0", "TlsConfig": {"ServerNameToVerify": "a"}},
        },
        second={
            **{"ApiId": "@Api", "IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://example.com"},
            **{"IntegrationMethod": "GET", "PayloadFormatVersion": "1.0"},
        },
        read=_child("integration", "IntegrationId", "TlsConfig", "IntegrationUri"),
        shows=(
            {"TlsConfig": {"ServerNameToVerify": "a"}},
            {"TlsConfig": None, "IntegrationUri": "https://example.com"},
        ),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::ApiGatewayV2::Route",
        first={"ApiId": "@Api", "RouteKey": "GET /named", "OperationName": "o"},
        second={"ApiId": "@Api", "RouteKey": "GET /named"},
        read=_child("route", "RouteId", "OperationName", "RouteKey"),
        shows=({"OperationName": "o"}, {"OperationName": None, "RouteKey": "GET /named"}),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::ApiGatewayV2::Stage",
        first={"ApiId": "@Api", "StageName": "live", "AutoDeploy": "true", "StageVariables": {"a": "1"}},
        second={"ApiId": "@Api", "StageName": "live", "Description": "d", "StageVariables": {"b": 2}},
        read=_child("stage", "StageName", "AutoDeploy", "Description", "StageVariables"),
        shows=({"AutoDeploy": True, "StageVariables": {"a": "1"}}, {"Description": "d", "StageVariables": {"b": "2"}}),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::ApiGatewayV2::Integration",
        first=_integration(_FUNCTION, Description="d"),
        second=_integration(_FUNCTION + "2", IntegrationMethod="POST"),
        read=_child("integration", "IntegrationId", "IntegrationUri", "Description"),
        shows=({"IntegrationUri": _FUNCTION, "Description": "d"}, {"IntegrationUri": _FUNCTION + "2"}),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::ApiGatewayV2::Stage",
        first={
            "ApiId": "@Api",
            "StageName": "$default",
            "DefaultRouteSettings": {"ThrottlingBurstLimit": "5", "ThrottlingRateLimit": 2.5},
            "RouteSettings": {"GET /a": {"ThrottlingBurstLimit": 1}},
            "AccessLogSettings": {"DestinationArn": "arn:aws:logs:r:1:log-group:g", "Format": "$context.status"},
        },
        second={"ApiId": "@Api", "StageName": "$default"},
        read=_child("stage", "StageName", "DefaultRouteSettings", "RouteSettings", "AccessLogSettings"),
        shows=(
            {
                "DefaultRouteSettings": {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5},
                "RouteSettings": {"GET /a": {"ThrottlingBurstLimit": 1}},
                "AccessLogSettings": {"DestinationArn": "arn:aws:logs:r:1:log-group:g", "Format": "$context.status"},
            },
            {"RouteSettings": None, "AccessLogSettings": None},
        ),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::ApiGatewayV2::Integration",
        first={
            **{"ApiId": "@Api", "IntegrationType": "HTTP_PROXY", "IntegrationUri": "http://127.0.0.1:1/{id}"},
            **{"IntegrationMethod": "ANY", "PayloadFormatVersion": "1.0", "TimeoutInMillis": "50"},
            "RequestParameters": {"append:header.a": "1"},
            "ResponseParameters": {
                "200": {"ResponseParameters": [{"Destination": "overwrite:statuscode", "Source": "201"}]}
            },
        },
        second={
            **{"ApiId": "@Api", "IntegrationType": "HTTP_PROXY", "IntegrationUri": "http://127.0.0.1:2"},
            **{"IntegrationMethod": "GET", "PayloadFormatVersion": "1.0"},
        },
        read=_child(
            "integration",
            "IntegrationId",
            *("IntegrationMethod", "TimeoutInMillis", "RequestParameters", "ResponseParameters", "IntegrationUri"),
        ),
        shows=(
            {
                "IntegrationMethod": "ANY",
                "TimeoutInMillis": 50,
                "RequestParameters": {"append:header.a": "1"},
                "ResponseParameters": {"200": {"overwrite:statuscode": "201"}},
            },
            {
                **{"IntegrationMethod": "GET", "TimeoutInMillis": 30_000, "RequestParameters": None},
                **{"ResponseParameters": None, "IntegrationUri": "http://127.0.0.1:2"},
            },
        ),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::ApiGatewayV2::Route",
        first={
            **{"ApiId": "@Api", "RouteKey": "GET /a", "AuthorizationType": "JWT", "AuthorizerId": "@Guard"},
            **{"AuthorizationScopes": ["read"], "Target": "integrations/x"},
        },
        second={"ApiId": "@Api", "RouteKey": "GET /a", "AuthorizationType": "AWS_IAM"},
        read=_child("route", "RouteId", "AuthorizationType", "AuthorizerId", "AuthorizationScopes", "Target"),
        shows=(
            {"AuthorizationType": "JWT", "AuthorizerId": "@Guard", "AuthorizationScopes": ["read"]},
            {"AuthorizationType": "AWS_IAM", "AuthorizerId": None, "AuthorizationScopes": None, "Target": None},
        ),
        needs={
            **_NEEDS,
            "Guard": (
                "AWS::ApiGatewayV2::Authorizer",
                {
                    **{"ApiId": "@Api", "AuthorizerType": "JWT", "Name": "g", "IdentitySource": ["$request.header.a"]},
                    "JwtConfiguration": {"Issuer": "https://a", "Audience": ["b"]},
                },
            ),
        },
    ),
    Row(
        type="AWS::ApiGatewayV2::Api",
        first={"Name": "shop", "ProtocolType": "HTTP", "DisableExecuteApiEndpoint": "true"},
        second={"Name": "shop", "ProtocolType": "HTTP"},
        read=_endpoint,
        shows=({"disabled": True}, {"disabled": False}),
    ),
    Row(
        type="AWS::ApiGatewayV2::Route",
        first={"ApiId": "@Api", "RouteKey": "GET /a"},
        second={"ApiId": "@Api", "RouteKey": "POST /b", "Target": "integrations/x"},
        read=_child("route", "RouteId", "RouteKey", "Target"),
        shows=({"RouteKey": "GET /a", "Target": None}, {"RouteKey": "POST /b", "Target": "integrations/x"}),
        needs=_NEEDS,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


@pytest.mark.parametrize(
    ("type_name", "properties", "text"),
    [
        pytest.param("AWS::ApiGatewayV2::Integration", {"IntegrationType": "MOCK"}, "AWS_PROXY", id="integration"),
        pytest.param(
            "AWS::ApiGatewayV2::Route",
            {"RouteKey": "GET /", "AuthorizationType": "JWT"},
            "id of one of the API's authorizers",
            id="authorizer",
        ),
    ],
)
def test_what_the_harness_does_not_serve_is_refused_at_update_too(
    provisioning: Provisioning, type_name: str, properties: dict[str, Any], text: str
) -> None:
    provisioning.create(*_NEEDS["Api"], logical_id="Api")
    good = {"RouteKey": "GET /"} if type_name.endswith("Route") else _integration(_FUNCTION)
    created = provisioning.create(type_name, {"ApiId": "@Api", **good})

    with pytest.raises(ResourceRefused, match=text):
        provisioning.create(type_name, {"ApiId": "@Api", **properties})
    with pytest.raises(ResourceRefused, match=text):
        provisioning.update(created, {"ApiId": "@Api", **properties})


def test_metadata_makes_nothing(provisioning: Provisioning) -> None:
    metadata = provisioning.create("AWS::CDK::Metadata", {"Analytics": "v2:a"})

    changed = provisioning.update(metadata, {"Analytics": "v2:b"})

    assert changed.provisioned == metadata.provisioned


_FUNCTION_DOCUMENT = {
    "openapi": "3.0.1",
    "info": {"title": "documented", "version": "1"},
    "paths": {
        "/a": {"get": {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": _FUNCTION}}},
        "/b": {"post": {}},
    },
}


def test_a_document_is_imported_again_when_it_changes(provisioning: Provisioning) -> None:
    client = provisioning.client("apigatewayv2")
    created = provisioning.create("AWS::ApiGatewayV2::Api", {"Body": _FUNCTION_DOCUMENT})

    def keys() -> set[str]:
        routes = client.get_routes(ApiId=created.provisioned.physical_id)["Items"]
        return {route["RouteKey"] for route in routes}

    before = keys()
    changed = {
        **_FUNCTION_DOCUMENT,
        "info": {"title": "other"},
        "paths": {"/c": {"x-amazon-apigateway-any-method": {}}},
    }
    provisioning.update(created, {"Body": changed})

    assert before == {"GET /a", "POST /b"}
    assert keys() == {"ANY /c"}
    assert client.get_api(ApiId=created.provisioned.physical_id)["Name"] == "other"
    assert client.get_integrations(ApiId=created.provisioned.physical_id)["Items"] == []


def test_a_reference_that_leads_nowhere_is_refused_and_leaves_no_api(provisioning: Provisioning) -> None:
    before = len(provisioning.client("apigatewayv2").get_apis()["Items"])
    broken = {"x-amazon-apigateway-integration": {"$ref": "#/components/nowhere"}}

    with pytest.raises(ResourceRefused, match="#/components/nowhere leads to nothing"):
        provisioning.create("AWS::ApiGatewayV2::Api", {"Body": {"paths": {"/a": {"get": broken}}}})

    assert len(provisioning.client("apigatewayv2").get_apis()["Items"]) == before


def test_a_target_may_be_changed_and_left_out(provisioning: Provisioning) -> None:
    client = provisioning.client("apigatewayv2")
    properties = {"Name": "quick", "ProtocolType": "HTTP"}
    created = provisioning.create("AWS::ApiGatewayV2::Api", {**properties, "Target": _FUNCTION})

    def targets() -> list[str]:
        items = client.get_integrations(ApiId=created.provisioned.physical_id)["Items"]
        return [item["IntegrationUri"] for item in items]

    first = targets()
    created = provisioning.update(created, {**properties, "Target": "http://127.0.0.1:1"})
    second = targets()
    provisioning.update(created, properties)

    assert (first, second, targets()) == ([_FUNCTION], ["http://127.0.0.1:1"], [])
