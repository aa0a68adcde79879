"""APIs that a template adds to and that are not there: they are made before its resources, and serve what it adds.

Source: CDK API Reference, `RestApi.from_rest_api_attributes`, `Resource.from_resource_attributes`,
`HttpApi.from_http_api_attributes`, `WebSocketApi.from_web_socket_api_attributes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.errors import DeploymentError
from tests.fakes.existing_network import application, made
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.rest_assembly import proxied

pytestmark = pytest.mark.xdist_group("behaviour-existing-apis")

ANSWER = "def handler(event, context): return {'statusCode': 200, 'body': event.get('path') or event['rawPath']}"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


def permission() -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Fn"},
            "Principal": "apigateway.amazonaws.com",
        },
    }


def resource(type_name: str, *after: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{type_name}", "Properties": properties, "DependsOn": list(after)}


def method(api: str, where: object) -> dict[str, Any]:
    return resource(
        "ApiGateway::Method",
        RestApiId=api,
        ResourceId=where,
        HttpMethod="GET",
        AuthorizationType="NONE",
        **proxied("Fn"),
    )


def rest(api: str, **parts: dict[str, Any]) -> Resources:
    """Parts of a REST API that is elsewhere, and a deployment of it to `prod`."""
    return {
        **function("Fn", ANSWER),
        "Permission": permission(),
        **parts,
        "Deployment": resource("ApiGateway::Deployment", *parts, RestApiId=api),
        "Stage": resource("ApiGateway::Stage", RestApiId=api, StageName="prod", DeploymentId={"Ref": "Deployment"}),
    }


def added(api: str, parent: str) -> Resources:
    child = resource("ApiGateway::Resource", RestApiId=api, ParentId=parent, PathPart="orders")
    return rest(api, Child=child, Get=method(api, {"Ref": "Child"}))


def test_a_rest_api_gets_the_named_root_and_serves_what_is_added(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(application(tmp_path, added("wxpv27y874", "04x605ox35")))

    with deployment.http() as http:
        assert http.get("/orders").text == "/orders"
    told = made(harness)["wxpv27y874"]
    assert (told.type, told.assumed) == ("AWS::ApiGateway::RestApi", True)
    assert "/ is 04x605ox35" in told.text
    deployment.destroy()
    assert harness.client("apigateway").get_rest_api(restApiId="wxpv27y874")["rootResourceId"] == "04x605ox35"


def test_what_stands_there_already_is_added_to(harness: Harness, tmp_path: Path) -> None:
    first = harness.deploy(application(tmp_path / "a", added("abcd123456", "rootroot01"), name="first"))
    more = rest("abcd123456", Get=method("abcd123456", "rootroot01"))
    more["Stage"]["Properties"]["StageName"] = "beta"
    since = len(harness.trace.events)

    second = harness.deploy(application(tmp_path / "b", more, name="second"))

    with second.http() as http:
        assert http.get("/").text == "/"
        assert http.get("/orders").text == "/orders"
    assert "abcd123456" not in made(harness, since)
    second.destroy()
    first.destroy()


def test_resources_below_the_root_have_the_paths_that_are_told(harness: Harness, tmp_path: Path) -> None:
    api = "told123456"
    below = resource("ApiGateway::Resource", RestApiId=api, ParentId="deepdeep01", PathPart="items")
    resources = rest(api, Below=below, Get=method(api, {"Ref": "Below"}), Root=method(api, "rootroot01"))
    told = {api: {"rootResourceId": "rootroot01", "resources": {"deepdeep01": "/shops/{shop}"}}}

    deployment = harness.deploy(application(tmp_path, resources, existing=told))

    with deployment.http() as http:
        assert [http.get(path).text for path in ("/shops/a/items", "/")] == ["/shops/a/items", "/"]
    assert made(harness)[api].assumed is False
    deployment.destroy()


def test_resources_that_nobody_told_of_stand_below_the_first(harness: Harness, tmp_path: Path) -> None:
    api = "assu123456"
    resources = rest(api, Root=method(api, "rootroot01"), Other=method(api, "otherother"))

    deployment = harness.deploy(application(tmp_path, resources))

    with deployment.http() as http:
        assert http.get("/otherother").text == "/otherother"
    assert "/ is rootroot01, /otherother is otherother" in made(harness)[api].text.replace("its resources ", "")
    deployment.destroy()


def routed(api: str, key: str, **stage: Any) -> Resources:
    integration = resource(
        "ApiGatewayV2::Integration",
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri={"Fn::GetAtt": ["Fn", "Arn"]},
        PayloadFormatVersion="2.0",
    )
    route = resource(
        "ApiGatewayV2::Route",
        ApiId=api,
        RouteKey=key,
        Target={"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]},
    )
    return {
        **function("Fn", ANSWER),
        "Permission": permission(),
        "Integration": integration,
        "Route": route,
        **({"Stage": resource("ApiGatewayV2::Stage", ApiId=api, **stage)} if stage else {}),
    }


@pytest.mark.parametrize(
    "stage", [{}, {"StageName": "$default", "AutoDeploy": True}], ids=["its own", "the template's"]
)
def test_an_http_api_serves_the_routes_that_are_added(
    harness: Harness, tmp_path: Path, stage: dict[str, object]
) -> None:
    api = f"http{len(stage)}23456"

    deployment = harness.deploy(application(tmp_path, routed(api, "GET /hello", **stage)))

    with deployment.http() as http:
        assert http.get("/hello").text == "/hello"
    assert made(harness)[api].type == "AWS::ApiGatewayV2::Api"
    deployment.destroy()


def test_a_websocket_api_is_known_by_its_routes(harness: Harness, tmp_path: Path) -> None:
    resources = routed("sock123456", "$connect", StageName="live", AutoDeploy=True)
    del resources["Integration"]["Properties"]["PayloadFormatVersion"]

    deployment = harness.deploy(application(tmp_path, resources))

    assert harness.client("apigatewayv2").get_api(ApiId="sock123456")["ProtocolType"] == "WEBSOCKET"
    assert deployment.api().url.startswith("ws://")
    assert deployment.api().url.endswith("/live")
    deployment.destroy()


def test_an_api_that_was_made_for_a_failed_deployment_goes_with_it(harness: Harness, tmp_path: Path) -> None:
    resources = added("fail123456", "rootroot01")
    resources["Wrong"] = resource("SSM::Parameter", "Child", Name="a//b", Type="Wrong", Value="x")

    with pytest.raises(DeploymentError, match="Wrong"):
        harness.deploy(application(tmp_path, resources))

    apis = harness.client("apigateway").get_rest_apis()["items"]
    assert "fail123456" not in {api["id"] for api in apis}
