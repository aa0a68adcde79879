"""Deployed APIs as OpenAPI documents; and, as those say, requests that are in order and requests that are not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import yaml
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator

from tests.fakes.described_apis import REACHED, described_apis, outputs
from tests.fakes.document_requests import Asked, operations, requests
from tests.fakes.plain_assembly import write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-api-exports")

EXTENDED = {"extensions": "apigateway"}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Both APIs, deployed. http: a client that keeps one connection. documents: by the API's name. seen: verdicts."""

    harness: WiredHarness
    outputs: dict[str, str]
    http: httpx.Client
    documents: dict[str, Any] = field(default_factory=dict, repr=False)
    seen: Counter[str] = field(default_factory=Counter)

    def rest(self, kind: str = "oas30", **given: Any) -> Any:
        """The answer to `GetExport`."""
        client = self.harness.aws("apigateway")
        return client.get_export(restApiId=self.outputs["ShopId"], stageName="prod", exportType=kind, **given)

    def web(self, **given: Any) -> bytes:
        """The document of `ExportApi`."""
        client = self.harness.aws("apigatewayv2")
        answer = client.export_api(
            ApiId=self.outputs["WebId"], **{"Specification": "OAS30", "OutputType": "JSON"} | given
        )
        document: bytes = answer["body"].read()
        return document


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    with (
        WiredHarness(enforce_iam="on") as harness,
        httpx.Client(timeout=60, trust_env=False, limits=limits) as http,
    ):
        deployment = harness.deploy(
            write_stack(tmp_path_factory.mktemp("a"), "described", described_apis(), **outputs())
        )
        world = World(harness=harness, outputs=deployment["stacks"]["described"]["outputs"], http=http)
        world.documents["Shop"] = json.loads(world.rest()["body"].read())
        world.documents["Web"] = json.loads(world.web())
        yield world


def _without_greed(document: Any) -> Any:
    """API Gateway calls `{path+}` by the name `path`: Developer Guide, "x-amazon-apigateway-any-method object"."""
    return {**document, "paths": {path.replace("+}", "}"): each for path, each in document["paths"].items()}}


class TestRest:
    @pytest.mark.parametrize("given", [{}, {"parameters": EXTENDED}, {"parameters": {"extensions": "authorizers"}}])
    def test_it_is_sound(self, world: World, given: dict[str, Any]) -> None:
        document = json.loads(world.rest(**given)["body"].read())

        OpenAPIV30SpecValidator(_without_greed(document)).validate()

    @pytest.mark.parametrize("given", [{}, {"parameters": EXTENDED}])
    def test_the_older_form_is_sound_too(self, world: World, given: dict[str, Any]) -> None:
        document = json.loads(world.rest("swagger", **given)["body"].read())

        OpenAPIV2SpecValidator(_without_greed(document)).validate()
        assert (document["swagger"], document["basePath"]) == ("2.0", "/prod")
        assert document["host"] == f"{world.outputs['ShopId']}.execute-api.us-east-1.amazonaws.com"

    def test_it_says_what_is_asked_of_a_request(self, world: World) -> None:
        paths = world.documents["Shop"]["paths"]

        assert paths["/orders"]["get"] == {
            "operationId": "listOrders",
            "parameters": [
                {"name": "page", "in": "query", "required": True, "schema": {"type": "string"}},
                {"name": "size", "in": "query", "schema": {"type": "string"}},
            ],
            "responses": {"default": {"description": "Default response"}},
        }
        order = {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
        assert paths["/orders"]["post"]["requestBody"] == {"content": order, "required": True}
        assert paths["/orders"]["post"]["responses"]["200"] == {
            "description": "200 response",
            "headers": {"X-Reached": {"schema": {"type": "string"}}},
            "content": order,
        }
        assert paths["/items"]["post"]["security"] == [{"the_door": []}]
        assert paths["/keyed"]["get"]["security"] == [{"api_key": []}]
        assert "x-amazon-apigateway-any-method" in paths["/files/{path+}"]

    def test_extensions_are_told_who_asks_for_them(self, world: World) -> None:
        plain, extended = world.documents["Shop"], json.loads(world.rest(parameters=EXTENDED)["body"].read())

        assert "x-amazon-apigateway-integration" not in json.dumps(plain)
        assert extended["x-amazon-apigateway-request-validators"]["body"] == {
            "validateRequestParameters": False,
            "validateRequestBody": True,
        }
        assert extended["x-amazon-apigateway-gateway-responses"]["DEFAULT_4XX"]["responseParameters"]
        operation = extended["paths"]["/orders"]["options"]
        assert operation["x-amazon-apigateway-integration"]["responses"]["default"]["statusCode"] == "204"
        door = extended["components"]["securitySchemes"]["the_door"]
        assert (door["name"], door["x-amazon-apigateway-authorizer"]["type"]) == ("X-Token", "token")

    def test_it_is_written_as_it_is_wanted(self, world: World) -> None:
        answer = world.rest(accepts="application/yaml")

        assert answer["contentType"] == "application/yaml"
        assert answer["contentDisposition"].startswith("attachment; filename=")
        assert yaml.safe_load(answer["body"].read()) == world.documents["Shop"]

    def test_another_api_is_made_of_it(self, world: World, tmp_path: Any) -> None:
        whole = json.loads(world.rest(parameters=EXTENDED)["body"].read())
        again = {"Again": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": whole, "Name": "again"}}}

        deployment = world.harness.deploy(write_stack(tmp_path, "again", again, Id={"Ref": "Again"}))

        client, api_id = world.harness.aws("apigateway"), deployment["stacks"]["again"]["outputs"]["Id"]
        client.create_deployment(restApiId=api_id, stageName="prod")
        answer = client.get_export(restApiId=api_id, stageName="prod", exportType="oas30", parameters=EXTENDED)
        copy = json.loads(answer["body"].read())
        assert copy["paths"]["/orders"]["post"] == whole["paths"]["/orders"]["post"]
        assert copy["components"]["schemas"] == whole["components"]["schemas"]
        world.harness.destroy(deployment)

    @pytest.mark.parametrize(
        ("given", "code", "text"),
        [
            ({"restApiId": "nosuchapi1"}, "NotFoundException", "Invalid API identifier specified"),
            ({"stageName": "nosuch"}, "NotFoundException", "Invalid stage identifier specified"),
            ({"exportType": "raml"}, "BadRequestException", "No API exporter for type 'raml'"),
            ({"parameters": {"extensions": "all"}}, "BadRequestException", "all"),
            ({"accepts": "text/html"}, "BadRequestException", "text/html"),
            ({"parameters": {"extensions": "postman"}}, "NotImplemented", "Postman"),
        ],
    )
    def test_what_cannot_be_exported_is_refused(
        self, world: World, given: dict[str, Any], code: str, text: str
    ) -> None:
        whole = {"restApiId": world.outputs["ShopId"], "stageName": "prod", "exportType": "oas30"}

        with pytest.raises(ClientError, match=text) as caught:
            world.harness.aws("apigateway").get_export(**whole | given)

        assert caught.value.response["Error"]["Code"] == code


class TestHttp:
    @pytest.mark.parametrize("given", [{}, {"IncludeExtensions": False}, {"StageName": "$default"}])
    def test_it_is_sound(self, world: World, given: dict[str, Any]) -> None:
        OpenAPIV30SpecValidator(json.loads(world.web(**given))).validate()

    def test_it_says_where_each_route_leads(self, world: World) -> None:
        document = world.documents["Web"]

        thing = document["paths"]["/things/{id}"]
        assert [parameter["name"] for parameter in thing["parameters"]] == ["id"]
        integration = thing["get"]["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["payloadFormatVersion"]) == ("aws_proxy", "2.0")
        assert integration["uri"].endswith("/invocations")
        assert document["x-amazon-apigateway-cors"]["allowOrigins"] == ["https://example.com"]
        assert document["components"]["securitySchemes"]["WebTokens"]["type"] == "oauth2"

    def test_without_extensions_there_is_none(self, world: World) -> None:
        assert b"x-amazon-apigateway-integration" not in world.web(IncludeExtensions=False)

    def test_yaml_says_the_same(self, world: World) -> None:
        assert yaml.safe_load(world.web(OutputType="YAML")) == world.documents["Web"]

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"ApiId": "nosuch"}, "NotFoundException"),
            ({"StageName": "nosuch"}, "NotFoundException"),
            ({"Specification": "OAS31"}, "BadRequestException"),
            ({"ExportVersion": "2.0"}, "BadRequestException"),
            ({"OutputType": "XML"}, "BadRequestException"),
        ],
    )
    def test_what_cannot_be_exported_is_refused(self, world: World, given: dict[str, Any], code: str) -> None:
        whole = {"ApiId": world.outputs["WebId"], "Specification": "OAS30", "OutputType": "JSON"}

        with pytest.raises(ClientError) as caught:
            world.harness.aws("apigatewayv2").export_api(**whole | given)

        assert caught.value.response["Error"]["Code"] == code


class TestRequestsAsTheDocumentSays:
    """Bounded: so many requests, at most that many seconds each."""

    @pytest.mark.parametrize("which", ["Shop", "Web"])
    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_each_is_answered_as_the_document_says(self, world: World, which: str, data: st.DataObject) -> None:
        document = world.documents[which]
        operation = data.draw(st.sampled_from(operations(document)), label="operation")
        asked = data.draw(requests(operation, document), label="request")

        answer = _ask(world, which, asked)

        world.seen[f"{which} {asked.verdict}"] += 1
        assert answer.headers.get("connection") != "close"
        if asked.verdict == "uncredited":
            assert answer.status_code in (401, 403)
            assert REACHED not in answer.headers
        elif asked.verdict == "unparametrised":
            names = json.loads(answer.content)["message"].removesuffix("]").partition("[")[2].split(", ")
            assert (answer.status_code, sorted(names)) == (400, sorted(asked.missing))
        elif asked.verdict == "malformed":
            assert (answer.status_code, answer.json()) == (400, {"message": "Invalid request body"})
        elif asked.method == "OPTIONS":
            assert answer.status_code == 204
        else:
            assert (answer.status_code, answer.headers.get(REACHED)) == (200, "yes")

    def test_requests_of_every_kind_were_made_and_none_failed(self, world: World) -> None:
        if not world.seen:
            pytest.skip("the test before this one was not run")

        answered = [event["status"] for event in world.harness.events("RequestAnswered")]
        assert len(answered) >= world.seen.total()
        assert max(answered) < 500
        assert set(world.seen) == {
            *(f"Shop {verdict}" for verdict in ("valid", "uncredited", "unparametrised", "malformed")),
            *(f"Web {verdict}" for verdict in ("valid", "uncredited")),
        }

    @pytest.mark.parametrize(("which", "status"), [("Shop", 403), ("Web", 404)])
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_what_it_does_not_describe_reaches_nobody(
        self, world: World, which: str, status: int, data: st.DataObject
    ) -> None:
        described = operations(world.documents[which])
        known = [each for each in described if "{" not in each.path]
        path = data.draw(st.sampled_from([each.path for each in known] + ["/nowhere", "/orders/1/2"]))
        there = {each.verb.upper() for each in described if each.path == path}
        verb = data.draw(st.sampled_from(sorted({"GET", "PUT", "POST", "PATCH", "DELETE"} - there)))

        answer = world.http.request(verb, world.outputs[which].rstrip("/") + path, content=b"{}")

        assert answer.status_code == status
        assert answer.json()["message"] in ("Missing Authentication Token", "Not Found")


def _ask(world: World, which: str, asked: Asked) -> httpx.Response:
    url = world.outputs[which].rstrip("/") + asked.path
    return world.http.request(
        asked.method, url, params=dict(asked.query) or None, headers=dict(asked.headers), content=asked.body
    )
