"""Function URLs, asked with a real client: what functions get and give, and who may call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.function_urls import function_url, public
from tests.fakes.plain_assembly import Resources, function, published, write_stack
from tests.fakes.signed_http import sign
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-function-urls")

SOURCE = """
import json

def handler(event, context):
    what = event["rawPath"].rpartition("/")[2]
    if what == "fail":
        raise LookupError("a secret")
    if what == "malformed":
        return {"statusCode": "no number"}
    if what == "binary":
        return {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "/wA=", "isBase64Encoded": True}
    if what == "full":
        return {"statusCode": 201, "headers": {"X-One": "1"}, "cookies": ["a=1", "b=2"], "body": "made"}
    if what == "text":
        return "plain"
    if what == "cors":
        return {"statusCode": 200, "headers": {"access-control-allow-origin": "https://own"}, "body": ""}
    return {"event": event, "version": context.function_version, "request": context.aws_request_id}
"""
_CORS = {
    "AllowOrigins": ["https://example.com"],
    "AllowMethods": ["GET", "PUT"],
    "AllowHeaders": ["x-mine"],
    "ExposeHeaders": ["x-one"],
    "AllowCredentials": True,
    "MaxAge": 7,
}
_FORBIDDEN = {
    "Message": "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
}


def _resources() -> Resources:
    return (
        function("Fn", SOURCE)
        | published("Fn")
        | function_url("Open", "Fn", Cors=_CORS)
        | public("OpenTo", "Fn")
        | function_url("Live", "Fn", alias="live")
        | public("LiveTo", "Fn", alias=True)
        | function("Signed", SOURCE)
        | function_url("SignedUrl", "Signed", auth="AWS_IAM", Cors={"AllowOrigins": ["*"]})
        | function("Half", SOURCE)
        | function_url("HalfUrl", "Half")
        | public("HalfTo", "Half", actions=("lambda:InvokeFunctionUrl",))
        | function("Closed", SOURCE)
        | function_url("ClosedUrl", "Closed")
        | function("None", SOURCE, ReservedConcurrentExecutions=0)
        | function_url("NoneUrl", "None")
        | public("NoneTo", "None")
    )


class Urls:
    """harness, and a client for each URL by its logical id."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        self.outputs: dict[str, str] = deployment["stacks"]["urls"]["outputs"]
        self._clients: dict[str, httpx.Client] = {}

    def __getitem__(self, name: str) -> httpx.Client:
        if name not in self._clients:
            self._clients[name] = httpx.Client(base_url=self.outputs[name], timeout=60)
        return self._clients[name]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    names = [name for name, resource in _resources().items() if resource["Type"] == "AWS::Lambda::Url"]
    outputs = {name: {"Fn::GetAtt": [name, "FunctionUrl"]} for name in names}
    with WiredHarness(enforce_iam="on") as harness:
        deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("a"), "urls", _resources(), **outputs))
        urls = Urls(harness, deployment)
        yield urls
        urls.close()


class TestRequests:
    def test_the_function_sees_the_request(self, urls: Urls) -> None:
        answer = urls["Open"].post(
            "/a/b%20c?x=1&x=2", json={"a": 1}, headers={"Cookie": "k=v; l=w", "User-Agent": "tests"}
        )

        event = answer.json()["event"]
        context = event.pop("requestContext")
        headers = event.pop("headers")
        (door,) = [api for api in urls.deployment["apis"] if api["logical_id"] == "Open"]
        assert event == {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/a/b c",
            "rawQueryString": "x=1&x=2",
            "cookies": ["k=v", "l=w"],
            "queryStringParameters": {"x": "1,2"},
            "body": '{"a":1}',
            "isBase64Encoded": False,
        }
        assert (headers["content-type"], headers["host"]) == ("application/json", context["domainName"])
        assert context["accountId"] == "anonymous"
        assert context["apiId"] == context["domainPrefix"] == door["api_id"]
        assert context["domainName"] == f"{door['api_id']}.lambda-url.us-east-1.on.aws"
        assert context["http"]["userAgent"] == "tests"
        assert context["requestId"] == answer.headers["x-amzn-requestid"] == answer.json()["request"]
        assert "authorizer" not in context

    def test_an_alias_has_a_url_of_its_own(self, urls: Urls) -> None:
        assert urls.outputs["Open"] != urls.outputs["Live"]
        assert urls["Open"].get("/").json()["version"] == "$LATEST"
        assert urls["Live"].get("/").json()["version"] == "1"

    def test_it_is_reached_by_its_host_name_too(self, urls: Urls) -> None:
        (door,) = [api for api in urls.deployment["apis"] if api["logical_id"] == "Open"]
        host = f"{door['api_id']}.lambda-url.us-east-1.on.aws"

        answer = urls.harness.request("GET", "/x", {"Host": host})

        assert answer.json()["event"]["rawPath"] == "/x"

    def test_the_deployment_knows_it(self, urls: Urls) -> None:
        found = {api["logical_id"]: api for api in urls.deployment["apis"]}

        assert found["Open"]["kind"] == "function_url"
        assert found["Open"]["url"] + "/" == urls.outputs["Open"]

    def test_more_than_an_event_holds_is_too_large(self, urls: Urls) -> None:
        answer = urls["Open"].post("/", content=b"x" * 6_300_000, headers={"content-type": "text/plain"})

        assert answer.status_code == 413


class TestAnswers:
    def test_status_headers_and_cookies_go_out(self, urls: Urls) -> None:
        answer = urls["Open"].get("/full")

        assert (answer.status_code, answer.text, answer.headers["x-one"]) == (201, "made", "1")
        assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]

    def test_binary_and_plain_results_go_out(self, urls: Urls) -> None:
        assert urls["Open"].get("/binary").content == b"\xff\x00"
        assert urls["Open"].get("/text").text == "plain"

    @pytest.mark.parametrize("what", ["fail", "malformed"])
    def test_a_failure_is_a_bad_gateway(self, urls: Urls, what: str) -> None:
        before = urls.harness.position()

        answer = urls["Open"].get(f"/{what}")

        (answered,) = urls.harness.events("RequestAnswered", after=before)
        assert (answer.status_code, answer.text) == (502, "Internal Server Error")
        assert (answered["door"], answered["status"], bool(answered["problem"])) == ("function_url", 502, True)

    def test_a_throttle_is_told_as_one(self, urls: Urls) -> None:
        answer = urls["NoneUrl"].get("/")

        assert answer.status_code == 429
        assert answer.json()["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


class TestCors:
    def test_a_preflight_is_answered_without_the_function(self, urls: Urls) -> None:
        before = urls.harness.position()

        answer = urls["Open"].options(
            "/", headers={"Origin": "https://example.com", "Access-Control-Request-Method": "PUT"}
        )

        found = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
        assert (answer.status_code, answer.content) == (200, b"")
        assert found == {
            "access-control-allow-origin": "https://example.com",
            "access-control-allow-methods": "GET,PUT",
            "access-control-allow-headers": "x-mine",
            "access-control-max-age": "7",
            "access-control-allow-credentials": "true",
        }
        assert urls.harness.events("InvocationStarted", after=before) == []

    def test_the_function_s_own_headers_are_replaced(self, urls: Urls) -> None:
        answer = urls["Open"].get("/cors", headers={"Origin": "https://example.com"})

        assert answer.headers.get_list("access-control-allow-origin") == ["https://example.com"]
        assert answer.headers["access-control-expose-headers"] == "x-one"

    def test_a_preflight_needs_no_signature(self, urls: Urls) -> None:
        answer = urls["SignedUrl"].options("/", headers={"Origin": "https://a", "Access-Control-Request-Method": "GET"})

        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


class TestPermissions:
    @pytest.mark.parametrize("name", ["HalfUrl", "ClosedUrl"])
    def test_everybody_needs_both(self, urls: Urls, name: str) -> None:
        before = urls.harness.position()

        answer = urls[name].get("/")

        assert (answer.status_code, answer.json()) == (403, _FORBIDDEN)
        assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
        assert urls.harness.events("InvocationStarted", after=before) == []
        (denied,) = urls.harness.events("AccessDenied", after=before)
        assert denied["action"] == ("lambda:InvokeFunction" if name == "HalfUrl" else "lambda:InvokeFunctionUrl")

    def test_a_signature_is_asked_for(self, urls: Urls) -> None:
        answer = urls["SignedUrl"].get("/")

        assert (answer.status_code, answer.json()) == (403, _FORBIDDEN)

    def test_a_wrong_signature_is_told(self, urls: Urls) -> None:
        key = self._key(urls, "forger", {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"})
        client = urls["SignedUrl"]

        wrong = sign(client.build_request("GET", "/"), {**key, "SecretAccessKey": "x" * 40}, service="lambda")
        other = sign(client.build_request("GET", "/"), key, service="execute-api")

        assert client.send(wrong).status_code == 403
        assert "signature" in client.send(wrong).text
        assert client.send(other).json() == _FORBIDDEN

    def test_who_signs_needs_both_as_well(self, urls: Urls) -> None:
        both = [{"Effect": "Allow", "Action": ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"], "Resource": "*"}]
        half = [{"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": "*"}]
        conditions = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
        through = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
        narrow = [
            {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": "*", "Condition": conditions},
            {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*", "Condition": through},
        ]
        client = urls["SignedUrl"]

        def ask(name: str, statements: list[dict[str, Any]]) -> httpx.Response:
            key = self._key(urls, name, *statements)
            return client.send(sign(client.build_request("POST", "/x?b=1&a=2", json=[1]), key, service="lambda"))

        allowed, refused, by_condition = ask("both", both), ask("half", half), ask("narrow", narrow)

        told = allowed.json()["event"]["requestContext"]
        assert told["authorizer"]["iam"]["userArn"] == "arn:aws:iam::123456789012:user/both"
        assert told["accountId"] == "123456789012"
        assert (refused.status_code, refused.json()) == (403, _FORBIDDEN)
        assert by_condition.status_code == 200

    @staticmethod
    def _key(urls: Urls, name: str, *statements: dict[str, Any]) -> dict[str, str]:
        iam = urls.harness.aws("iam")
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key: dict[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
        return key


def test_a_url_that_the_api_makes_changes_and_deletes_is_served_meanwhile(urls: Urls) -> None:
    client = urls.harness.aws("lambda")
    name = next(
        resource["physical_id"]
        for logical_id, resource in urls.deployment["stacks"]["urls"]["resources"].items()
        if logical_id == "Fn"
    )
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="other", FunctionVersion="1")
    for statement, more in (
        ("lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        sid = statement.rpartition(":")[2]
        client.add_permission(
            FunctionName=name, Qualifier="other", StatementId=sid, Action=statement, Principal="*", **more
        )

    def ask() -> Any:
        return urls.harness.request("GET", "/", {"Host": host})

    made = client.create_function_url_config(FunctionName=name, Qualifier="other", AuthType="NONE")
    host = httpx.URL(made["FunctionUrl"]).host
    served = ask()
    client.update_function_url_config(FunctionName=name, Qualifier="other", AuthType="AWS_IAM")
    changed = ask()
    client.delete_function_url_config(FunctionName=name, Qualifier="other")
    gone = ask()

    assert (served.status, served.json()["version"]) == (200, "1")
    assert changed.status == 403
    assert gone.status == 404


def test_an_update_changes_a_url_in_place_and_a_deletion_ends_it(harness: WiredHarness, tmp_path: Path) -> None:
    def assembly(name: str, **properties: Any) -> Path:
        resources = function("Fn", SOURCE) | public("To", "Fn")
        if properties:
            resources |= function_url("Url", "Fn", **properties)
        outputs = {"Url": {"Fn::GetAtt": ["Url", "FunctionUrl"]}} if properties else {}
        return write_stack(tmp_path / name, "changing", resources, **outputs)

    def update(directory: Path) -> dict[str, Any]:
        answer = harness.call("PUT", f"deployments/{deployment['id']}", {"assembly": str(directory)})
        found: dict[str, Any] = answer.json()["stacks"]["changing"]
        return found

    deployment = harness.deploy(assembly("first", auth="NONE"))
    first = deployment["stacks"]["changing"]["outputs"]["Url"]
    preflight = {"Origin": "https://a", "Access-Control-Request-Method": "GET"}
    before = httpx.options(first, headers=preflight)
    second = update(assembly("second", auth="NONE", Cors={"AllowOrigins": ["https://a"]}))["outputs"]["Url"]
    after = httpx.options(first, headers=preflight)
    update(assembly("third"))

    assert first == second
    assert "access-control-allow-origin" not in before.headers
    assert after.headers["access-control-allow-origin"] == "https://a"
    with pytest.raises(httpx.ConnectError):
        httpx.get(first)
    harness.destroy(deployment)
