"""Each kind of front door as a page in a browser meets it: a preflight, strangers, and those who are let in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from lambdakit import Harness
from tests.fakes.function_urls import function_url
from tests.fakes.http_apis import api, authorizer, authorizer_uri, permission, route, stage, to_function
from tests.fakes.load_balancers import balancer, forward, lambda_group, listener, rule
from tests.fakes.plain_assembly import Resources, function, write_stack
from tests.fakes.rest_assembly import invocable, proxied, rest_api
from tests.fakes.signed_http import sign
from tests.fakes.websocket_apis import websocket_api

if TYPE_CHECKING:
    from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("front-doors")

PAGE = "https://page.example"
TOKEN = "let-me-in"
PREFLIGHT = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization",
}
_ECHO = f"""
import json

ALLOWED = {{"Access-Control-Allow-Origin": "{PAGE}", "Access-Control-Allow-Methods": "PUT"}}

def handler(event, context):
    asked = event.get("httpMethod")
    if "elb" in event["requestContext"]:
        answer = {{"statusDescription": "200 OK", "headers": ALLOWED, "isBase64Encoded": False, "body": asked}}
        return {{**answer, "statusCode": 200}}
    return {{"statusCode": 200, "body": event.get("body") or "reached"}}
"""
_GUARD = f"""
def handler(event, context):
    headers = {{name.lower(): value for name, value in (event.get("headers") or {{}}).items()}}
    token = event.get("authorizationToken") or headers.get("authorization")
    if event.get("version") == "2.0":
        return {{"isAuthorized": token == "{TOKEN}"}}
    is_allowed = token == "{TOKEN}" and headers.get("origin", "{PAGE}") == "{PAGE}"
    statement = {{
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if is_allowed else "Deny",
        "Resource": event["methodArn"],
    }}
    return {{"principalId": "me", "policyDocument": {{"Version": "2012-10-17", "Statement": [statement]}}}}
"""


def _of_account(api_id: str) -> dict[str, str]:
    return {"Fn::Sub": f"arn:aws:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:{api_id}"}


def _rest() -> Resources:
    told = {
        "method.response.header.Access-Control-Allow-Origin": f"'{PAGE}'",
        "method.response.header.Access-Control-Allow-Methods": "'PUT'",
    }
    preflight = {
        "Integration": {
            "Type": "MOCK",
            "RequestTemplates": {"application/json": '{"statusCode": 204}'},
            "IntegrationResponses": [{"StatusCode": "204", "ResponseParameters": told}],
        },
        "MethodResponses": [{"StatusCode": "204", "ResponseParameters": dict.fromkeys(told, True)}],
    }
    guarded = {**proxied("Echo"), "AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "RestDoor"}}
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Guard.Arn}/invocations"
    door = {
        "RestApiId": {"Ref": "Rest"},
        "Name": "door",
        "Type": "TOKEN",
        "AuthorizerUri": {"Fn::Sub": uri},
        "IdentitySource": "method.request.header.Authorization",
    }
    methods = {"OPTIONS /things": preflight, "PUT /things": guarded}
    return (
        rest_api("Rest", methods)
        | invocable("Echo", "Rest")
        | {"RestDoor": {"Type": "AWS::ApiGateway::Authorizer", "Properties": door}}
    )


def _http() -> Resources:
    cors = {"AllowOrigins": [PAGE], "AllowMethods": ["PUT"], "AllowHeaders": ["authorization"]}
    guarded = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "HttpDoor"}}
    uri = {"AuthorizerUri": authorizer_uri("Guard"), "IdentitySource": ["$request.header.Authorization"]}
    simple = {"AuthorizerPayloadFormatVersion": "2.0", "EnableSimpleResponses": True}
    return (
        api("Http", CorsConfiguration=cors)
        | stage("Http")
        | route("Http", "Things", "PUT /things", to_function("Echo"), **guarded)
        | authorizer("Http", "HttpDoor", "REQUEST", **uri, **simple)
        | permission("HttpMay", "Echo", _of_account("${Http}/*"))
    )


def _socket() -> Resources:
    arn = {"Fn::GetAtt": ["Echo", "Arn"]}
    guarded = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "SocketDoor"}}
    door = {"AuthorizerUri": authorizer_uri("Guard"), "IdentitySource": ["route.request.header.Authorization"]}
    return (
        websocket_api(
            "Socket",
            {"$connect": arn, "$default": arn},
            route_connect=guarded,
            route_default={"RouteResponseSelectionExpression": "$default"},
        )
        | authorizer("Socket", "SocketDoor", "REQUEST", **door)
        | permission("SocketMay", "Echo", _of_account("${Socket}/*"))
        | {
            "SocketAnswer": {
                "Type": "AWS::ApiGatewayV2::RouteResponse",
                "Properties": {
                    "ApiId": {"Ref": "Socket"},
                    "RouteId": {"Ref": "SocketDefaultRoute"},
                    "RouteResponseKey": "$default",
                },
            }
        }
    )


def _balancer() -> Resources:
    """Over TLS, without which Elastic Load Balancing signs nobody in. A preflight has no cookie, and goes round it."""
    provider = {
        "Issuer": "https://idp.example",
        "AuthorizationEndpoint": "https://idp.example/authorize",
        "TokenEndpoint": "https://idp.example/token",
        "UserInfoEndpoint": "https://idp.example/me",
        "ClientId": "page",
        "ClientSecret": "secret",
    }
    signed_in: dict[str, Any] = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": provider}
    asked = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["OPTIONS"]}}
    return (
        balancer("Balancer")
        | lambda_group("Group", "Echo")
        | {"Proof": {"Type": "AWS::CertificateManager::Certificate", "Properties": {"DomainName": "shop.example"}}}
        | listener(
            "Web",
            443,
            signed_in,
            {**forward("Group"), "Order": 2},
            of="Balancer",
            Protocol="HTTPS",
            Certificates=[{"CertificateArn": {"Ref": "Proof"}}],
        )
        | rule("Preflight", 1, forward("Group"), asked)
    )


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness(enforce_iam="on") as harness:
        yield harness


@pytest.fixture(scope="module")
def doors(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    cors = {"AllowOrigins": [PAGE], "AllowMethods": ["PUT"], "AllowHeaders": ["authorization"]}
    resources = (
        function("Echo", _ECHO)
        | function("Guard", _GUARD)
        | permission("GuardMay", "Guard", _of_account("*/authorizers/*"))
        | _rest()
        | _http()
        | _socket()
        | _balancer()
        | function_url("Url", "Echo", auth="AWS_IAM", Cors=cors)
    )
    return harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "doors", resources))


@pytest.fixture(scope="module")
def key(harness: Harness) -> dict[str, str]:
    """Of a user who may call the function's own address."""
    iam = harness.client("iam")
    iam.create_user(UserName="page")
    allowed = {"Effect": "Allow", "Action": "lambda:InvokeFunction*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="page", PolicyName="calls", PolicyDocument=document)
    found: dict[str, str] = iam.create_access_key(UserName="page")["AccessKey"]
    return found


@pytest.mark.parametrize(
    ("door", "path", "status"),
    [
        ("Rest", "/things", 204),
        ("Http", "/things", 204),
        ("Url", "/things", 200),
        ("Balancer", "/things", 200),
    ],
)
def test_a_preflight_needs_nobody_to_vouch_for_it(doors: Deployment, door: str, path: str, status: int) -> None:
    with doors.http(door) as http:
        answer = http.options(path.lstrip("/"), headers=PREFLIGHT)

    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-allow-methods"] == "PUT"


@pytest.mark.parametrize(
    ("door", "headers", "status"),
    [
        ("Rest", {}, 401),
        ("Rest", {"Authorization": "guess"}, 403),
        ("Rest", {"Authorization": TOKEN}, 200),
        ("Http", {}, 401),
        ("Http", {"Authorization": "guess"}, 403),
        ("Http", {"Authorization": TOKEN}, 200),
    ],
)
def test_a_function_decides_who_is_let_in(doors: Deployment, door: str, headers: dict[str, str], status: int) -> None:
    with doors.http(door) as http:
        answer = http.put("things", content="mine", headers={"Origin": PAGE, **headers})

    assert (answer.status_code, answer.text == "mine") == (status, status == 200)


def test_a_signature_opens_a_function_s_own_address(doors: Deployment, key: dict[str, str]) -> None:
    with doors.http("Url") as http:
        refused = http.put("things", content="mine", headers={"Origin": PAGE})
        request = http.build_request("PUT", "things", content="mine", headers={"Origin": PAGE})
        allowed = http.send(sign(request, key, service="lambda"))

    assert (refused.status_code, allowed.status_code, allowed.text) == (403, 200, "mine")
    assert allowed.headers["access-control-allow-origin"] == PAGE


def test_strangers_to_a_load_balancer_are_sent_to_sign_in(doors: Deployment) -> None:
    with doors.http("Balancer") as http:
        answer = http.put("things", content="mine", headers={"Origin": PAGE})

    to = httpx.URL(answer.headers["location"])
    assert answer.status_code == 302
    assert (to.host, to.path, to.params["client_id"]) == ("idp.example", "/authorize", "page")


@pytest.mark.parametrize(
    ("origin", "token", "status"),
    [(PAGE, None, 401), (PAGE, "guess", 403), ("https://other.example", TOKEN, 403), (PAGE, TOKEN, 101)],
)
def test_a_socket_s_authorizer_knows_the_page(doors: Deployment, origin: Any, token: str | None, status: int) -> None:
    """No browser asks before it opens one: which page it is for is told with the handshake. RFC 6455, 10.2."""
    url = doors.api("Socket").url
    headers = {} if token is None else {"Authorization": token}

    if status == 101:
        with connect(url, origin=origin, additional_headers=headers, proxy=None, open_timeout=30) as socket:
            socket.send("mine")
            assert socket.recv(30) == "mine"
        return
    with pytest.raises(InvalidStatus) as refused:
        connect(url, origin=origin, additional_headers=headers, proxy=None, open_timeout=30)
    assert refused.value.response.status_code == status
