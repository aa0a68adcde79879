"""moto's WebSocket APIs are read as they were made; canary of `moto_state.websocket_apis`."""

from __future__ import annotations

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.http_apis import Authorizer, Stage, Throttle
from lambdakit.harness.moto_state.websocket_apis import (
    SocketIntegration,
    SocketIntegrationResponse,
    SocketRoute,
    find_websocket_api,
    kept_websocket_api,
    read_websocket_api,
)

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT = "111122223333"
REGION = "eu-west-1"
URI = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn"


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=ACCOUNT, region=REGION)


def test_an_api_is_read_as_it_was_made(account: Account) -> None:
    client = account.client("apigatewayv2")
    expression = "$request.body.action"
    api_id = client.create_api(Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression=expression)["ApiId"]
    proxy = client.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=URI)["IntegrationId"]
    made = client.create_integration(
        ApiId=api_id,
        IntegrationType="AWS",
        IntegrationUri="arn:aws:apigateway:eu-west-1:sqs:action/SendMessage",
        IntegrationMethod="POST",
        CredentialsArn="arn:aws:iam::111122223333:role/r",
        RequestParameters={"integration.request.header.a": "'b'"},
        RequestTemplates={"200": "{}"},
        TemplateSelectionExpression="200",
        PassthroughBehavior="NEVER",
        ContentHandlingStrategy="CONVERT_TO_BINARY",
        TimeoutInMillis=500,
    )["IntegrationId"]
    client.create_integration_response(
        ApiId=api_id,
        IntegrationId=made,
        IntegrationResponseKey="$default",
        ResponseTemplates={"x": "y"},
        TemplateSelectionExpression="x",
        ContentHandlingStrategy="CONVERT_TO_TEXT",
    )
    guard = client.create_authorizer(
        ApiId=api_id,
        Name="guard",
        AuthorizerType="REQUEST",
        AuthorizerUri="uri",
        IdentitySource=["route.request.querystring.token"],
    )["AuthorizerId"]
    connect = {"RouteKey": "$connect", "AuthorizationType": "CUSTOM", "AuthorizerId": guard}
    client.create_route(ApiId=api_id, Target=f"integrations/{proxy}", **connect)
    default = client.create_route(ApiId=api_id, RouteKey="$default", Target=f"integrations/{made}")["RouteId"]
    client.create_route_response(ApiId=api_id, RouteId=default, RouteResponseKey="$default")
    client.create_route(ApiId=api_id, RouteKey="nowhere")
    client.create_stage(
        ApiId=api_id,
        StageName="prod",
        StageVariables={"k": "v"},
        DefaultRouteSettings={"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 2.5},
    )

    api = read_websocket_api(ACCOUNT, REGION, api_id)

    assert api is not None
    assert (api.name, api.route_selection, api.own_endpoint) == ("chat", expression, True)
    assert api.routes == {
        "$connect": SocketRoute(
            key="$connect",
            integration=SocketIntegration(type="AWS_PROXY", uri=URI, method="POST"),
            authorization="CUSTOM",
            authorizer_id=guard,
        ),
        "$default": SocketRoute(
            key="$default",
            integration=SocketIntegration(
                type="AWS",
                uri="arn:aws:apigateway:eu-west-1:sqs:action/SendMessage",
                timeout_seconds=0.5,
                method="POST",
                credentials_arn="arn:aws:iam::111122223333:role/r",
                request_parameters={"integration.request.header.a": "'b'"},
                request_templates={"200": "{}"},
                template_selection="200",
                passthrough="NEVER",
                content_handling="CONVERT_TO_BINARY",
                responses=(
                    SocketIntegrationResponse(
                        key="$default",
                        templates={"x": "y"},
                        template_selection="x",
                        content_handling="CONVERT_TO_TEXT",
                    ),
                ),
            ),
            answers=True,
        ),
        "nowhere": SocketRoute(key="nowhere", integration=None),
    }
    assert api.stages == {
        "prod": Stage(name="prod", variables={"k": "v"}, throttles={"": Throttle(rate=2.5, burst=1)}),
    }
    assert api.authorizers == {
        guard: Authorizer(
            authorizer_id=guard,
            name="guard",
            type="REQUEST",
            identity_sources=("route.request.querystring.token",),
            uri="uri",
            payload_format_version="1.0",
        )
    }


def test_what_is_missing_deleted_or_of_another_kind_is_none(account: Account) -> None:
    client = account.client("apigatewayv2")
    http = client.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
    deleted = client.create_api(Name="gone", ProtocolType="WEBSOCKET", RouteSelectionExpression="x")["ApiId"]
    kept = kept_websocket_api(ACCOUNT, REGION, deleted)
    assert kept() is not None
    assert find_websocket_api(deleted) == (ACCOUNT, REGION)

    client.delete_api(ApiId=deleted)

    assert [read_websocket_api(ACCOUNT, REGION, api_id) for api_id in ("missing", deleted, http)] == [None] * 3
    assert [find_websocket_api(api_id) for api_id in ("missing", deleted, http)] == [None] * 3
    assert kept() is None
