"""Who is let in to a GraphQL API, and which of its fields each may have."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
import pytest

from tests.fakes.graphql_apis import APPSYNC, Served, function_source, graphql_api, resolver
from tests.fakes.http_apis import permission
from tests.fakes.plain_assembly import Resources, function, role
from tests.fakes.signed_http import sign
from tests.fakes.stacks import Stacks
from tests.fakes.token_issuer import Issuer, served_issuer
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql-authorization")

SCHEMA: Final = """
input Given @aws_cognito_user_pools(cognito_groups: ["editors"]) @aws_iam { a: String }
type Query {
  keyed(of: Given): AWSJSON
  signed: AWSJSON @aws_iam
  pooled: AWSJSON @aws_cognito_user_pools
  editors: AWSJSON @aws_cognito_user_pools(cognito_groups: ["editors"])
  issued: AWSJSON @aws_oidc
  decided: AWSJSON @aws_lambda
  secret: AWSJSON @aws_lambda
  both: Both @aws_iam @aws_lambda
}
type Both @aws_iam @aws_lambda { open: String mine: String @aws_iam }
"""
WORK: Final = """
def handler(event, context):
    if event["info"]["fieldName"] == "both":
        return {"open": "o", "mine": "m"}
    return {"identity": event["identity"]}
"""
GUARD: Final = """
import time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    token = event["authorizationToken"]
    if token == "raise":
        raise ValueError("no")
    if token == "odd":
        return {"isAuthorized": "yes"}
    answer = {"isAuthorized": token.startswith("yes"), "resolverContext": {"calls": calls, "event": event}}
    if token == "yes-denied":
        answer["deniedFields"] = ["Query.secret"]
    if token == "yes-arn":
        api = event["requestContext"]["apiId"]
        other = "arn:aws:appsync:us-east-1:123456789012:apis/other/types/Query/fields/decided"
        answer["deniedFields"] = [other.replace("other", api).replace("decided", "secret"), other]
    if token == "yes-brief":
        answer["ttlOverride"] = 0
    return answer
"""


def _resources(issuer: Issuer) -> Resources:
    pool = {"UserPoolId": {"Ref": "Pool"}, "AwsRegion": {"Ref": "AWS::Region"}}
    guard = {"AuthorizerUri": {"Fn::GetAtt": ["Guard", "Arn"]}, "IdentityValidationExpression": "^[a-z-]+$"}
    providers = [
        {"AuthenticationType": "AWS_IAM"},
        {"AuthenticationType": "AMAZON_COGNITO_USER_POOLS", "UserPoolConfig": pool},
        {
            "AuthenticationType": "OPENID_CONNECT",
            "OpenIDConnectConfig": {"Issuer": issuer.url, "ClientId": "sho.", "IatTTL": 600_000},
        },
        {"AuthenticationType": "AWS_LAMBDA", "LambdaAuthorizerConfig": guard},
    ]
    fields = ("keyed", "signed", "pooled", "editors", "issued", "decided", "secret", "both")
    resources: Resources = {
        **function("Work", WORK),
        **function("Guard", GUARD),
        **permission("GuardPermission", "Guard", {"Fn::GetAtt": ["Api", "Arn"]}, principal=APPSYNC),
        **graphql_api("Api", SCHEMA, AdditionalAuthenticationProviders=providers),
        **function_source("Api", "work", "Work"),
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}},
        "PoolClient": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": {"UserPoolId": {"Ref": "Pool"}, "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]},
        },
        "Reader": role(_allowing("Query/fields/signed"), service="lambda.amazonaws.com"),
    }
    for field in fields:
        resources |= resolver("Api", f"Query.{field}", "work")
    return resources


def _allowing(fields: str) -> dict[str, Any]:
    resource = {"Fn::Sub": f"arn:aws:appsync:${{AWS::Region}}:${{AWS::AccountId}}:apis/${{Api.ApiId}}/types/{fields}"}
    return {"Effect": "Allow", "Action": "appsync:GraphQL", "Resource": resource}


class World:
    """The API, with those who may ask it."""

    def __init__(self, harness: WiredHarness, api: Served, issuer: Issuer) -> None:
        self.harness, self.api, self.issuer = harness, api, issuer

    def user_token(self, name: str, *groups: str, kind: str = "AccessToken") -> str:
        """A token of a user of the pool in the given groups."""
        cognito, pool = self.harness.aws("cognito-idp"), self.api.physical_id("Pool")
        client = self.api.physical_id("PoolClient")
        cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password="Secret-1234", Permanent=True)
        for group in groups:
            cognito.create_group(UserPoolId=pool, GroupName=group)
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": "Secret-1234"},
        )
        return str(answer["AuthenticationResult"][kind])

    def signed(self, query: str, key: Mapping[str, str], *, service: str = "appsync") -> httpx.Response:
        """The answer to a signed request."""
        request = httpx.Request("POST", f"{self.api.url}/graphql", json={"query": query})
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.send(sign(request, key, service=service))

    def session(self, role_name: str) -> Mapping[str, str]:
        """Credentials of a role of the stack."""
        account = "123456789012"
        arn = f"arn:aws:iam::{account}:role/{self.api.physical_id(role_name)}"
        answer = self.harness.aws("sts").assume_role(RoleArn=arn, RoleSessionName="tests")
        credentials: Mapping[str, str] = answer["Credentials"]
        return credentials

    def identity(self, field: str, token: str) -> Any:
        """The identity that a field's resolver saw of who sent a token."""
        found = self.api.data(f"{{ {field} }}", headers={"authorization": token})[field]
        return json.loads(found)["identity"]

    def refused(self, query: str, headers: Mapping[str, str]) -> tuple[int, str, str]:
        """Status, type and message of a request that is not let in."""
        answer = self.api.send(query, headers=headers)
        (error,) = answer.json()["errors"]
        assert "data" not in answer.json()
        return answer.status, error["errorType"], error["message"]

    def unauthorized(self, query: str, headers: Mapping[str, str]) -> str:
        """The message of the error of a field that the caller may not have."""
        body = self.api.ask(query, headers=headers)
        (error,) = body["errors"]
        assert set(body["data"].values()) == {None}
        assert (error["errorType"], error["data"], error["errorInfo"]) == ("Unauthorized", None, None)
        return str(error["message"])


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture(scope="module")
def world(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served_issuer() as issuer:
        stacks = Stacks(harness, tmp_path_factory.mktemp("graphql"), "graphql-auth")
        deployment = stacks.deploy(_resources(issuer))
        yield World(harness, Served(harness, deployment, "Api"), issuer)
        stacks.destroy()


class TestKeys:
    def test_a_key_lets_in_to_what_has_no_directive(self, world: World) -> None:
        assert json.loads(world.api.data("{ keyed }")["keyed"]) == {"identity": None}

    def test_nothing_follows_from_the_directives_of_an_input(self, world: World) -> None:
        assert json.loads(world.api.data('{ keyed(of: {a: "b"}) }')["keyed"]) == {"identity": None}

    @pytest.mark.parametrize("headers", [{}, {"x-api-key": "da2-nothing"}, {"x-api-key": ""}])
    def test_no_key_and_an_unknown_one_are_refused(self, world: World, headers: Mapping[str, str]) -> None:
        status, kind, _ = world.refused("{ keyed }", headers)

        assert (status, kind) == (401, "UnauthorizedException")

    def test_a_key_lets_in_to_nothing_else(self, world: World) -> None:
        message = world.unauthorized("{ signed }", {"x-api-key": world.api.key})

        assert message == "Not Authorized to access signed on type Query"

    def test_a_key_is_deleted(self, world: World) -> None:
        appsync = world.harness.aws("appsync")
        key = appsync.create_api_key(apiId=world.api.api_id)["apiKey"]["id"]
        before = world.api.send("{ keyed }", headers={"x-api-key": key}).status
        appsync.delete_api_key(apiId=world.api.api_id, id=key)

        assert (before, world.api.send("{ keyed }", headers={"x-api-key": key}).status) == (200, 401)


class TestSignatures:
    def test_a_role_has_the_fields_of_its_policy(self, world: World) -> None:
        credentials = world.session("Reader")

        answer = world.signed("{ signed }", credentials)

        identity = json.loads(answer.json()["data"]["signed"])["identity"]
        assert identity["userArn"].endswith(f"assumed-role/{world.api.physical_id('Reader')}/tests")
        assert (identity["accountId"], identity["sourceIp"]) == ("123456789012", ["127.0.0.1"])

    def test_a_role_has_no_other_fields(self, world: World) -> None:
        body = world.signed("{ signed both { open } }", world.session("Reader")).json()

        assert body["data"]["both"] is None
        assert [each["message"] for each in body["errors"]] == ["Not Authorized to access both on type Query"]

    def test_a_signature_does_not_do_for_the_fields_of_others(self, world: World) -> None:
        body = world.signed("{ keyed }", world.session("Reader")).json()

        assert [each["errorType"] for each in body["errors"]] == ["Unauthorized"]

    def test_a_signature_for_another_service_is_refused(self, world: World) -> None:
        assert world.signed("{ signed }", world.session("Reader"), service="execute-api").status_code == 401

    def test_a_broken_signature_is_refused(self, world: World) -> None:
        answer = world.signed("{ signed }", {**world.session("Reader"), "SecretAccessKey": "wrong"})

        assert answer.status_code == 403
        assert "errors" in answer.json()


class TestPools:
    def test_a_user_is_told_of(self, world: World) -> None:
        identity = world.identity("pooled", world.user_token("ann"))

        assert identity["username"] == "ann"
        assert identity["claims"]["token_use"] == "access"
        assert (identity["groups"], identity["defaultAuthStrategy"]) == (None, "ALLOW")
        assert identity["sourceIp"] == ["127.0.0.1"]
        assert identity["sub"] == identity["claims"]["sub"]

    def test_an_identity_token_lets_in_as_well(self, world: World) -> None:
        assert world.identity("pooled", world.user_token("eve", kind="IdToken"))["username"] == "eve"

    def test_a_group_has_its_fields(self, world: World) -> None:
        editor, other = world.user_token("edith", "editors"), world.user_token("otto")

        assert world.identity("editors", f"Bearer {editor}")["groups"] == ["editors"]
        assert "editors on type Query" in world.unauthorized("{ editors }", {"authorization": other})

    @pytest.mark.parametrize("field", ["keyed", "issued", "decided"])
    def test_a_user_does_not_have_the_fields_of_others(self, world: World, field: str) -> None:
        token = world.user_token(f"user-{field}")

        assert field in world.unauthorized(f"{{ {field} }}", {"authorization": token})

    def test_a_token_of_nobody_is_refused(self, world: World) -> None:
        pool = world.api.physical_id("Pool")
        stranger = Issuer(url=f"https://cognito-idp.us-east-1.amazonaws.com/{pool}")

        assert world.refused("{ pooled }", {"authorization": stranger.token()})[:2] == (401, "UnauthorizedException")


class TestIssuers:
    def test_a_token_is_told_of(self, world: World) -> None:
        identity = world.identity("issued", world.issuer.token(sub="me"))

        assert (identity["sub"], identity["issuer"]) == ("me", world.issuer.url)
        assert identity["claims"]["aud"] == "shop"

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "bakery"},
            {"aud": "a shop"},
            {"exp": datetime.timedelta(seconds=-5)},
            {"iat": datetime.timedelta(minutes=-11)},
            {"nbf": datetime.timedelta(minutes=5)},
        ],
        ids=["another client", "around the client", "expired", "issued too long ago", "not yet"],
    )
    def test_a_token_that_is_not_in_order_is_refused(self, world: World, claims: dict[str, Any]) -> None:
        status, kind, _ = world.refused("{ issued }", {"authorization": world.issuer.token(**claims)})

        assert (status, kind) == (401, "UnauthorizedException")


class TestFunctions:
    def test_a_function_is_asked_with_the_operation(self, world: World) -> None:
        headers = {"authorization": "yes-brief", "X-Own": "1"}

        found = world.api.data("query Mine { decided }", headers=headers, operationName="Mine")
        event = json.loads(found["decided"])["identity"]["resolverContext"]["event"]

        assert event["authorizationToken"] == "yes-brief"
        context = event["requestContext"]
        assert (context["apiId"], context["accountId"]) == (world.api.api_id, "123456789012")
        assert (context["queryString"], context["operationName"]) == ("query Mine { decided }", "Mine")
        assert context["variables"] == {}
        assert event["requestHeaders"]["x-own"] == "1"

    def test_its_answer_is_kept(self, world: World) -> None:
        first, second = (world.identity("decided", "yes-kept")["resolverContext"]["calls"] for _ in range(2))
        world.harness.call("POST", "clock", {"advance_seconds": 301})
        third = world.identity("decided", "yes-kept")["resolverContext"]["calls"]

        assert (second - first, third - first > 0) == (0, True)

    def test_it_may_say_that_its_answer_is_not_kept(self, world: World) -> None:
        first, second = (world.identity("decided", "yes-brief")["resolverContext"]["calls"] for _ in range(2))

        assert second == first + 1

    def test_it_refuses(self, world: World) -> None:
        assert world.refused("{ decided }", {"authorization": "no"})[:2] == (401, "UnauthorizedException")

    @pytest.mark.parametrize("token", ["raise", "odd"])
    def test_a_function_that_fails_lets_nobody_in(self, world: World, token: str) -> None:
        assert world.refused("{ decided }", {"authorization": token})[0] == 500

    def test_a_token_that_does_not_fit_the_expression_is_not_asked_about(self, world: World) -> None:
        before = world.harness.position()

        assert world.refused("{ decided }", {"authorization": "YES 1"})[0] == 401
        assert world.harness.events("InvocationStarted", after=before) == []

    @pytest.mark.parametrize("token", ["yes-denied", "yes-arn"])
    def test_denied_fields_are_null(self, world: World, token: str) -> None:
        body = world.api.ask("{ decided secret }", headers={"authorization": token})

        assert body["data"]["secret"] is None
        assert body["data"]["decided"] is not None
        assert [each["path"] for each in body["errors"]] == [["secret"]]

    def test_a_field_below_has_a_provider_of_its_own(self, world: World) -> None:
        body = world.api.ask("{ both { open mine } }", headers={"authorization": "yes"})

        assert body["data"] == {"both": {"open": "o", "mine": None}}
        assert [each["message"] for each in body["errors"]] == ["Not Authorized to access mine on type Both"]


class TestExpiry:
    def test_a_key_expires(self, world: World) -> None:
        assert world.api.send("{ keyed }").status == 200
        world.harness.call("POST", "clock", {"advance_seconds": 8 * 24 * 3600})

        assert world.api.send("{ keyed }").status == 401
