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
