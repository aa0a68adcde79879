"""Authorizers of HTTP APIs: tokens of user pools and of others, functions, and signatures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fakes.http_apis import api, authorizer, authorizer_uri, permission, route, stage, to_function
from tests.fakes.plain_assembly import Resources, function, write_stack
from tests.fakes.signed_http import sign
from tests.fakes.token_issuer import Issuer, served_issuer
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-http-api-authorizers")

ECHO = "import json\ndef handler(event, context): return {'statusCode': 200, 'body': json.dumps(event)}"
GUARD = """
import json, time

calls = 0

def handler(event, context):
    global calls
    calls += 1
    said = event["headers"]["authorization"]
    if said == "raise":
        raise Exception("Unauthorized")
    if said == "late":
        time.sleep(12)
    if said.startswith("{"):
        return json.loads(said)
    if event["version"] == "2.0" and said in ("yes", "no"):
        context = {"calls": calls, "deep": {"a": [1]}, "sources": event["identitySource"]}
        return {"isAuthorized": said == "yes", "context": context}
    effect = "Allow" if said == "allow" else "Deny"
    arn = event.get("methodArn") or event["routeArn"]
    if said == "read":
        effect, arn = "Allow", arn.replace("/POST/", "/GET/")
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "me", "policyDocument": policy, "context": {"calls": calls, "arn": arn}}
"""


def _resources(issuer: Issuer) -> Resources:
    source = ["$request.header.Authorization"]
    jwt = {"IdentitySource": source, "JwtConfiguration": {"Issuer": issuer.url, "Audience": ["shop"]}}
    elsewhere = {"IdentitySource": source, "JwtConfiguration": {"Issuer": "https://a.example", "Audience": ["shop"]}}
    pool = {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"}
    users = {"IdentitySource": source, "JwtConfiguration": {"Issuer": pool, "Audience": [{"Ref": "PoolClient"}]}}
    guard = {
        "AuthorizerUri": authorizer_uri("Guard"),
        "AuthorizerPayloadFormatVersion": "2.0",
        "IdentitySource": source,
    }
    execute_api = "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}"
    resources: Resources = (
        function("Echo", ECHO)
        | function("Guard", GUARD, Timeout=15)
        | function("Private", GUARD)
        | api("Api")
        | stage("Api")
        | {
            "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}},
            "PoolClient": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {"UserPoolId": {"Ref": "Pool"}, "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]},
            },
        }
        | authorizer("Api", "Tokens", "JWT", **jwt)
        | authorizer("Api", "Elsewhere", "JWT", **elsewhere)
        | authorizer("Api", "Users", "JWT", **users)
        | authorizer("Api", "Simple", "REQUEST", **guard, EnableSimpleResponses=True)
        | authorizer("Api", "Cached", "REQUEST", **guard, EnableSimpleResponses=True, AuthorizerResultTtlInSeconds=60)
        | authorizer("Api", "Policy", "REQUEST", **guard | {"AuthorizerPayloadFormatVersion": "1.0"})
        | authorizer("Api", "Kept", "REQUEST", **guard, AuthorizerResultTtlInSeconds=300)
        | authorizer("Api", "Unpermitted", "REQUEST", **guard | {"AuthorizerUri": authorizer_uri("Private")})
        | permission("EchoPermission", "Echo", {"Fn::Sub": f"{execute_api}/*/*/*"})
        | permission("GuardPermission", "Guard", {"Fn::Sub": f"{execute_api}/authorizers/*"})
    )
    for name in ("Tokens", "Elsewhere", "Users"):
        by = {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": name}}
        resources |= route("Api", f"{name}Route", f"GET /{name.lower()}", to_function("Echo"), **by)
    scoped = {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "Tokens"}, "AuthorizationScopes": ["read", "all"]}
    resources |= route("Api", "ScopedRoute", "GET /scoped", to_function("Echo"), **scoped)
    resources |= route("Api", "FirstRoute", "GET /first", to_function("Echo", "1.0"), **scoped)
    for name in ("Simple", "Cached", "Policy", "Kept", "Unpermitted"):
        by = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": name}}
        resources |= route("Api", f"{name}Route", f"ANY /{name.lower()}/{{id}}", to_function("Echo"), **by)
        resources |= route("Api", f"{name}First", f"ANY /first/{name.lower()}", to_function("Echo", "1.0"), **by)
    resources |= route("Api", "SignedRoute", "ANY /signed/{id}", to_function("Echo"), AuthorizationType="AWS_IAM")
    resources |= route(
        "Api", "SignedFirst", "GET /first/signed", to_function("Echo", "1.0"), AuthorizationType="AWS_IAM"
    )
    return resources


class World:
    """An API whose permissions are enforced."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any], issuer: Issuer, http: httpx.Client) -> None:
        self.harness = harness
        self.issuer = issuer
        self.http = http
        self.outputs: dict[str, str] = deployment["stacks"]["guarded"]["outputs"]
        self.resources: dict[str, Any] = deployment["stacks"]["guarded"]["resources"]
        self.deployment = deployment

    def ask(self, path: str, token: str | None = None, method: str = "GET", **headers: str) -> httpx.Response:
        given = {} if token is None else {"Authorization": token}
        return self.http.request(method, path, headers={**given, **headers})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = {"Fn::GetAtt": ["Api", "ApiEndpoint"]}
    with WiredHarness(enforce_iam="on") as harness, served_issuer() as issuer:
        names = {"Url": url, "Pool": {"Ref": "Pool"}, "Client": {"Ref": "PoolClient"}, "Api": {"Ref": "Api"}}
        deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("a"), "guarded", _resources(issuer), **names))
        with httpx.Client(base_url=deployment["stacks"]["guarded"]["outputs"]["Url"], timeout=60) as http:
            yield World(harness, deployment, issuer, http)


class TestTokens:
    @pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
    def test_a_good_token_lets_in_and_its_claims_are_told_as_text(self, world: World, prefix: str) -> None:
        token = world.issuer.token(groups=["a", "b"], admin=True, level=3)

        authorizer = world.ask("/tokens", prefix + token).json()["requestContext"]["authorizer"]

        claims = authorizer["jwt"]["claims"]
        assert (claims["sub"], claims["groups"], claims["admin"], claims["level"]) == ("somebody", "[a b]", "true", "3")
        assert authorizer["jwt"]["scopes"] is None

    def test_format_1_has_them_without_a_level_between(self, world: World) -> None:
        authorizer = world.ask("/first", world.issuer.token(scope="read more")).json()["requestContext"]["authorizer"]

        assert authorizer["claims"]["sub"] == "somebody"
        assert authorizer["scopes"] == ["read", "more"]

    def test_no_token_is_unauthorized(self, world: World) -> None:
        answer = world.ask("/tokens")

        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
        assert answer.headers["www-authenticate"] == "Bearer"

    def test_a_bad_token_is_unauthorized_and_told_why(self, world: World) -> None:
        answer = world.ask("/tokens", world.issuer.token(aud="other"))

        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
        assert answer.headers["www-authenticate"] == (
            'Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"'
        )

    def test_a_forged_token_is_unauthorized(self, world: World) -> None:
        forger = Issuer(world.issuer.url, world.issuer.key_id)

        assert world.ask("/tokens", forger.token()).status_code == 401

    @pytest.mark.parametrize("claims", [{"scope": "read"}, {"scope": "x all"}, {"scp": ["read"]}, {"scp": "read"}])
    def test_one_scope_is_enough(self, world: World, claims: dict[str, Any]) -> None:
        assert world.ask("/scoped", world.issuer.token(**claims)).status_code == 200

    @pytest.mark.parametrize("claims", [{}, {"scope": ""}, {"scope": "reads"}, {"scp": []}])
    def test_without_one_the_request_is_forbidden(self, world: World, claims: dict[str, Any]) -> None:
        answer = world.ask("/scoped", world.issuer.token(**claims))

        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})

    def test_keys_elsewhere_are_not_asked_for(self, world: World) -> None:
        before = world.harness.position()

        answer = world.ask("/elsewhere", Issuer("https://a.example").token())

        (answered,) = world.harness.events("RequestAnswered", after=before)
        assert answer.status_code == 401
        assert "loopback" in answered["problem"]

    def test_tokens_of_a_user_pool_let_in(self, world: World) -> None:
        pool, client = world.outputs["Pool"], world.outputs["Client"]
        idp = world.harness.aws("cognito-idp")
        idp.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
        idp.admin_set_user_password(UserPoolId=pool, Username="ann", Password="Secret-1234!", Permanent=True)
        flow = {
            "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "ann", "PASSWORD": "Secret-1234!"},
        }
        tokens = idp.admin_initiate_auth(UserPoolId=pool, ClientId=client, **flow)["AuthenticationResult"]

        by_id = world.ask("/users", tokens["IdToken"])
        by_access = world.ask("/users", f"Bearer {tokens['AccessToken']}")

        assert by_id.json()["requestContext"]["authorizer"]["jwt"]["claims"]["cognito:username"] == "ann"
        assert by_access.json()["requestContext"]["authorizer"]["jwt"]["claims"]["client_id"] == client
        assert world.ask("/users", world.issuer.token()).status_code == 401


class TestFunctions:
    def test_a_flag_lets_in_and_the_context_keeps_its_types(self, world: World) -> None:
        context = world.ask("/simple/1", "yes").json()["requestContext"]["authorizer"]["lambda"]

        assert context["deep"] == {"a": [1]}
        assert context["sources"] == ["yes"]

    def test_format_1_has_the_context_itself(self, world: World) -> None:
        simple = world.ask("/first/simple", "yes").json()["requestContext"]["authorizer"]
        policy = world.ask("/first/policy", "allow").json()["requestContext"]["authorizer"]

        assert simple["deep"] == {"a": [1]}
        assert policy["principalId"] == "me"

    def test_a_policy_lets_in(self, world: World) -> None:
        answer = world.ask("/policy/a%20b", "allow")

        context = answer.json()["requestContext"]["authorizer"]["lambda"]
        assert (
            context["arn"]
            == f"arn:aws:execute-api:us-east-1:123456789012:{world.outputs['Api']}/$default/GET/policy/a b"
        )

    @pytest.mark.parametrize(("path", "token"), [("/simple/1", "no"), ("/policy/1", "deny")])
    def test_no_is_forbidden(self, world: World, path: str, token: str) -> None:
        answer = world.ask(path, token)

        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})

    @pytest.mark.parametrize(
        "result",
        [
            '{"isAuthorized": "true"}',
            '{"isAuthorized": 1}',
            '{"isAuthorized": true, "context": "x"}',
            '{"principalId": "me"}',
            '{"policyDocument": {"Version": "2012-10-17", "Statement": []}}',
            "raise",
        ],
    )
    @pytest.mark.parametrize("path", ["/simple/1", "/policy/1"])
    def test_anything_else_is_an_internal_error(self, world: World, path: str, result: str) -> None:
        answer = world.ask(path, result)

        assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})

    def test_a_missing_identity_source_is_unauthorized_without_a_call(self, world: World) -> None:
        before = world.harness.position()

        answer = world.ask("/simple/1")

        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
        assert world.harness.events("InvocationStarted", after=before) == []

    def test_it_has_ten_seconds(self, world: World) -> None:
        answer = world.ask("/simple/1", "late")

        assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})

    def test_it_needs_the_permission_to_call(self, world: World) -> None:
        before = world.harness.position()

        answer = world.ask("/unpermitted/1", "yes")

        (answered,) = world.harness.events("RequestAnswered", after=before)
        assert answer.status_code == 500
        assert "lambda:InvokeFunction" in answered["problem"]

    def test_what_it_said_is_kept_by_the_harness_s_clock(self, world: World) -> None:
        def calls(token: str) -> int:
            answer = world.ask("/cached/1", token)
            return int(answer.json()["requestContext"]["authorizer"]["lambda"]["calls"])

        first, again = calls("yes"), calls("yes")
        world.harness.call("POST", "clock", {"advance_seconds": 61})
        later = calls("yes")
        uncached = [
            world.ask("/simple/1", "yes").json()["requestContext"]["authorizer"]["lambda"]["calls"] for _ in "ab"
        ]

        assert first == again
        assert later > first
        assert uncached[1] == uncached[0] + 1

    def test_a_kept_policy_is_applied_to_other_requests(self, world: World) -> None:
        allowed = world.ask("/kept/1", "allow")
        other_path = world.ask("/kept/2", "allow")

        assert allowed.status_code == 200
        assert other_path.status_code == 403

    def test_a_reset_forgets_what_was_said(self, world: World) -> None:
        before = world.ask("/cached/1", "yes").json()["requestContext"]["authorizer"]["lambda"]["calls"]

        world.harness.reset(world.deployment)

        after = world.ask("/cached/1", "yes").json()["requestContext"]["authorizer"]["lambda"]["calls"]
        assert (before >= 1, after) == (True, 1)


class TestSignatures:
    def _user(self, world: World, name: str, *statements: dict[str, Any]) -> dict[str, str]:
        iam = world.harness.aws("iam")
        iam.create_user(UserName=name)
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key: dict[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
        return key

    def _invoke(self, world: World, resource: str) -> dict[str, Any]:
        arn = f"arn:aws:execute-api:us-east-1:123456789012:{world.outputs['Api']}/{resource}"
        return {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn}

    def test_who_may_is_let_in_and_told(self, world: World) -> None:
        key = self._user(world, "may", self._invoke(world, "$default/POST/signed/*"))

        answer = world.http.send(sign(world.http.build_request("POST", "/signed/1?b=2&a=1", json={"a": 1}), key))

        told = answer.json()["requestContext"]["authorizer"]["iam"]
        assert told["userArn"] == "arn:aws:iam::123456789012:user/may"
        assert told["accessKey"] == key["AccessKeyId"]
        assert told["accountId"] == "123456789012"
        assert told["userId"] == told["callerId"]

    def test_format_1_tells_it_in_the_identity(self, world: World) -> None:
        key = self._user(world, "first", self._invoke(world, "*"))

        answer = world.http.send(sign(world.http.build_request("GET", "/first/signed"), key))

        assert answer.json()["requestContext"]["identity"]["userArn"] == "arn:aws:iam::123456789012:user/first"

    def test_who_may_not_is_forbidden(self, world: World) -> None:
        nobody = self._user(world, "maynot")
        reader = self._user(world, "reads", self._invoke(world, "$default/GET/*"))

        for key in (nobody, reader):
            answer = world.http.send(sign(world.http.build_request("POST", "/signed/1"), key))
            assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})

    def test_no_signature_and_a_wrong_one_are_forbidden(self, world: World) -> None:
        key = self._user(world, "wrong", self._invoke(world, "*"))
        forged = sign(world.http.build_request("GET", "/signed/1"), {**key, "SecretAccessKey": "x" * 40})
        for_lambda = sign(world.http.build_request("GET", "/signed/1"), key, service="lambda")

        answers = [world.ask("/signed/1"), world.http.send(forged), world.http.send(for_lambda)]

        assert [(answer.status_code, answer.json()) for answer in answers] == [(403, {"message": "Forbidden"})] * 3
