"""Custom domains that APIs of both kinds are mapped to. Source: as in `lambdakit.harness.moto_state.shared_domains`."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fakes.http_apis import api, route, stage, to_function
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.rest_assembly import invocable, proxied, rest_api
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-shared-domains")

ECHO = "import json\ndef handler(event, context): return {'statusCode': 200, 'body': json.dumps(event)}"
NAME = "api.shared.test"
OF_HTTP: dict[str, Any] = {
    "Type": "AWS::ApiGatewayV2::DomainName",
    "Properties": {
        "DomainName": NAME,
        "DomainNameConfigurations": [{"CertificateArn": "arn:aws:acm:::certificate/1"}],
    },
}
OF_REST: dict[str, Any] = {
    "Type": "AWS::ApiGateway::DomainName",
    "Properties": {"DomainName": NAME, "EndpointConfiguration": {"Types": ["REGIONAL"]}},
}


def _apis() -> Resources:
    return (
        function("Fn", ECHO)
        | rest_api("Rest", {"GET /a": proxied("Fn")})
        | invocable("Fn", "Rest")
        | api("Http")
        | stage("Http")
        | route("Http", "A", "GET /a", to_function("Fn"))
    )


def _mapped(of: str, stage_name: str, key: str) -> dict[str, Any]:
    names = {"ApiId": {"Ref": of}, "DomainName": {"Ref": "Domain"}, "Stage": stage_name, "ApiMappingKey": key}
    depends = ["RestStage", "HttpStagedefault"]
    return {"Type": "AWS::ApiGatewayV2::ApiMapping", "Properties": names, "DependsOn": depends}


@pytest.mark.parametrize("domain", [OF_HTTP, OF_REST], ids=["of HTTP APIs", "of REST APIs"])
def test_one_domain_leads_to_apis_of_both_kinds(stacks: Stacks, domain: dict[str, Any]) -> None:
    base_path = {"DomainName": {"Ref": "Domain"}, "RestApiId": {"Ref": "Rest"}, "BasePath": "old", "Stage": "prod"}
    deployment = stacks.deploy(
        _apis()
        | {
            "Domain": domain,
            "Deep": _mapped("Rest", "prod", "v1/orders"),
            "Flat": _mapped("Http", "$default", "v1"),
            "Old": {
                "Type": "AWS::ApiGateway::BasePathMapping",
                "DependsOn": "RestStage",
                "Properties": base_path,
            },
        },
        Domain=f"https://{NAME}",
    )
    (stack,) = deployment["stacks"].values()

    with httpx.Client(base_url=stack["outputs"]["Domain"], timeout=60) as http:
        rest, plain, old, none = (http.get(path) for path in ("/v1/orders/a", "/v1/a", "/old/a", "/v2/a"))

    assert (rest.json()["resource"], rest.json()["path"]) == ("/a", "/v1/orders/a")
    assert rest.json()["requestContext"]["stage"] == "prod"
    assert (plain.json()["routeKey"], plain.json()["rawPath"]) == ("GET /a", "/v1/a")
    assert old.json()["resource"] == "/a"
    assert none.status_code == 403


def test_a_mapping_is_told_and_of_nothing_else(harness: WiredHarness, stacks: Stacks) -> None:
    stacks.deploy(_apis() | {"Domain": OF_REST, "Deep": _mapped("Rest", "prod", "a/b")})
    client = harness.aws("apigatewayv2")

    [mapping] = client.get_api_mappings(DomainName=NAME)["Items"]
    told = client.get_api_mapping(DomainName=NAME, ApiMappingId=mapping["ApiMappingId"])

    assert (told["ApiMappingKey"], told["Stage"]) == ("a/b", "prod")
    for wrong in ({"DomainName": "other.test"}, {"ApiId": "gone"}):
        given = {"DomainName": NAME, "ApiId": mapping["ApiId"], "Stage": "prod", "ApiMappingKey": "c", **wrong}
        with pytest.raises(client.exceptions.NotFoundException):
            client.create_api_mapping(**given)
    assert client.get_api_mappings(DomainName=NAME)["Items"] == [mapping]
