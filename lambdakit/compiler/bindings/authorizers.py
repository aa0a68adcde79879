"""The document's authorizers as the constructs'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_cognito as cognito

from lambdakit.compiler.bindings.function import function_properties
from lambdakit.compiler.bindings.removal_policies import REMOVAL_POLICIES
from lambdakit.constructs import authorizers
from lambdakit.constructs.user_pool import UserPoolProperties
from lambdakit.spec.api_backend import authorizer_name
from lambdakit.spec.authorizers import (
    Authorizer,
    CognitoAuthorizer,
    HttpLambdaAuthorizer,
    IamAuthorizer,
    JwtAuthorizer,
    RestLambdaAuthorizer,
    UserPool,
    WebSocketLambdaAuthorizer,
)

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope


def authorizer(scope: BindingScope, key: str, settings: Authorizer) -> authorizers.Authorizer:
    """The authorizer of the pattern called `key`."""
    match settings:
        case IamAuthorizer():
            return authorizers.IamAuthorizer()
        case JwtAuthorizer():
            return authorizers.JwtAuthorizer(issuer=settings.issuer, audience=settings.audience, scopes=settings.scopes)
        case CognitoAuthorizer():
            return _cognito(scope, key, settings)
        case WebSocketLambdaAuthorizer():
            return _function(scope, key, settings)


def _cognito(scope: BindingScope, key: str, settings: CognitoAuthorizer) -> authorizers.CognitoAuthorizer:
    if settings.user_pool_id is None:
        return authorizers.CognitoAuthorizer(user_pool=_pool(settings.user_pool or UserPool()), scopes=settings.scopes)
    # No pattern's key holds a colon, so that what exists already never meets it in the stack.
    id = f"{key}:user_pool"
    return authorizers.CognitoAuthorizer(
        user_pool=cognito.UserPool.from_user_pool_id(scope.stack, id, settings.user_pool_id),
        clients=[
            cognito.UserPoolClient.from_user_pool_client_id(scope.stack, f"{id}:{client}", client)
            for client in dict.fromkeys(settings.client_ids)
        ],
        scopes=settings.scopes,
    )


def _pool(settings: UserPool) -> UserPoolProperties:
    return UserPoolProperties(
        self_sign_up=settings.self_sign_up,
        mfa=settings.mfa,
        password_length=settings.password_length,
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
        deletion_protection=settings.deletion_protection,
    )


def _function(scope: BindingScope, key: str, settings: WebSocketLambdaAuthorizer) -> authorizers.LambdaAuthorizer:
    name = authorizer_name(key, settings)
    pointer = ("patterns", key, "api", "authorizer", "function")
    return authorizers.LambdaAuthorizer(
        function=function_properties(scope, f"{key}:function:{name}", pointer, settings.function),
        name=name,
        identity_sources=settings.identity_sources,
        simple_responses=settings.simple_responses if isinstance(settings, HttpLambdaAuthorizer) else None,
        cache=settings.cache if isinstance(settings, RestLambdaAuthorizer) else 0,
    )
