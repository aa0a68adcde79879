"""Functions behind methods of REST APIs that are called with the credentials of who signed the request.

Source: API Gateway API Reference, "Integration" (`credentials`); AWS SAM Developer Guide, "ApiFunctionAuth".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.fakes.plain_assembly import Resources, function, write_stack
from tests.fakes.rest_assembly import proxied, rest_api
from tests.fakes.signed_http import sign
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-rest-api-callers")

ECHO = "def handler(event, context): return {'statusCode': 200, 'body': 'ran'}"
CALLERS_OWN = "arn:aws:iam::*:user/*"


def _user(name: str, *actions: str, where: Mapping[str, Any] | None = None) -> Resources:
    """A user of that name who may do this. where: the condition; absence: everywhere."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", "Condition": where or {}}
    policy = {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    return {name: {"Type": "AWS::IAM::User", "Properties": {"UserName": name, "Policies": [policy]}}}


def _method(kind: str, **more: Any) -> dict[str, Any]:
    made = proxied("Echo", Type=kind, Credentials=CALLERS_OWN)
    if kind == "AWS":
        made["Integration"]["IntegrationResponses"] = [{"StatusCode": "200"}]
        made["MethodResponses"] = [{"StatusCode": "200"}]
    return {**made, **more}


class Door:
    """The deployed API."""

    def __init__(self, harness: WiredHarness, url: str) -> None:
        self.harness, self._url = harness, url

    def get(self, path: str, user: str = "") -> httpx.Response:
        request = httpx.Request("GET", f"{self._url}{path}")
        if user:
            sign(request, self._key(user))
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.send(request)

    def problem(self) -> str:
        return str(self.harness.events("RequestAnswered")[-1]["problem"])

    def _key(self, user: str) -> Mapping[str, str]:
        key: Mapping[str, str] = self.harness.aws("iam").create_access_key(UserName=user)["AccessKey"]
        return key


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    signed = {"AuthorizationType": "AWS_IAM"}
    methods = {
        "GET /proxy": _method("AWS_PROXY", **signed),
        "GET /template": _method("AWS", **signed),
        "GET /open": _method("AWS_PROXY"),
    }
    resources = (
        function("Echo", ECHO)
        | rest_api("Api", methods)
        | _user("ada", "execute-api:Invoke", "lambda:InvokeFunction")
        | _user("eve", "execute-api:Invoke")
        | _user("here", "execute-api:*", "lambda:*", where={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}})
    )
    url = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/prod"}
    with WiredHarness(enforce_iam="on") as harness:
        assembly = write_stack(tmp_path_factory.mktemp("assembly"), "callers", resources, Url=url)
        deployment = harness.deploy(assembly)
        yield Door(harness, str(deployment["stacks"]["callers"]["outputs"]["Url"]))


@pytest.mark.parametrize("path", ["/proxy", "/template"])
@pytest.mark.parametrize("user", ["ada", "here"])
def test_who_may_call_the_function_needs_no_permission_of_the_api(door: Door, path: str, user: str) -> None:
    answer = door.get(path, user)

    assert answer.status_code == 200, door.problem()
    assert "ran" in answer.text


@pytest.mark.parametrize("path", ["/proxy", "/template"])
def test_who_may_ask_the_api_but_not_the_function_is_refused(door: Door, path: str) -> None:
    answer = door.get(path, "eve")

    assert (answer.status_code, answer.json()) == (500, {"message": "Internal server error"})
    assert "user/eve is not authorized to perform: lambda:InvokeFunction" in door.problem()


def test_nobody_s_credentials_call_nothing(door: Door) -> None:
    answer = door.get("/open")

    assert answer.status_code == 500
    assert "nobody signed" in door.problem()
