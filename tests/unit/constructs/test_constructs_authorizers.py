from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import Duration, Stack, assertions
from aws_cdk import aws_cognito as cognito

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.api_doors import ApiSettings
from lambdakit.constructs.authorizers import (
    Authorizer,
    CognitoAuthorizer,
    IamAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
)
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.function_url_api import FunctionUrlSettings
from lambdakit.constructs.http_api import Cors
from lambdakit.constructs.rest_api import RestSettings
from lambdakit.constructs.routes import Route
from lambdakit.constructs.user_pool import UserPoolProperties
from lambdakit.constructs.websocket_api import WebSocketSettings
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

JWT = JwtAuthorizer(issuer="https://login.example.com/", audience=["shop"], scopes=["orders/read"])


def resources(stack: Stack, type_name: str) -> dict[str, Mapping[str, Any]]:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    return {logical_id: resource["Properties"] for logical_id, resource in found.items()}


def routes(stack: Stack) -> dict[str, Mapping[str, Any]]:
    return {each["RouteKey"]: each for each in resources(stack, "AWS::ApiGatewayV2::Route").values()}


@pytest.mark.parametrize(
    ("authorizer", "authorization_type", "has_authorizer"),
    [
        (IamAuthorizer(), "AWS_IAM", False),
        (JWT, "JWT", True),
        (CognitoAuthorizer(), "JWT", True),
        ("lambda", "CUSTOM", True),
    ],
    ids=["iam", "jwt", "cognito", "lambda"],
)
def test_every_route_of_an_http_api_is_guarded_but_the_public_one(
    stack: Stack,
    function: FunctionProperties,
    authorizer: Authorizer | str,
    authorization_type: str,
    has_authorizer: bool,
) -> None:
    guard = LambdaAuthorizer(function=function) if isinstance(authorizer, str) else authorizer

    ApiBackend(
        stack,
        "orders",
        routes={
            "GET /orders": Route(name="list_orders", function=function),
            "POST /orders": Route(function="list_orders"),
            "GET /health": Route(function="list_orders", public=True),
        },
        authorizer=guard,
    )

    made = routes(stack)
    assert made["GET /health"]["AuthorizationType"] == "NONE"
    for key in ("GET /orders", "POST /orders"):
        assert made[key]["AuthorizationType"] == authorization_type
        assert ("AuthorizerId" in made[key]) == has_authorizer
    assert len(resources(stack, "AWS::ApiGatewayV2::Authorizer")) == has_authorizer


def test_a_jwt_authorizer_names_issuer_audience_and_scopes(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(stack, "orders", routes={"GET /": Route(name="read", function=function)}, authorizer=JWT)

    (authorizer,) = resources(stack, "AWS::ApiGatewayV2::Authorizer").values()
    assert authorizer["JwtConfiguration"] == {"Audience": ["shop"], "Issuer": "https://login.example.com/"}
    assert routes(stack)["GET /"]["AuthorizationScopes"] == ["orders/read"]


def test_a_user_pool_has_secure_settings_and_one_client_without_a_secret(
    stack: Stack, function: FunctionProperties
) -> None:
    backend = ApiBackend(
        stack, "orders", routes={"GET /": Route(name="read", function=function)}, authorizer=CognitoAuthorizer()
    )

    ((pool_id, pool),) = resources(stack, "AWS::Cognito::UserPool").items()
    ((client_id, client),) = resources(stack, "AWS::Cognito::UserPoolClient").items()
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("OPTIONAL", ["SOFTWARE_TOKEN_MFA"])
    assert "SmsConfiguration" not in pool
    assert client["ExplicitAuthFlows"] == ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    assert (client["GenerateSecret"], client["PreventUserExistenceErrors"]) == (False, "ENABLED")
    (authorizer,) = resources(stack, "AWS::ApiGatewayV2::Authorizer").values()
    assert authorizer["JwtConfiguration"]["Audience"] == [{"Ref": client_id}]
    outputs = assertions.Template.from_stack(stack).find_outputs("*")
    assert outputs["OrdersUserPoolId"]["Value"] == {"Ref": pool_id}
    assert outputs["OrdersUserPoolClientId"]["Value"] == {"Ref": client_id}
    assert (backend.user_pool, backend.user_pool_client) != (None, None)
    found = assertions.Template.from_stack(stack).find_resources("AWS::Cognito::UserPool")
    assert found[pool_id]["DeletionPolicy"] == "Retain"


def test_an_existing_pool_is_taken_as_it_is(stack: Stack, function: FunctionProperties) -> None:
    pool = cognito.UserPool.from_user_pool_id(stack, "Pool", "eu-west-1_aBcDeFgHi")
    client = cognito.UserPoolClient.from_user_pool_client_id(stack, "Client", "known")

    backend = ApiBackend(
        stack,
        "orders",
        routes={"GET /": Route(name="read", function=function)},
        authorizer=CognitoAuthorizer(user_pool=pool, clients=[client]),
    )

    assert resources(stack, "AWS::Cognito::UserPool") == {}
    (authorizer,) = resources(stack, "AWS::ApiGatewayV2::Authorizer").values()
    assert authorizer["JwtConfiguration"]["Audience"] == ["known"]
    assert backend.user_pool is pool
    assert backend.user_pool_client is None


@pytest.mark.parametrize(
    ("settings", "sources", "simple"),
    [(None, "$request", True), (RestSettings(), "method.request", None), (WebSocketSettings(), "route.request", None)],
    ids=["http", "rest", "websocket"],
)
def test_a_function_is_asked_through_its_alias_by_this_api_alone(
    stack: Stack, function: FunctionProperties, settings: ApiSettings | None, sources: str, simple: bool | None
) -> None:
    key = "$connect" if isinstance(settings, WebSocketSettings) else "GET /"

    backend = ApiBackend(
        stack,
        "orders",
        routes={key: Route(name="read", function=function)},
        api=settings,
        authorizer=LambdaAuthorizer(
            function=function, name="check", identity_sources=["header.X-Token", "querystring.tenant"], cache=60
        ),
    )

    rest = isinstance(settings, RestSettings)
    (authorizer,) = resources(stack, f"AWS::ApiGateway{'' if rest else 'V2'}::Authorizer").values()
    expected = [f"{sources}.header.X-Token", f"{sources}.querystring.tenant"]
    assert authorizer["IdentitySource"] == (",".join(expected) if rest else expected)
    assert authorizer.get("EnableSimpleResponses") == simple
    if not isinstance(settings, WebSocketSettings):
        assert authorizer["AuthorizerResultTtlInSeconds"] == 60
    alias = stack.resolve(backend.functions["check"].alias.function_arn)
    permissions = [
        each
        for each in resources(stack, "AWS::Lambda::Permission").values()
        if "/authorizers/" in str(each["SourceArn"])
    ]
    assert [each["FunctionName"] for each in permissions] == [alias]


@pytest.mark.parametrize("key", ["$default", "ANY /{proxy+}"])
def test_a_guarded_route_that_takes_all_lets_preflight_requests_in(
    stack: Stack, function: FunctionProperties, key: str
) -> None:
    ApiBackend(
        stack,
        "orders",
        routes={key: Route(name="read", function=function)},
        cors=Cors(allow_origins=["https://example.com"]),
        authorizer=IamAuthorizer(),
    )

    made = routes(stack)
    assert made[key]["AuthorizationType"] == "AWS_IAM"
    assert made["OPTIONS /{proxy+}"]["AuthorizationType"] == "NONE"


@pytest.mark.parametrize("seconds", [0, 3600])
def test_an_answer_is_kept_for_up_to_an_hour(stack: Stack, function: FunctionProperties, seconds: int) -> None:
    ApiBackend(
        stack,
        "orders",
        routes={"GET /": Route(name="read", function=function)},
        authorizer=LambdaAuthorizer(function=function, cache=Duration.seconds(seconds)),
    )

    (authorizer,) = resources(stack, "AWS::ApiGatewayV2::Authorizer").values()
    assert authorizer["AuthorizerResultTtlInSeconds"] == seconds


@pytest.mark.parametrize(
    ("settings", "authorizer", "says"),
    [
        (RestSettings(), JWT, "authorizer: an API of type rest knows no JwtAuthorizer"),
        (WebSocketSettings(), CognitoAuthorizer(), "authorizer: an API of type websocket knows no CognitoAuthorizer"),
        (FunctionUrlSettings(), JWT, "authorizer: an API of type function_url knows no JwtAuthorizer"),
        (None, JwtAuthorizer(issuer="http://x", audience=["a"]), "authorizer.issuer: 'http://x' is no URL"),
        (None, JwtAuthorizer(issuer="https://x", audience=[]), "authorizer.audience: 0 audiences"),
        (
            None,
            JwtAuthorizer(issuer="https://x", audience=["a"], scopes=["s"] * 11),
            "authorizer.scopes: 11 scopes are above 10",
        ),
        (
            None,
            CognitoAuthorizer(user_pool=UserPoolProperties(password_length=5)),
            "authorizer.user_pool.password_length: 5 is outside 6 to 99",
        ),
        (
            None,
            CognitoAuthorizer(user_pool=UserPoolProperties(password_length=100)),
            "authorizer.user_pool.password_length: 100 is outside 6 to 99",
        ),
    ],
)
def test_an_authorizer_that_cannot_be_is_refused(
    stack: Stack, function: FunctionProperties, settings: ApiSettings | None, authorizer: Authorizer, says: str
) -> None:
    key = "$connect" if isinstance(settings, WebSocketSettings) else "$default"

    with pytest.raises(SynthesisError) as refused:
        ApiBackend(
            stack, "orders", routes={key: Route(name="read", function=function)}, api=settings, authorizer=authorizer
        )

    assert f"shop/orders.{says}" in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "settings", "says"),
    [
        ({"cache": -1}, None, "authorizer.cache: -1 is outside 0 to 3600 seconds"),
        ({"cache": 3601}, None, "authorizer.cache: 3601 is outside 0 to 3600 seconds"),
        ({"identity_sources": []}, None, "authorizer.cache: there is no identity source"),
        ({"identity_sources": ["Authorization"]}, None, "authorizer.identity_sources[0]: 'Authorization' is no part"),
        ({"simple_responses": True}, RestSettings(), "authorizer.simple_responses: an API of type rest takes policies"),
        ({"name": "read"}, None, "authorizer.name: 'read' is the name of a route's function"),
        ({"name": "Api"}, None, "authorizer.name: 'Api' is taken by a part of the pattern itself"),
    ],
)
def test_a_function_that_cannot_be_asked_is_refused(
    stack: Stack,
    function: FunctionProperties,
    changes: dict[str, Any],
    settings: ApiSettings | None,
    says: str,
) -> None:
    with pytest.raises(SynthesisError) as refused:
        ApiBackend(
            stack,
            "orders",
            routes={"GET /": Route(name="read", function=function)},
            api=settings,
            authorizer=LambdaAuthorizer(function=function, **changes),
        )

    assert f"shop/orders.{says}" in str(refused.value)


def test_an_existing_pool_of_an_http_api_needs_its_clients(stack: Stack, function: FunctionProperties) -> None:
    pool = cognito.UserPool.from_user_pool_id(stack, "Pool", "eu-west-1_aBcDeFgHi")

    with pytest.raises(SynthesisError, match=r"authorizer\.clients: an existing user pool without clients"):
        ApiBackend(
            stack,
            "orders",
            routes={"GET /": Route(name="read", function=function)},
            authorizer=CognitoAuthorizer(user_pool=pool),
        )


def test_a_public_route_of_an_open_api_is_refused(stack: Stack, function: FunctionProperties) -> None:
    with pytest.raises(SynthesisError, match="the API has no authorizer, so that every route is public"):
        ApiBackend(stack, "orders", routes={"GET /": Route(name="read", function=function, public=True)})
