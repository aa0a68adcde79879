"""API Gateway's calls that make several things at once: imports, quick create; and deployments of HTTP APIs."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-api-creation")


def _mock(text: str) -> dict[str, Any]:
    template = json.dumps({"said": text})
    return {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": template}}},
        },
    }


def _swagger(title: str = "shop", **paths: Any) -> bytes:
    document = {
        "swagger": "2.0",
        "info": {"title": title, "version": "1.0"},
        "basePath": "/v1/api",
        "paths": {f"/{name}": item for name, item in paths.items()},
    }
    return json.dumps(document).encode()


@pytest.fixture(scope="module")
def rest(harness: WiredHarness) -> Any:
    return harness.aws("apigateway")


@pytest.fixture
def api_id(rest: Any) -> Iterator[str]:
    body = _swagger(orders={"get": _mock("orders")})
    made = rest.import_rest_api(body=body, parameters={"endpointConfigurationTypes": "REGIONAL"})
    yield made["id"]
    rest.delete_rest_api(restApiId=made["id"])


def _paths(rest: Any, api_id: str) -> dict[str, list[str]]:
    items = rest.get_resources(restApiId=api_id)["items"]
    return {item["path"]: sorted(item.get("resourceMethods", ())) for item in items}


def _said(harness: WiredHarness, rest: Any, api_id: str, path: str) -> Any:
    rest.create_deployment(restApiId=api_id, stageName="prod")
    url = f"http://127.0.0.1:{harness.port}/_lambdakit/apis/{api_id}/prod{path}"
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)["said"]


def test_swagger_is_imported_and_answers(harness: WiredHarness, rest: Any, api_id: str) -> None:
    made = rest.get_rest_api(restApiId=api_id)

    assert made["name"] == "shop"
    assert made["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert _paths(rest, api_id) == {"/": [], "/orders": ["GET"]}
    assert _said(harness, rest, api_id, "/orders") == "orders"


def test_import_answers_as_created(rest: Any) -> None:
    made = rest.import_rest_api(body=_swagger())

    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    rest.delete_rest_api(restApiId=made["id"])


def test_merging_replaces_what_the_document_names_and_keeps_the_rest(
    harness: WiredHarness, rest: Any, api_id: str
) -> None:
    rest.put_rest_api(restApiId=api_id, mode="merge", body=_swagger(orders={"post": _mock("new")}, carts={}))
    rest.put_rest_api(restApiId=api_id, body=_swagger(orders={"get": _mock("orders again")}))

    assert _paths(rest, api_id) == {"/": [], "/carts": [], "/orders": ["GET", "POST"]}
    assert _said(harness, rest, api_id, "/orders") == "orders again"


def test_overwriting_leaves_what_the_document_has(rest: Any, api_id: str) -> None:
    rest.put_rest_api(restApiId=api_id, mode="overwrite", body=_swagger("other", carts={"get": _mock("carts")}))

    assert _paths(rest, api_id) == {"/": [], "/carts": ["GET"]}
    assert rest.get_rest_api(restApiId=api_id)["name"] == "other"


@pytest.mark.parametrize(
    ("use", "path"), [("ignore", "/orders"), ("prepend", "/v1/api/orders"), ("split", "/api/orders")]
)
def test_base_path_goes_where_the_call_says(rest: Any, use: str, path: str) -> None:
    body = _swagger(orders={"get": _mock("orders")})
    made = rest.import_rest_api(body=body, parameters={"basepath": use})

    assert _paths(rest, made["id"])[path] == ["GET"]
    rest.delete_rest_api(restApiId=made["id"])


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"info": {}}'], ids=["no JSON", "no object", "no definition"])
def test_what_is_no_document_is_refused_and_makes_nothing(rest: Any, body: bytes) -> None:
    before = len(rest.get_rest_apis(limit=500)["items"])

    with pytest.raises(ClientError) as refused:
        rest.import_rest_api(body=body)

    assert refused.value.response["Error"]["Code"] == "BadRequestException"
    assert len(rest.get_rest_apis(limit=500)["items"]) == before


def test_import_into_an_api_that_is_not_there(rest: Any) -> None:
    with pytest.raises(ClientError, match="NotFoundException"):
        rest.put_rest_api(restApiId="none", body=_swagger())


def test_http_api_is_imported_and_imported_again(harness: WiredHarness) -> None:
    http = harness.aws("apigatewayv2")
    integration = {"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://127.0.0.1/", "payloadFormatVersion": "1.0"}

    def document(path: str) -> str:
        operation = {"responses": {}, "x-amazon-apigateway-integration": integration}
        cors = {"allowOrigins": ["https://a.example"]}
        info = {"title": "web", "version": "3"}
        paths = {path: {"get": operation}}
        return json.dumps({"openapi": "3.0.1", "info": info, "x-amazon-apigateway-cors": cors, "paths": paths})

    made = http.import_api(Body=document("/a"))
    first = [route["RouteKey"] for route in http.get_routes(ApiId=made["ApiId"])["Items"]]
    again = http.reimport_api(ApiId=made["ApiId"], Body=document("/b"))
    second = [route["RouteKey"] for route in http.get_routes(ApiId=made["ApiId"])["Items"]]

    assert (made["Name"], made["CorsConfiguration"]) == ("web", {"AllowOrigins": ["https://a.example"]})
    assert (first, second) == (["GET /a"], ["GET /b"])
    assert again["ApiId"] == made["ApiId"]
    with pytest.raises(ClientError, match="BadRequestException"):
        http.import_api(Body="{}")


def _function(harness: WiredHarness, name: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("m.py", "def handler(event, context):\n    return {'said': event['routeKey']}\n")
    code = {"ZipFile": archive.getvalue()}
    role = "arn:aws:iam::123456789012:role/r"
    client = harness.aws("lambda")
    made = client.create_function(FunctionName=name, Runtime="python3.13", Handler="m.handler", Role=role, Code=code)
    client.add_permission(
        FunctionName=name, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    return str(made["FunctionArn"])


def test_target_makes_route_integration_and_stage(harness: WiredHarness) -> None:
    http = harness.aws("apigatewayv2")

    made = http.create_api(Name="quick", ProtocolType="HTTP", Target=_function(harness, "quick"))

    assert [stage["StageName"] for stage in http.get_stages(ApiId=made["ApiId"])["Items"]] == ["$default"]
    with urllib.request.urlopen(f"http://127.0.0.1:{harness.port}/_lambdakit/apis/{made['ApiId']}/any") as answer:
        assert json.load(answer) == {"said": "$default"}


def test_deployments_of_http_apis_are_kept(harness: WiredHarness) -> None:
    http = harness.aws("apigatewayv2")
    api_id = http.create_api(Name="d", ProtocolType="HTTP")["ApiId"]

    made = http.create_deployment(ApiId=api_id, Description="first")
    place = {"ApiId": api_id, "DeploymentId": made["DeploymentId"]}

    assert (made["DeploymentStatus"], made["Description"]) == ("DEPLOYED", "first")
    assert http.update_deployment(**place, Description="second")["Description"] == "second"
    assert [each["DeploymentId"] for each in http.get_deployments(ApiId=api_id)["Items"]] == [made["DeploymentId"]]
    http.delete_deployment(**place)
    with pytest.raises(ClientError, match="NotFoundException"):
        http.get_deployment(**place)
    with pytest.raises(ClientError, match="NotFoundException"):
        http.create_deployment(ApiId="none")
