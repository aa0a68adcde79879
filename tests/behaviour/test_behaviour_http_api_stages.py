"""Stages of HTTP APIs: throttles, access logs, custom domains, and APIs made from a document or from their target."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from lambdakit.errors import LambdakitError
from tests.fakes.http_apis import api, route, stage, to_function
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-http-api-stages")

ECHO = "import json\ndef handler(event, context): return {'statusCode': 200, 'body': json.dumps(event)}"


def _client(deployment: dict[str, Any], name: str = "Url") -> httpx.Client:
    (stack,) = deployment["stacks"].values()
    return httpx.Client(base_url=stack["outputs"][name], timeout=60)


def _url(of: str = "Api") -> dict[str, Any]:
    return {"Fn::GetAtt": [of, "ApiEndpoint"]}


def _api(**stage_properties: Any) -> Resources:
    return (
        function("Fn", ECHO)
        | api("Api")
        | stage("Api", **stage_properties)
        | route("Api", "A", "GET /a", to_function("Fn"))
        | route("Api", "B", "GET /b", to_function("Fn"))
    )


def test_a_route_takes_no_more_than_its_burst_and_what_comes_back(harness: WiredHarness, stacks: Stacks) -> None:
    limits = {"GET /a": {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 0.01}}
    deployment = stacks.deploy(_api(RouteSettings=limits), Url=_url())

    with _client(deployment) as http:
        answers = [http.get("/a") for _ in range(4)]
        others = [http.get("/b") for _ in range(4)]
        harness.call("POST", "clock", {"advance_seconds": 100})
        later = [http.get("/a") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[-1].json() == {"message": "Too Many Requests"}
    assert {answer.status_code for answer in others} == {200}
    assert [answer.status_code for answer in later] == [200, 429]


def test_a_stage_s_limit_is_every_route_s_own_and_full_again_after_a_reset(
    harness: WiredHarness, stacks: Stacks
) -> None:
    limits = {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.01}
    deployment = stacks.deploy(_api(DefaultRouteSettings=limits), Url=_url())

    with _client(deployment) as http:
        before = [http.get(path).status_code for path in ("/a", "/a", "/b", "/b")]
        harness.reset(deployment)
        after = http.get("/a").status_code

    assert before == [200, 429, 200, 429]
    assert after == 200


def test_each_request_leaves_a_line_in_the_access_log(harness: WiredHarness, stacks: Stacks) -> None:
    names = (
        "requestId",
        "httpMethod",
        "routeKey",
        "status",
        "path",
        "integration.status",
        "authorizer.error",
        "error.message",
    )
    line = json.dumps({name: f"$context.{name}" for name in names})
    log = {"DestinationArn": {"Fn::GetAtt": ["AccessLogs", "Arn"]}, "Format": line}
    group = {"AccessLogs": {"Type": "AWS::Logs::LogGroup", "Properties": {}}}
    deployment = stacks.deploy(_api(AccessLogSettings=log) | group, Url=_url())

    with _client(deployment) as http:
        good, missing = http.get("/a?x=1"), http.get("/missing")

    logs = harness.aws("logs")
    events = logs.filter_log_events(logGroupName=physical_id(deployment, "AccessLogs"))["events"]
    first, second = (json.loads(event["message"]) for event in events)
    assert first == {
        "requestId": good.headers["apigw-requestid"],
        "httpMethod": "GET",
        "routeKey": "GET /a",
        "status": "200",
        "path": "/a",
        "integration.status": "200",
        "authorizer.error": "-",
        "error.message": "-",
    }
    assert (second["requestId"], second["status"]) == (missing.headers["apigw-requestid"], "404")
    assert (second["routeKey"], second["error.message"]) == ("-", "Not Found")


def test_several_stages_have_their_own_path_and_variables(stacks: Stacks) -> None:
    resources = _api() | stage("Api", "blue", StageVariables={"color": "blue"}) | stage("Api", "red")

    with _client(stacks.deploy(resources, Url=_url())) as http:
        blue, plain, red = (http.get(path).json() for path in ("/blue/a", "/a", "/red/a"))

    assert (blue["requestContext"]["stage"], blue["rawPath"]) == ("blue", "/blue/a")
    assert blue["stageVariables"] == {"color": "blue"}
    assert plain["requestContext"]["stage"] == "$default"
    assert "stageVariables" not in red


def test_a_custom_domain_leads_to_stages_by_the_beginning_of_the_path(harness: WiredHarness, stacks: Stacks) -> None:
    def mapping(stage_name: str, key: str) -> dict[str, Any]:
        names = {"ApiId": {"Ref": "Api"}, "DomainName": {"Ref": "Domain"}, "Stage": stage_name, "ApiMappingKey": key}
        depends = ["ApiStageblue", "ApiStagedefault"]
        return {"Type": "AWS::ApiGatewayV2::ApiMapping", "Properties": names, "DependsOn": depends}

    domain = {
        "DomainName": "api.shop.test",
        "DomainNameConfigurations": [{"CertificateArn": "arn:aws:acm:::certificate/1"}],
    }
    resources = (
        _api()
        | stage("Api", "blue")
        | {
            "Domain": {"Type": "AWS::ApiGatewayV2::DomainName", "Properties": domain},
            "One": mapping("blue", "v1/orders"),
            "Two": mapping("$default", "v1"),
        }
    )
    resources["Api"]["Properties"]["DisableExecuteApiEndpoint"] = True
    deployment = stacks.deploy(resources, Url=_url(), Domain="https://api.shop.test")

    with _client(deployment, "Domain") as http, _client(deployment) as own:
        nested, short, unmapped = http.get("/v1/orders/a"), http.get("/v1/a"), http.get("/v2/a")
        disabled = own.get("/a")
    by_host = harness.request("GET", "/v1/a", {"Host": "api.shop.test"})

    assert (nested.json()["requestContext"]["stage"], nested.json()["rawPath"]) == ("blue", "/v1/orders/a")
    assert nested.json()["requestContext"]["domainName"] == "api.shop.test"
    assert (short.json()["requestContext"]["stage"], short.json()["routeKey"]) == ("$default", "GET /a")
    assert (unmapped.status_code, unmapped.json()) == (403, {"message": "Forbidden"})
    assert (disabled.status_code, disabled.json()) == (404, {"message": "Not Found"})
    assert by_host.json()["rawPath"] == "/v1/a"


def test_an_api_that_was_made_by_calls_is_served_once_it_is_asked_for(harness: WiredHarness, stacks: Stacks) -> None:
    arn = {"Fn::GetAtt": ["Fn", "Arn"]}
    (outputs,) = (stack["outputs"] for stack in stacks.deploy(function("Fn", ECHO), Arn=arn)["stacks"].values())
    client = harness.aws("apigatewayv2")
    api_id = client.create_api(Name="called", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=outputs["Arn"], PayloadFormatVersion="2.0"
    )["IntegrationId"]
    client.create_route(ApiId=api_id, RouteKey="GET /a", Target=f"integrations/{integration}")
    client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    host = {"Host": f"{api_id}.execute-api.us-east-1.amazonaws.com"}

    served = harness.request("GET", "/a", host)
    client.delete_api(ApiId=api_id)
    gone = harness.request("GET", "/a", host)

    assert served.json()["requestContext"]["apiId"] == api_id
    assert (gone.status, gone.json()) == (404, {"message": "Not Found"})


def test_an_api_may_name_its_target_alone(stacks: Stacks) -> None:
    target = {"Target": {"Fn::GetAtt": ["Fn", "Arn"]}}

    with _client(stacks.deploy(function("Fn", ECHO) | api("Api", **target), Url=_url())) as http:
        event = http.get("/any/thing").json()

    assert (event["routeKey"], event["version"]) == ("$default", "2.0")


class TestDocuments:
    def _document(self, **more: Any) -> dict[str, Any]:
        uri = {"Fn::Sub": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"}
        proxy = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri, "payloadFormatVersion": "2.0"}
        jwt = {
            "type": "jwt",
            "identitySource": "$request.header.Authorization",
            "jwtConfiguration": {"issuer": "https://a.example", "audience": ["shop"]},
        }
        return {
            "openapi": "3.0.1",
            "info": {"title": "from a document", "version": "2026-01-01"},
            "paths": {
                "/items/{id}": {
                    "get": {"x-amazon-apigateway-integration": proxy},
                    "post": {"x-amazon-apigateway-integration": proxy, "security": [{"tokens": ["write"]}]},
                },
                "/any": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": proxy}},
                "/shared": {"get": {"x-amazon-apigateway-integration": {"$ref": "#/components/integrations/shared"}}},
                "/signed": {
                    "get": {"x-amazon-apigateway-integration": proxy, "x-amazon-apigateway-auth": {"type": "AWS_IAM"}}
                },
                "/$default": {
                    "x-amazon-apigateway-any-method": {"isDefaultRoute": True, "x-amazon-apigateway-integration": proxy}
                },
            },
            "components": {
                "integrations": {"shared": {**proxy, "payloadFormatVersion": "1.0"}},
                "securitySchemes": {"tokens": {"type": "oauth2", "x-amazon-apigateway-authorizer": jwt}},
            },
            "x-amazon-apigateway-cors": {"allowOrigins": ["https://example.com"], "maxAge": 5},
            **more,
        }

    def _api(self, document: object) -> Resources:
        body = {"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": document}}}
        return function("Fn", ECHO) | body | stage("Api")

    def test_paths_become_routes_with_what_they_say(self, harness: WiredHarness, stacks: Stacks) -> None:
        deployment = stacks.deploy(self._api(self._document()), Url=_url())

        with _client(deployment) as http:
            item, post, other = http.get("/items/7"), http.post("/items/7"), http.put("/any").json()
            shared, rest = http.get("/shared").json(), http.get("/nothing/of/these").json()
            cors = http.get("/items/7", headers={"Origin": "https://example.com"})

        assert item.json()["pathParameters"] == {"id": "7"}
        assert (post.status_code, post.headers["www-authenticate"]) == (401, "Bearer")
        assert (other["routeKey"], shared["version"], rest["routeKey"]) == ("ANY /any", "1.0", "$default")
        assert cors.headers["access-control-allow-origin"] == "https://example.com"
        (found,) = deployment["apis"]
        assert harness.aws("apigatewayv2").get_api(ApiId=found["api_id"])["Name"] == "from a document"

    def test_what_a_document_asks_for_in_vain_is_refused(self, stacks: Stacks) -> None:
        document = self._document(
            paths={"/a": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}},
        )

        with pytest.raises(LambdakitError, match="GET /a: an HTTP API has AWS_PROXY and HTTP_PROXY integrations only"):
            stacks.deploy(self._api(document))


@pytest.mark.parametrize(
    ("integration", "text"),
    [
        ({"IntegrationType": "MOCK"}, "AWS_PROXY and HTTP_PROXY integrations only, not MOCK"),
        ({"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "3.0"}, "payload format 3.0 is none of 1.0, 2.0"),
        (
            {
                "IntegrationType": "AWS_PROXY",
                "IntegrationSubtype": "AppConfig-GetConfiguration",
                "PayloadFormatVersion": "1.0",
            },
            "not AppConfig-GetConfiguration",
        ),
        (
            {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage", "PayloadFormatVersion": "1.0"},
            "needs a role",
        ),
        (
            {
                "IntegrationType": "HTTP_PROXY",
                "IntegrationUri": "http://127.0.0.1:1",
                "PayloadFormatVersion": "1.0",
                "RequestParameters": {"overwrite:header.Authorization": "x"},
            },
            "the header Authorization is reserved",
        ),
        (
            {
                "IntegrationType": "HTTP_PROXY",
                "IntegrationUri": "http://127.0.0.1:1",
                "PayloadFormatVersion": "1.0",
                "TimeoutInMillis": 49,
            },
            "49 is not from 50 to 30000",
        ),
    ],
)
def test_integrations_that_nobody_would_make_are_refused(
    stacks: Stacks, integration: dict[str, Any], text: str
) -> None:
    with pytest.raises(LambdakitError, match=text):
        stacks.deploy(api("Api") | route("Api", "A", "GET /a", integration))
