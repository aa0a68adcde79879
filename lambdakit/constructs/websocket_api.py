"""The WebSocket API in front of functions: routes of messages, a stage, and who may write to its connections."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from lambdakit.constructs.acknowledgements import acknowledge, acknowledge_wildcard
from lambdakit.constructs.api_acknowledgements import CONNECTIONS, MESSAGES, PUBLIC_ROUTE
from lambdakit.constructs.authorizers import Authorizer, LambdaAuthorizer, identity_source
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.http_api import add_domain
from lambdakit.constructs.log_retention import retention
from lambdakit.constructs.log_writing import make_log_account
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from lambdakit.constructs.custom_domain import CustomDomain
    from lambdakit.constructs.http_api import ApiProperties

STAGE_NAME: Final = "prod"
CONNECTIONS_URL_VARIABLE: Final = "CONNECTIONS_URL"
CONNECT_ROUTE: Final = "$connect"
SELECTION: Final = "$request.body.action"

_REQUEST: Final = "route.request"
# Source: API Gateway Developer Guide, "Route selection expressions"
_SELECTION = re.compile(r"\$request\.body\.[A-Za-z0-9_.-]+|\$\{request\.body\.[A-Za-z0-9_.-]+\}")
# Source: API Gateway Developer Guide, "Set up access logging for WebSocket APIs"
_ACCESS_LOG_FORMAT: Final = json.dumps(
    {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        "eventType": "$context.eventType",
        "routeKey": "$context.routeKey",
        "connectionId": "$context.connectionId",
        "status": "$context.status",
        "integrationLatency": "$context.integrationLatency",
        "integrationError": "$context.integrationErrorMessage",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketSettings:
    """What a WebSocket API has beyond what every API has; it has one stage, `prod`, which deploys itself.

    Functions get the variable CONNECTIONS_URL, the endpoint of `apigatewaymanagementapi`, and may write to the stage's
    connections, ask about them and close them.

    route_selection_expression: the part of a message whose value is its route's key; absent, `$request.body.action`.
    cloud_watch_role: makes the account's role by which API Gateway writes logs, and which an account has once in a
        region for all of its APIs. Turn it off where that role is there already. Absent, on, as the access log
        needs it.
    """

    route_selection_expression: str = SELECTION
    cloud_watch_role: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketDoor:
    """See `ApiDoor`. url: begins with wss://. connections_url: where the same API's connections are written to."""

    api: apigatewayv2.WebSocketApi
    stage: apigatewayv2.WebSocketStage
    url: str
    connections_url: str
    domain_target: str | None
    authorizer: apigatewayv2.IWebSocketRouteAuthorizer | None

    def add_route(self, key: str, handler: lambda_.IFunction, *, public: bool) -> None:
        """See `ApiDoor`. The authorizer is asked when somebody connects; messages come by that connection.

        Every other route than $connect and $disconnect answers the message with what the function returns.
        """
        asks = key == CONNECT_ROUTE and not public
        route = self.api.add_route(
            key,
            integration=integrations.WebSocketLambdaIntegration("Integration", handler),
            authorizer=self.authorizer if asks else None,
            return_response=True if key not in (CONNECT_ROUTE, "$disconnect") else None,
        )
        if self.authorizer is not None and not asks:
            acknowledge(route, PUBLIC_ROUTE if key == CONNECT_ROUTE else MESSAGES)

    def grant_connections(self, role: iam.IRole) -> None:
        """Allows the role to write to the connections of this API's stage, ask about them and close them."""
        self.stage.grant_management_api_access(role)
        stack = Stack.of(self.api)
        acknowledge_wildcard(
            role,
            f"arn:{stack.partition}:execute-api:{stack.region}:{stack.account}:{self.api.api_id}"
            f"/{STAGE_NAME}/*/@connections/*",
            CONNECTIONS,
        )


def make_websocket_api(
    scope: Construct, id: str, properties: ApiProperties, settings: WebSocketSettings
) -> tuple[apigatewayv2.WebSocketApi, apigatewayv2.WebSocketStage]:
    """The API, its stage and the log group of its access log, which stands beside it in `scope`; without routes."""
    api = apigatewayv2.WebSocketApi(
        scope,
        id,
        api_name=scope.node.path.replace("/", "-")[:128],
        route_selection_expression=settings.route_selection_expression,
    )
    access_log = logs.LogGroup(
        scope, "AccessLog", retention=retention(properties.log_retention), removal_policy=RemovalPolicy.DESTROY
    )
    stage = apigatewayv2.WebSocketStage(
        scope,
        "Stage",
        web_socket_api=api,
        stage_name=STAGE_NAME,
        auto_deploy=True,
        throttle=apigatewayv2.ThrottleSettings(
            rate_limit=properties.throttle.rate_limit, burst_limit=properties.throttle.burst_limit
        ),
    )
    # The CDK's own setting takes an object with methods, and so would call back into Python while it synthesizes.
    template = stage.node.default_child
    assert isinstance(template, apigatewayv2.CfnStage)
    template.access_log_settings = apigatewayv2.CfnStage.AccessLogSettingsProperty(
        destination_arn=access_log.log_group_arn, format=_ACCESS_LOG_FORMAT
    )
    if settings.cloud_watch_role:
        stage.node.add_dependency(make_log_account(scope))
    return api, stage


def websocket_door(
    scope: Construct,
    api: apigatewayv2.WebSocketApi,
    stage: apigatewayv2.WebSocketStage,
    *,
    authorizer: Authorizer | None,
    domain: CustomDomain | None,
) -> WebSocketDoor:
    """The door of `api`. authorizer: whose function exists; None, everybody may connect."""
    stack = Stack.of(scope)
    host = f"{api.api_id}.execute-api.{stack.region}.{stack.url_suffix}/{STAGE_NAME}"
    name = None if domain is None else add_domain(scope, api, stage, domain)
    return WebSocketDoor(
        api=api,
        stage=stage,
        url=f"wss://{host}" if domain is None else f"wss://{domain.domain_name}",
        connections_url=f"https://{host}",
        domain_target=None if name is None else name.regional_domain_name,
        authorizer=None if authorizer is None else _connect_authorizer(authorizer),
    )


def websocket_problems(pointer: str, settings: WebSocketSettings) -> Iterator[Diagnostic]:
    """What API Gateway would refuse of `settings`."""
    if _SELECTION.fullmatch(settings.route_selection_expression) is None:
        yield Diagnostic(
            pointer=f"{pointer}.route_selection_expression",
            problem=f"{settings.route_selection_expression!r} names no part of a message's body",
            code="LK417",
            hint=f"write it like {SELECTION}",
        )


def _connect_authorizer(authorizer: Authorizer) -> apigatewayv2.IWebSocketRouteAuthorizer:
    if isinstance(authorizer, LambdaAuthorizer):
        assert not isinstance(authorizer.function, FunctionProperties)
        return authorizers.WebSocketLambdaAuthorizer(
            "Authorizer",
            authorizer.function,
            identity_source=[identity_source(each, prefix=_REQUEST) for each in authorizer.identity_sources],
        )
    return authorizers.WebSocketIamAuthorizer()
