"""`AWS::ApiGatewayV2::*` of WebSocket APIs, and what both protocols have, read back through the API Gateway API."""

from __future__ import annotations

import pytest

from lambdakit.harness.deployment.provisioner import ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow
from tests.fakes.shown import Needs, shown

pytestmark = pytest.mark.xdist_group("moto")

_API = "AWS::ApiGatewayV2::"
_SOCKET = {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
_FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:f"
_NEEDS: Needs = {
    "Api": (f"{_API}Api", {**_SOCKET, "Name": "chat"}),
    "Integration": (f"{_API}Integration", {"ApiId": "@Api", "IntegrationType": "MOCK"}),
    "Route": (f"{_API}Route", {"ApiId": "@Api", "RouteKey": "$default"}),
}
_HTTP: Needs = {"Api": (f"{_API}Api", {"Name": "shop", "ProtocolType": "HTTP"})}
_KEYED = {"ApiId": "p.ApiId"}

ROWS = [
    Row(
        type=f"{_API}Api",
        first={**_SOCKET, "Name": "a", "Description": "d", "Tags": {"a": "1"}},
        second={**_SOCKET, "Name": "b", "Tags": {"b": "2"}},
        read=shown("apigatewayv2", "get_api", "[Name, Description, Tags]", ApiId="ref"),
        shows=(["a", "d", {"a": "1"}], ["b", "", {"b": "2"}]),
    ),
    Row(
        type=f"{_API}Integration",
        first={"ApiId": "@Api", "IntegrationType": "AWS_PROXY", "IntegrationUri": _FUNCTION},
        second={"ApiId": "@Api", "IntegrationType": "AWS_PROXY", "IntegrationUri": f"{_FUNCTION}2"},
        read=shown("apigatewayv2", "get_integration", "IntegrationUri", IntegrationId="ref", **_KEYED),
        shows=(_FUNCTION, f"{_FUNCTION}2"),
        needs=_NEEDS,
    ),
    Row(
        type=f"{_API}Route",
        first={"ApiId": "@Api", "RouteKey": "$connect", "AuthorizationType": "AWS_IAM"},
        second={"ApiId": "@Api", "RouteKey": "send"},
        read=shown("apigatewayv2", "get_route", "[RouteKey, AuthorizationType]", RouteId="ref", **_KEYED),
        shows=(["$connect", "AWS_IAM"], ["send", "NONE"]),
        needs=_NEEDS,
    ),
    Row(
        type=f"{_API}IntegrationResponse",
        first={"ApiId": "@Api", "IntegrationId": "@Integration", "IntegrationResponseKey": "/200/"},
        second={"ApiId": "@Api", "IntegrationId": "@Integration", "IntegrationResponseKey": "$default"},
        read=shown(
            "apigatewayv2",
            "get_integration_response",
            "IntegrationResponseKey",
            IntegrationId="p.IntegrationId",
            IntegrationResponseId="ref",
            **_KEYED,
        ),
        shows=("/200/", "$default"),
        needs=_NEEDS,
    ),
    Row(
        type=f"{_API}Model",
        first={"ApiId": "@Api", "Name": "m", "Schema": {"type": "object"}},
        second={"ApiId": "@Api", "Name": "m", "Schema": {"type": "string"}},
        read=shown("apigatewayv2", "get_model", "Schema", ModelId="ref", **_KEYED),
        shows=('{"type": "object"}', '{"type": "string"}'),
        needs=_NEEDS,
    ),
    Row(
        type=f"{_API}Authorizer",
        first={
            **{"ApiId": "@Api", "AuthorizerType": "JWT", "Name": "a", "IdentitySource": ["$request.header.A"]},
            "JwtConfiguration": {"Audience": ["x"], "Issuer": "https://issuer"},
        },
        second={
            **{"ApiId": "@Api", "AuthorizerType": "JWT", "Name": "b", "IdentitySource": ["$request.header.B"]},
            "JwtConfiguration": {"Audience": ["y"], "Issuer": "https://issuer"},
        },
        read=shown(
            "apigatewayv2",
            "get_authorizer",
            "[Name, IdentitySource, JwtConfiguration.Audience]",
            AuthorizerId="ref",
            **_KEYED,
        ),
        shows=(["a", ["$request.header.A"], ["x"]], ["b", ["$request.header.B"], ["y"]]),
        needs=_HTTP,
    ),
    Row(
        type=f"{_API}VpcLink",
        first={"Name": "a", "SubnetIds": ["subnet-1"], "Tags": {"a": "1"}},
        second={"Name": "b", "SubnetIds": ["subnet-1"], "Tags": {"b": "2"}},
        read=shown("apigatewayv2", "get_vpc_link", "[Name, Tags]", VpcLinkId="ref"),
        shows=(["a", {"a": "1"}], ["b", {"b": "2"}]),
    ),
    Row(  # what the template says no more is as if it had never said it
        type=f"{_API}Api",
        first={**_SOCKET, "Name": "a", "ApiKeySelectionExpression": "$context.authorizer.usageIdentifierKey"},
        second={**_SOCKET, "Name": "a"},
        read=shown("apigatewayv2", "get_api", "[ApiKeySelectionExpression]", ApiId="ref"),
        shows=(["$context.authorizer.usageIdentifierKey"], ["$request.header.x-api-key"]),
    ),
    Row(
        type=f"{_API}Integration",
        first={
            **{"ApiId": "@Api", "IntegrationType": "MOCK", "RequestTemplates": {"a": "b"}, "TimeoutInMillis": 500},
            **{"PassthroughBehavior": "NEVER", "TemplateSelectionExpression": "a"},
        },
        second={"ApiId": "@Api", "IntegrationType": "MOCK"},
        read=shown(
            "apigatewayv2",
            "get_integration",
            "[RequestTemplates, TimeoutInMillis, PassthroughBehavior, TemplateSelectionExpression, IntegrationId]",
            IntegrationId="ref",
            **_KEYED,
        ),
        shows=([{"a": "b"}, 500, "NEVER", "a", "@It"], [None, 29000, "WHEN_NO_MATCH", None, "@It"]),
        needs=_NEEDS,
    ),
    Row(
        type=f"{_API}Route",
        first={
            **{"ApiId": "@Api", "RouteKey": "send", "ApiKeyRequired": True, "OperationName": "o"},
            **{"RouteResponseSelectionExpression": "$default", "RequestModels": {"m": "M"}},
        },
        second={"ApiId": "@Api", "RouteKey": "send"},
        read=shown(
            "apigatewayv2",
            "get_route",
            "[ApiKeyRequired, OperationName, RouteResponseSelectionExpression, RequestModels]",
            RouteId="ref",
            **_KEYED,
        ),
        shows=([True, "o", "$default", {"m": "M"}], [False, None, None, None]),
        needs=_NEEDS,
    ),
    Row(
        type=f"{_API}Authorizer",
        first={
            **{"ApiId": "@Api", "AuthorizerType": "REQUEST", "Name": "a", "AuthorizerUri": _FUNCTION},
            **{"AuthorizerPayloadFormatVersion": "2.0", "AuthorizerResultTtlInSeconds": 60},
            "EnableSimpleResponses": True,
        },
        second={
            **{"ApiId": "@Api", "AuthorizerType": "REQUEST", "Name": "a", "AuthorizerUri": _FUNCTION},
            "AuthorizerPayloadFormatVersion": "2.0",
        },
        read=shown(
            "apigatewayv2",
            "get_authorizer",
            "[AuthorizerResultTtlInSeconds, EnableSimpleResponses]",
            AuthorizerId="ref",
            **_KEYED,
        ),
        shows=([60, True], [None, None]),
        needs=_HTTP,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type.removeprefix("AWS::"))
def test_resource_is_created_changed_and_deleted(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_websocket_api_has_a_door(provisioning: Provisioning) -> None:
    created = provisioning.create(*_NEEDS["Api"]).provisioned

    api_id = created.physical_id
    assert provisioning.opened == [api_id]
    assert dict(created.attributes) == {
        "ApiId": api_id,
        "ApiEndpoint": f"wss://{api_id}.execute-api.eu-west-1.amazonaws.com",
        "ExecuteApiArn": f"arn:aws:execute-api:eu-west-1:111122223333:{api_id}",
    }


def test_what_only_websocket_apis_have_is_refused_for_http(provisioning: Provisioning) -> None:
    provisioning.create(*_HTTP["Api"], logical_id="Api")
    route = {"ApiId": "@Api", "RouteKey": "GET /", "RouteResponseSelectionExpression": "$default"}

    with pytest.raises(ResourceRefused, match="is not read for APIs of protocol HTTP") as refused:
        provisioning.create(f"{_API}Route", route)

    assert refused.value.property_pointer == "RouteResponseSelectionExpression"


def test_parts_of_an_api_that_is_gone_are_gone(provisioning: Provisioning) -> None:
    for name, (type_name, properties) in _NEEDS.items():
        provisioning.create(type_name, properties, logical_id=name)
    provisioning.delete(provisioning.made["Api"])

    provisioning.delete(provisioning.made["Route"])

    assert "Route" not in provisioning.made


def test_domain_name_leads_to_a_stage(provisioning: Provisioning) -> None:
    provisioning.create(*_HTTP["Api"], logical_id="Api")
    provisioning.create(f"{_API}Stage", {"ApiId": "@Api", "StageName": "live"}, logical_id="Live")
    certificate = "arn:aws:acm:eu-west-1:111122223333:certificate/1"
    configuration = [{"CertificateArn": certificate, "EndpointType": "REGIONAL"}]
    domain = {"DomainName": "api.example.com", "DomainNameConfigurations": configuration}

    created = provisioning.create(f"{_API}DomainName", domain, logical_id="Domain")
    provisioning.create(f"{_API}ApiMapping", {"ApiId": "@Api", "DomainName": "@Domain", "Stage": "@Live"})

    mappings = provisioning.client("apigatewayv2").get_api_mappings(DomainName="api.example.com")["Items"]
    assert [mapping["Stage"] for mapping in mappings] == ["live"]
    assert created.provisioned.attributes["RegionalDomainName"].endswith(".execute-api.eu-west-1.amazonaws.com")
