"""An HTTP API as the door of its pattern: authorizers, and preflight requests that need none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.api_acknowledgements import PREFLIGHT, PUBLIC_ROUTE
from lambdakit.constructs.authorizers import (
    Authorizer,
    CognitoAuthorizer,
    IamAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    identity_source,
)
from lambdakit.constructs.function_properties import FunctionProperties, as_duration
from lambdakit.constructs.http_api import add_domain, add_route
from lambdakit.constructs.routes import RouteKey
from lambdakit.constructs.user_pool import UserPoolProperties

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from lambdakit.constructs.custom_domain import CustomDomain

_PREFLIGHT: Final = "OPTIONS /{proxy+}"
# Routes that take preflight requests away from the API's own answer.
# Source: API Gateway Developer Guide, "Configure CORS for HTTP APIs", "with a $default route and an authorizer"
_TAKES_PREFLIGHTS: Final = frozenset({(None, None), ("ANY", "/{+}")})
_REQUEST: Final = "$request"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDoor:
    """See `ApiDoor`. answers_preflights: the API has CORS settings. keys: of all its routes."""

    api: apigatewayv2.HttpApi
    url: str
    domain_target: str | None
    authorizer: apigatewayv2.IHttpRouteAuthorizer | None
    scopes: Sequence[str]
    answers_preflights: bool
    keys: Collection[str]

    def add_route(self, key: str, handler: lambda_.IFunction, *, public: bool) -> None:
        """See `ApiDoor`."""
        parsed = RouteKey.parse(key)
        if self.authorizer is None:
            add_route(self.api, parsed, handler)
            return
        if public:
            acknowledge(add_route(self.api, parsed, handler), PUBLIC_ROUTE)
            return
        add_route(self.api, parsed, handler, self.authorizer, self.scopes)
        if self.answers_preflights and parsed.signature in _TAKES_PREFLIGHTS and self._lacks_preflight():
            acknowledge(add_route(self.api, RouteKey.parse(_PREFLIGHT), handler), PREFLIGHT)

    def _lacks_preflight(self) -> bool:
        preflight = RouteKey.parse(_PREFLIGHT).signature
        made = self.api.node.try_find_child("OPTIONS--{proxy+}") is not None
        return not made and all(RouteKey.parse(key).signature != preflight for key in self.keys)


def http_door(
    scope: Construct,
    api: apigatewayv2.HttpApi,
    *,
    authorizer: Authorizer | None,
    domain: CustomDomain | None,
    answers_preflights: bool,
    keys: Collection[str],
) -> HttpDoor:
    """The door of `api`. authorizer: whose pool, clients and function exist; None, everybody may call."""
    name = None
    if domain is not None:
        stage = api.node.find_child("DefaultStage")
        assert isinstance(stage, apigatewayv2.HttpStage)
        name = add_domain(scope, api, stage, domain)
    return HttpDoor(
        api=api,
        url=api.api_endpoint if domain is None else f"https://{domain.domain_name}",
        domain_target=None if name is None else name.regional_domain_name,
        authorizer=None if authorizer is None else _route_authorizer(scope, authorizer),
        scopes=authorizer.scopes if isinstance(authorizer, JwtAuthorizer | CognitoAuthorizer) else (),
        answers_preflights=answers_preflights,
        keys=keys,
    )


def _route_authorizer(scope: Construct, authorizer: Authorizer) -> apigatewayv2.IHttpRouteAuthorizer:
    match authorizer:
        case IamAuthorizer():
            return authorizers.HttpIamAuthorizer()
        case JwtAuthorizer():
            return authorizers.HttpJwtAuthorizer(
                "Authorizer", authorizer.issuer, jwt_audience=list(authorizer.audience)
            )
        case CognitoAuthorizer():
            assert not isinstance(authorizer.user_pool, UserPoolProperties)
            return authorizers.HttpJwtAuthorizer(
                "Authorizer",
                _issuer(scope, authorizer.user_pool.user_pool_id),
                jwt_audience=[client.user_pool_client_id for client in authorizer.clients],
            )
        case LambdaAuthorizer():
            return _lambda_authorizer(authorizer)


def _issuer(scope: Construct, user_pool_id: str) -> str:
    """Source: Cognito Developer Guide, "Verifying JSON web tokens", the claim iss."""
    stack = Stack.of(scope)
    return f"https://cognito-idp.{stack.region}.amazonaws.com/{user_pool_id}"


def _lambda_authorizer(authorizer: LambdaAuthorizer) -> apigatewayv2.IHttpRouteAuthorizer:
    assert not isinstance(authorizer.function, FunctionProperties)
    simple = authorizer.simple_responses is not False
    kinds = authorizers.HttpLambdaResponseType
    return authorizers.HttpLambdaAuthorizer(
        "Authorizer",
        authorizer.function,
        # With the CDK's IAM alone, the event would have format 1.0.
        response_types=[kinds.SIMPLE] if simple else [kinds.IAM],
        identity_source=[identity_source(each, prefix=_REQUEST) for each in authorizer.identity_sources],
        results_cache_ttl=as_duration(authorizer.cache),
    )
