"""Methods and authorizers of REST APIs that are tried without being deployed.

Source: API Gateway API Reference, "TestInvokeMethod", "TestInvokeAuthorizer".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.lambda_api import refusal
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-rest-trials")

ECHO = """
import json

def handler(event, context):
    headers = {"X-Own": "1", "Content-Type": "application/json"}
    return {"statusCode": 201, "headers": headers, "body": json.dumps(event)}
"""
AUTHORIZE = """
import json

def handler(event, context):
    if event["authorizationToken"] == "raise":
        raise LookupError("a secret")
    if event["authorizationToken"] == "nobody":
        raise Exception("Unauthorized")
    effect = "Deny" if event["authorizationToken"] == "denied" else "Allow"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


class Trial:
    """An API that was never deployed: `/things/{thing}` with a proxy, `/mock`, and an authorizer."""

    def __init__(self, harness: WiredHarness) -> None:
        self.client = harness.aws("apigateway")
        self.functions = harness.aws("lambda")
        self.api = str(self.client.create_rest_api(name="trial")["id"])
        root = self.client.get_resources(restApiId=self.api)["items"][0]["id"]
        things = self._resource(root, "things")
        self.thing = self._resource(things, "{thing}")
        self.mock = self._resource(root, "mock")
        arn = self.functions.get_function(FunctionName="echo")["Configuration"]["FunctionArn"]
        path = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
        uri = path.format(self.functions.get_function(FunctionName="authorize")["Configuration"]["FunctionArn"])
        self.authorizer = str(
            self.client.create_authorizer(
                restApiId=self.api,
                name="a",
                type="TOKEN",
                authorizerUri=uri,
                identitySource="method.request.header.Authorization",
                identityValidationExpression="[a-z]+",
            )["id"]
        )
        guarded = {"authorizationType": "CUSTOM", "authorizerId": self.authorizer, "apiKeyRequired": True}
        self._method(self.thing, "ANY", **guarded)
        self._integrate(self.thing, "ANY", type="AWS_PROXY", integrationHttpMethod="POST", uri=path.format(arn))
        self._method(
            self.mock, "POST", authorizationType="NONE", requestParameters={"method.request.header.X-Must": True}
        )
        templates = {"application/json": '{"statusCode": 200}'}
        self._integrate(self.mock, "POST", type="MOCK", requestTemplates=templates)
        named = {"restApiId": self.api, "resourceId": self.mock, "httpMethod": "POST", "statusCode": "200"}
        self.client.put_method_response(**named)
        must = '"must": "$input.params(\'X-Must\')"'
        said = {"application/json": f'{{{must}, "stage": "$context.stage", "v": "$stageVariables.v"}}'}
        self.client.put_integration_response(**named, responseTemplates=said)

    def admit(self, name: str, source: str) -> None:
        """Lets the API call a function."""
        self.functions.add_permission(
            FunctionName=name,
            StatementId="trial",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{self.api}/{source}",
        )

    def method(self, resource: str, verb: str, **given: Any) -> dict[str, Any]:
        """What a trial of a method gives."""
        found: dict[str, Any] = self.client.test_invoke_method(
            restApiId=self.api, resourceId=resource, httpMethod=verb, **given
        )
        return found

    def ask(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """What a trial of the authorizer gives."""
        found: dict[str, Any] = self.client.test_invoke_authorizer(
            restApiId=self.api, authorizerId=self.authorizer, headers=dict(headers)
        )
        return found

    def remove(self) -> None:
        """Takes the API and the permissions away."""
        for name in ("echo", "authorize"):
            try:
                self.functions.remove_permission(FunctionName=name, StatementId="trial")
            except self.functions.exceptions.ResourceNotFoundException:
                continue
        self.client.delete_rest_api(restApiId=self.api)

    def _resource(self, parent: str, part: str) -> str:
        return str(self.client.create_resource(restApiId=self.api, parentId=parent, pathPart=part)["id"])

    def _method(self, resource: str, verb: str, **given: Any) -> None:
        validator = self.client.create_request_validator(restApiId=self.api, name="v", validateRequestParameters=True)
        self.client.put_method(
            restApiId=self.api, resourceId=resource, httpMethod=verb, requestValidatorId=validator["id"], **given
        )

    def _integrate(self, resource: str, verb: str, **given: Any) -> None:
        self.client.put_integration(restApiId=self.api, resourceId=resource, httpMethod=verb, **given)


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        resources = {
            **function("Echo", ECHO, FunctionName="echo"),
            **function("Authorize", AUTHORIZE, FunctionName="authorize"),
        }
        running.deploy(write_stack(tmp_path_factory.mktemp("trial"), "trial", resources))
        yield running


@pytest.fixture
def trial(harness: WiredHarness) -> Iterator[Trial]:
    made = Trial(harness)
    yield made
    made.remove()


def test_a_function_answers_without_a_stage_an_authorizer_or_a_key(trial: Trial) -> None:
    trial.admit("echo", "test-invoke-stage/*/things/*")

    tried = trial.method(
        trial.thing,
        "PUT",
        pathWithQueryString="/things/t%201?size=2",
        body="text",
        headers={"x-one": "1"},
        multiValueHeaders={"x-two": ["2", "3"]},
        stageVariables={"v": "9"},
    )

    event = json.loads(tried["body"])
    context = event["requestContext"]
    own = {name.lower(): value for name, value in tried["headers"].items()}
    several = {name.lower(): value for name, value in tried["multiValueHeaders"].items()}
    assert (tried["status"], own["x-own"], several["x-own"]) == (201, "1", ["1"])
    assert (event["httpMethod"], event["path"], event["resource"]) == ("PUT", "/things/t%201", "/things/{thing}")
    assert (event["pathParameters"], event["queryStringParameters"]) == ({"thing": "t 1"}, {"size": "2"})
    assert (event["body"], event["stageVariables"]) == ("text", {"v": "9"})
    assert (event["headers"]["x-one"], event["multiValueHeaders"]["x-two"]) == ("1", ["2", "3"])
    assert (context["stage"], context["path"], context["domainName"]) == (
        *("test-invoke-stage", "/things/t%201"),
        "testPrefix.testDomainName",
    )
    assert context["identity"]["sourceIp"] == "test-invoke-source-ip"
    assert context["identity"]["apiKey"] == "test-invoke-api-key"


def test_the_log_tells_what_happened(trial: Trial) -> None:
    tried = trial.method(trial.mock, "POST", body='{"a": 1}', headers={"X-Must": "yes"}, stageVariables={"v": "9"})

    lines = tried["log"].splitlines()
    assert json.loads(tried["body"]) == {"must": "yes", "stage": "test-invoke-stage", "v": "9"}
    assert re.fullmatch(r"Execution log for request [0-9a-f-]{36}", lines[0])
    stamp = r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4} : "
    assert all(re.match(stamp, line) for line in lines[1:])
    assert [re.sub(stamp, "", line) for line in lines[2:6]] == [
        "HTTP Method: POST, Resource Path: /mock",
        "Method request path: {}",
        "Method request query string: {}",
        "Method request headers: {X-Must=yes}",
    ]
    assert lines[-2].endswith(" : Successfully completed execution")
    assert lines[-1].endswith(" : Method completed with status: 200")
    assert tried["latency"] >= 0


def test_the_request_is_validated(trial: Trial) -> None:
    tried = trial.method(trial.mock, "POST", body="{}")

    assert tried["status"] == 400
    assert json.loads(tried["body"]) == {"message": "Missing required request parameters: [X-Must]"}
    assert tried["log"].splitlines()[-1].endswith("Method completed with status: 400")


def test_a_function_that_does_not_admit_the_stage_is_not_called(trial: Trial) -> None:
    trial.admit("echo", "prod/*/things/*")

    tried = trial.method(trial.thing, "GET", pathWithQueryString="/things/1")

    assert (tried["status"], json.loads(tried["body"])) == (500, {"message": "Internal server error"})
    assert "Execution failed" in tried["log"]


def test_what_is_changed_is_tried_at_once(trial: Trial) -> None:
    trial.client.put_integration_response(
        restApiId=trial.api,
        resourceId=trial.mock,
        httpMethod="POST",
        statusCode="200",
        responseTemplates={"application/json": "other"},
    )

    assert trial.method(trial.mock, "POST", headers={"X-Must": "yes"})["body"] == "other"


class TestAuthorizers:
    @pytest.mark.parametrize(("token", "effect"), [("allowed", "Allow"), ("denied", "Deny")])
    def test_the_function_tells_who_asks_and_what_is_allowed(self, trial: Trial, token: str, effect: str) -> None:
        trial.admit("authorize", f"authorizers/{trial.authorizer}")

        tried = trial.ask({"Authorization": token})

        arn = f"arn:aws:execute-api:us-east-1:123456789012:{trial.api}/ESTestInvoke-stage/GET/"
        assert (tried["clientStatus"], tried["principalId"]) == (0, "ann")
        assert json.loads(tried["policy"])["Statement"] == [
            {"Action": "execute-api:Invoke", "Effect": effect, "Resource": arn}
        ]
        assert tried["log"].startswith("Execution log for request ")

    @pytest.mark.parametrize(("token", "status"), [("nobody", 401), ("NO FIT", 401), ("", 401), ("raise", 500)])
    def test_what_a_client_would_get_when_it_fails(self, trial: Trial, token: str, status: int) -> None:
        trial.admit("authorize", f"authorizers/{trial.authorizer}")

        tried = trial.ask({"Authorization": token})

        assert tried["clientStatus"] == status
        assert "policy" not in tried


def test_what_is_not_there_is_refused(trial: Trial) -> None:
    given = {"restApiId": trial.api, "resourceId": trial.mock, "httpMethod": "POST"}
    authorizer = {"restApiId": trial.api, "authorizerId": trial.authorizer}
    method, ask = trial.client.test_invoke_method, trial.client.test_invoke_authorizer

    refused = [
        refusal(method, **{**given, "restApiId": "unknown"}),
        refusal(method, **{**given, "resourceId": "unknown"}),
        refusal(method, **{**given, "httpMethod": "GET"}),
        refusal(ask, **{**authorizer, "authorizerId": "unknown"}),
    ]

    assert [(status, code) for status, code, _ in refused] == [(404, "NotFoundException")] * 4
    assert [text for _, _, text in refused[1:]] == [
        "Invalid Resource identifier specified",
        "Invalid Method identifier specified",
        "Invalid Authorizer identifier specified",
    ]
