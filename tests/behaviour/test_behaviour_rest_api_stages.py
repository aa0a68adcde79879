"""REST APIs as they are deployed: stages, canaries, domains, policies, documents, logs, and a whole scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.fakes.plain_assembly import Resources, function, write_stack
from tests.fakes.rest_assembly import invocable, proxied, rest_api, url_of
from tests.fakes.wired_harness import Answer, WiredHarness, request

pytestmark = pytest.mark.xdist_group("behaviour-rest-api-stages")

ECHO = """
import json

def handler(event, context):
    if event["path"] == "/fail":
        raise LookupError("a secret")
    return {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": json.dumps(event)}
"""

AUTHORIZER = """
def handler(event, context):
    effect = {"let me in": "Allow", "keep me out": "Deny"}.get(event["authorizationToken"])
    if effect is None:
        raise Exception("Unauthorized")
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "ann", "policyDocument": policy, "context": {"level": 7}}
"""

URI = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${%s.Arn}/invocations"
PREFLIGHT: dict[str, Any] = {
    "Integration": {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": "{ statusCode: 200 }"},
        "IntegrationResponses": [
            {
                "StatusCode": "204",
                "ResponseParameters": {
                    "method.response.header.Access-Control-Allow-Origin": "'https://example.com'",
                    "method.response.header.Access-Control-Allow-Headers": "'Content-Type,Authorization'",
                    "method.response.header.Access-Control-Allow-Methods": "'OPTIONS,GET'",
                },
            }
        ],
    },
    "MethodResponses": [
        {
            "StatusCode": "204",
            "ResponseParameters": {
                f"method.response.header.Access-Control-Allow-{name}": True for name in ("Origin", "Headers", "Methods")
            },
        }
    ],
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "documented", "version": "1"},
    "paths": {
        "/items/{id}": {
            "get": {"x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": None}},
            "post": {
                "x-amazon-apigateway-request-validator": "body",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}},
                "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": None},
            },
        },
        "/{proxy+}": {
            "x-amazon-apigateway-any-method": {
                "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": None}
            }
        },
    },
    "components": {
        "schemas": {"Item": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}
    },
    "x-amazon-apigateway-request-validators": {"body": {"validateRequestBody": True}},
    "x-amazon-apigateway-gateway-responses": {"BAD_REQUEST_BODY": {"statusCode": 422}},
    "x-amazon-apigateway-policy": {
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
            {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/*/secret"},
        ]
    },
}


class Stages:
    """The deployed stack. outputs: of it."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        self.outputs: dict[str, str] = deployment["stacks"]["stages"]["outputs"]

    def send(self, output: str, method: str, path: str, body: bytes | None = None) -> Answer:
        url = urlsplit(self.outputs[output])
        return request(url.port or 0, method, f"{url.path}{path}", {}, body)


def _documented() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(DOCUMENT))
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["x-amazon-apigateway-integration"]["uri"] = {"Fn::Sub": URI % "Echo"}
    return document


def _resources() -> Resources:
    methods = {
        "GET /orders": {**proxied("Echo"), "AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}},
        "OPTIONS /orders": PREFLIGHT,
        "GET /open": proxied("Echo"),
        "GET /fail": proxied("Echo"),
    }
    log_format = '{"id":"$context.requestId","status":$context.status,"who":"$context.authorizer.principalId",'
    log_format += '"why":$context.error.messageString,"took":"$context.integrationLatency","none":"$context.wafError"}'
    stage = {
        "AccessLogSetting": {"DestinationArn": {"Fn::GetAtt": ["Log", "Arn"]}, "Format": log_format},
        "MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", "MetricsEnabled": True, "LoggingLevel": "ERROR"}],
        "Variables": {"colour": "green", "size": "7"},
    }
    canary = {
        "PercentTraffic": 100,
        "DeploymentId": {"Ref": "ShopDeployment"},
        "StageVariableOverrides": {"colour": "yellow"},
    }
    domain = "api.example.com"
    mapping: dict[str, Any] = {"DomainName": {"Ref": "Domain"}, "RestApiId": {"Ref": "Shop"}}
    return (
        function("Echo", ECHO)
        | function("Checks", AUTHORIZER)
        | {
            "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {}},
            "Authorizer": {
                "Type": "AWS::ApiGateway::Authorizer",
                "Properties": {
                    "RestApiId": {"Ref": "Shop"},
                    "Name": "checks",
                    "Type": "TOKEN",
                    "AuthorizerUri": {"Fn::Sub": URI % "Checks"},
                    "IdentitySource": "method.request.header.Authorization",
                    "IdentityValidationExpression": "^[a-z ]+$",
                },
            },
        }
        | rest_api("Shop", methods, stage_properties=stage)
        | {
            "Second": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    "RestApiId": {"Ref": "Shop"},
                    "DeploymentId": {"Ref": "ShopDeployment"},
                    "StageName": "canary",
                    "Variables": {"colour": "green", "size": "7"},
                    "CanarySetting": canary,
                },
            },
            "Domain": {
                "Type": "AWS::ApiGateway::DomainName",
                "Properties": {"DomainName": domain, "EndpointConfiguration": {"Types": ["REGIONAL"]}},
            },
            "Mapped": {
                "Type": "AWS::ApiGateway::BasePathMapping",
                "DependsOn": "ShopStage",
                "Properties": {**mapping, "BasePath": "v1", "Stage": "prod"},
            },
            "Whole": {
                "Type": "AWS::ApiGateway::BasePathMapping",
                "DependsOn": "ShopStage",
                "Properties": {**mapping, "BasePath": "any"},
            },
            "Documented": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": _documented()}},
            "DocumentedDeployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"RestApiId": {"Ref": "Documented"}, "StageName": "live"},
            },
        }
        | invocable("Echo", "Shop")
        | invocable("Echo", "Documented")
        | invocable("Checks", "Shop", SourceArn={"Fn::Sub": _authorizers_of("Shop")})
    )


def _authorizers_of(api: str) -> str:
    return f"arn:aws:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/authorizers/*"


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture(scope="module")
def stages(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Stages:
    outputs: dict[str, Any] = {
        "Shop": url_of("Shop"),
        "Canary": url_of("Shop", "canary"),
        "Documented": url_of("Documented", "live"),
        "Domain": "https://api.example.com",
        "Log": {"Ref": "Log"},
        "Api": {"Ref": "Shop"},
        "Deployment": {"Ref": "ShopDeployment"},
    }
    directory = tmp_path_factory.mktemp("assembly")
    return Stages(harness, harness.deploy(write_stack(directory, "stages", _resources(), **outputs)))


def test_a_page_asks_asks_again_and_is_let_in(stages: Stages) -> None:
    origin = {"Origin": "https://example.com"}
    with httpx.Client(base_url=stages.outputs["Shop"], trust_env=False, timeout=60) as client:
        preflight = client.options("/orders", headers={**origin, "Access-Control-Request-Method": "GET"})
        missing = client.get("/orders", headers=origin)
        malformed = client.get("/orders", headers={**origin, "Authorization": "NO!"})
        unknown = client.get("/orders", headers={**origin, "Authorization": "who am i"})
        denied = client.get("/orders", headers={**origin, "Authorization": "keep me out"})
        allowed = client.get("/orders", headers={**origin, "Authorization": "let me in"})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://example.com"
    assert preflight.headers["access-control-allow-methods"] == "OPTIONS,GET"
    for answer in (missing, malformed, unknown):
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    assert denied.status_code == 403
    told = "User is not authorized to access this resource with an explicit deny in an identity-based policy"
    assert denied.json() == {"Message": told}
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "*")
    authorizer = allowed.json()["requestContext"]["authorizer"]
    assert (authorizer["principalId"], authorizer["level"]) == ("ann", "7")


class TestDeployments:
    def test_a_change_is_live_after_a_deployment(self, stages: Stages) -> None:
        gateway, api_id = stages.harness.aws("apigateway"), stages.outputs["Api"]
        resources = gateway.get_resources(restApiId=api_id, limit=500)["items"]
        opened = next(each["id"] for each in resources if each["path"] == "/open")
        place = {"restApiId": api_id, "resourceId": opened, "httpMethod": "POST"}

        gateway.put_method(**place, authorizationType="NONE")
        gateway.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        gateway.put_method_response(**place, statusCode="200")
        gateway.put_integration_response(**place, statusCode="200", selectionPattern="")
        before = stages.send("Shop", "POST", "/open").status
        deployment_id = gateway.create_deployment(restApiId=api_id, stageName="prod")["id"]
        after = stages.send("Shop", "POST", "/open").status
        stage = gateway.get_stage(restApiId=api_id, stageName="prod")

        assert (before, after) == (403, 200)
        assert stage["deploymentId"] == deployment_id
        assert stage["variables"] == {"colour": "green", "size": "7"}  # the stage's settings stay
        back = [{"op": "replace", "path": "/deploymentId", "value": stages.outputs["Deployment"]}]
        gateway.update_stage(restApiId=api_id, stageName="prod", patchOperations=back)
        assert stages.send("Shop", "POST", "/open").status == 403

    def test_a_canary_has_its_own_variables(self, stages: Stages) -> None:
        event = stages.send("Canary", "GET", "/open").json()

        assert event["stageVariables"] == {"colour": "yellow", "size": "7"}
        assert event["requestContext"]["isCanaryRequest"] is True

    def test_a_canary_is_promoted(self, stages: Stages) -> None:
        gateway, place = stages.harness.aws("apigateway"), {"restApiId": stages.outputs["Api"], "stageName": "canary"}

        shown = gateway.get_stage(**place)["canarySettings"]
        copied = [
            {"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"},
            {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
            {"op": "replace", "path": "/canarySettings/percentTraffic", "value": "0"},
        ]
        gateway.update_stage(**place, patchOperations=copied)
        event = stages.send("Canary", "GET", "/open").json()

        assert (shown["percentTraffic"], shown["stageVariableOverrides"]) == (100.0, {"colour": "yellow"})
        assert event["stageVariables"] == {"colour": "yellow", "size": "7"}
        assert "isCanaryRequest" not in event["requestContext"]

    def test_each_stage_has_its_url(self, stages: Stages) -> None:
        urls = {api["name"]: api["url"] for api in stages.deployment["apis"] if api["kind"] == "rest_api"}

        assert urls["Shop/prod"] == stages.outputs["Shop"]
        assert urls["Shop/canary"] == stages.outputs["Canary"]
        assert stages.outputs["Documented"] in urls.values()


class TestDomains:
    @pytest.mark.parametrize(("path", "base"), [("/v1/open", "/v1"), ("/any/prod/open", "/any")])
    def test_a_base_path_leads_to_a_stage(self, stages: Stages, path: str, base: str) -> None:
        event = stages.send("Domain", "GET", path).json()

        assert event["path"] == event["requestContext"]["path"] == path
        assert path.startswith(base)
        assert (event["resource"], event["requestContext"]["stage"]) == ("/open", "prod")
        assert event["requestContext"]["domainName"] == "api.example.com"

    @pytest.mark.parametrize("path", ["/", "/v2/open", "/any/nowhere/open"])
    def test_other_paths_lead_nowhere(self, stages: Stages, path: str) -> None:
        answer = stages.send("Domain", "GET", path)

        assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})


class TestDocuments:
    def test_a_document_makes_the_api(self, stages: Stages) -> None:
        assert stages.send("Documented", "GET", "/items/7").json()["pathParameters"] == {"id": "7"}
        assert stages.send("Documented", "PATCH", "/else/where").json()["resource"] == "/{proxy+}"
        assert stages.send("Documented", "POST", "/items/7", b'{"name": "a"}').status == 200

    def test_its_validators_and_answers_count(self, stages: Stages) -> None:
        answer = stages.send("Documented", "POST", "/items/7", b'{"name": 7}')

        assert (answer.status, answer.json()) == (422, {"message": "Invalid request body"})

    def test_its_policy_denies(self, stages: Stages) -> None:
        answer = stages.send("Documented", "GET", "/secret")

        assert answer.status == 403
        assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
        told = answer.json()["Message"]
        assert told.startswith("User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:")
        assert ":********9012:" in told
        assert told.endswith("/live/GET/secret with an explicit deny in a resource-based policy")


class TestRecords:
    def test_requests_are_logged_and_measured(self, stages: Stages) -> None:
        good, bad = stages.send("Shop", "GET", "/open"), stages.send("Shop", "GET", "/fail")

        logs = stages.harness.aws("logs")
        lines = {
            line["id"]: line
            for event in logs.filter_log_events(logGroupName=stages.outputs["Log"])["events"]
            for line in [json.loads(event["message"].replace('"why":-', '"why":null'))]
        }
        first, second = (lines[answer.headers["x-amzn-requestid"]] for answer in (good, bad))
        assert (first["status"], first["why"], first["who"], first["none"]) == (200, None, "-", "-")
        assert (second["status"], second["why"]) == (502, "Internal server error")
        assert first["took"].isdigit()
        group = f"API-Gateway-Execution-Logs_{stages.outputs['Api']}/prod"
        executed = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        assert any("Execution failed: the function failed" in line for line in executed)
        assert not any(good.headers["x-amzn-requestid"] in line for line in executed)
        metrics = stages.harness.aws("cloudwatch").list_metrics(Namespace="AWS/ApiGateway")["Metrics"]
        names = {metric["MetricName"] for metric in metrics}
        assert names == {"Count", "4XXError", "5XXError", "Latency", "IntegrationLatency"}
        assert any({"Name": "Resource", "Value": "/fail"} in metric["Dimensions"] for metric in metrics)
