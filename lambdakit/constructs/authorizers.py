"""Who may call an API: what is asked of a request before it reaches a function.

Every kind of API knows some of these, which `AUTHORIZERS` lists. A function's own address takes IAM alone, a load
balancer none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from lambdakit.constructs.function_properties import FunctionProperties, seconds_of
from lambdakit.constructs.unresolved import is_unresolved
from lambdakit.constructs.user_pool import UserPoolProperties, user_pool_problems
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import Duration
    from aws_cdk import aws_cognito as cognito
    from aws_cdk import aws_lambda as lambda_

ApiType: TypeAlias = Literal["http", "rest", "websocket", "function_url", "load_balancer"]

AUTHORIZER_ID: Final = "authorizer"
HEADER_SOURCE: Final = "header.Authorization"

# Source: API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers": at most one hour
_CACHE_SECONDS_MAX: Final = 3600
_CACHE_SECONDS: Final = 300
# Source: API Gateway Developer Guide, "Quotas for configuring and running an HTTP API": 50 audiences, 10 scopes a route
_AUDIENCES_MAX: Final = 50
_SCOPES_MAX: Final = 10
_SOURCE = re.compile(r"(header|querystring)\.[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class IamAuthorizer:
    """Requests that are signed, Signature Version 4, by a principal that may invoke the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAuthorizer:
    """Requests with a token of an OpenID Connect or OAuth 2.0 issuer in the header Authorization.

    issuer: its URL, `https://login.example.com/`; it has to offer its keys below it.
    audience: whom the token may be meant for; one of them has to be its `aud` or `client_id`.
    scopes: of which the token has to have one; absent, any token of the issuer's does.
    """

    issuer: str
    audience: Sequence[str]
    scopes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CognitoAuthorizer:
    """Requests with a token of a Cognito user pool in the header Authorization.

    user_pool: settings of a new one, which gets one client, or an existing one; absent, a new one.
    clients: of an existing pool, whose tokens an HTTP API takes; a REST API takes those of every client.
    scopes: of which an access token has to have one; absent, an identity token does, and for an HTTP API any.
    """

    user_pool: UserPoolProperties | cognito.IUserPool = field(default_factory=UserPoolProperties)
    clients: Sequence[cognito.IUserPoolClient] = ()
    scopes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaAuthorizer:
    """Requests that a function lets in.

    function: `FunctionProperties` make one; an existing `IFunction` is wired as it is, so hand over an alias.
    name: of the function made here, and its construct id; absent, `authorizer`.
    identity_sources: parts of the request that must be there, else it is refused without asking, and by which an answer
        is remembered: `header.Authorization`, `querystring.token`; absent, the header Authorization.
    simple_responses: the function answers `{"isAuthorized": true}`, not a policy; HTTP APIs alone know that; absent,
        yes for an HTTP API, no for others.
    cache: a `Duration` or seconds, 0 to 3600, for which an answer is remembered; WebSocket APIs remember none;
        absent, 300.
    """

    function: FunctionProperties | lambda_.IFunction
    name: str = AUTHORIZER_ID
    identity_sources: Sequence[str] = (HEADER_SOURCE,)
    simple_responses: bool | None = None
    cache: Duration | int = _CACHE_SECONDS


Authorizer: TypeAlias = IamAuthorizer | JwtAuthorizer | CognitoAuthorizer | LambdaAuthorizer

# Source: API Gateway Developer Guide, "Control and manage access to REST APIs", "… HTTP APIs", "… WebSocket APIs";
# Lambda Developer Guide, "Control access to Lambda function URLs"
AUTHORIZERS: Final[Mapping[ApiType, tuple[type[Authorizer], ...]]] = {
    "http": (IamAuthorizer, JwtAuthorizer, CognitoAuthorizer, LambdaAuthorizer),
    "rest": (IamAuthorizer, CognitoAuthorizer, LambdaAuthorizer),
    "websocket": (IamAuthorizer, LambdaAuthorizer),
    "function_url": (IamAuthorizer,),
    "load_balancer": (),
}


def identity_source(source: str, *, prefix: str) -> str:
    """The source as a kind of API writes it: `header.Authorization` as `$request.header.Authorization`."""
    return f"{prefix}.{source}"


def authorizer_problems(pointer: str, authorizer: Authorizer, api_type: ApiType) -> Iterator[Diagnostic]:
    """What an API of that type would refuse of the authorizer; a function that it makes is not looked at."""
    allowed = AUTHORIZERS[api_type]
    if type(authorizer) not in allowed:
        names = ", ".join(each.__name__ for each in allowed)
        yield Diagnostic(
            pointer=pointer,
            problem=f"an API of type {api_type} knows no {type(authorizer).__name__}; it takes {names or 'none'}",
            code="LK415",
            hint="choose one of those, or type http, which knows all of them" if names else "leave it out",
        )
        return
    match authorizer:
        case JwtAuthorizer():
            yield from _jwt_problems(pointer, authorizer)
        case CognitoAuthorizer():
            yield from _cognito_problems(pointer, authorizer, api_type)
        case LambdaAuthorizer():
            yield from _lambda_problems(pointer, authorizer, api_type)
        case IamAuthorizer():
            pass


def _jwt_problems(pointer: str, authorizer: JwtAuthorizer) -> Iterator[Diagnostic]:
    if not authorizer.issuer.startswith("https://") and not is_unresolved(authorizer.issuer):
        yield Diagnostic(
            pointer=f"{pointer}.issuer",
            problem=f"{authorizer.issuer!r} is no URL that begins with https://",
            code="LK415",
            hint="issuer: https://login.example.com/",
        )
    if not 1 <= len(authorizer.audience) <= _AUDIENCES_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.audience",
            problem=f"{len(authorizer.audience)} audiences; an authorizer has 1 to {_AUDIENCES_MAX}",
            code="LK415",
            hint="name the client's id that the issuer gave out",
        )
    yield from _scope_problems(pointer, authorizer.scopes)


def _cognito_problems(pointer: str, authorizer: CognitoAuthorizer, api_type: ApiType) -> Iterator[Diagnostic]:
    pool = authorizer.user_pool
    if isinstance(pool, UserPoolProperties):
        yield from user_pool_problems(f"{pointer}.user_pool", pool)
        if authorizer.clients:
            yield Diagnostic(
                pointer=f"{pointer}.clients",
                problem="a user pool that is made here has no clients yet",
                code="LK405",
                hint="leave clients out: one is made, or hand over an existing pool",
            )
    elif api_type == "http" and not authorizer.clients:
        yield Diagnostic(
            pointer=f"{pointer}.clients",
            problem="an existing user pool without clients: an HTTP API takes tokens of the clients named here alone",
            code="LK415",
            hint="clients: [UserPoolClient.from_user_pool_client_id(…)]",
        )
    yield from _scope_problems(pointer, authorizer.scopes)


def _scope_problems(pointer: str, scopes: Sequence[str]) -> Iterator[Diagnostic]:
    if len(scopes) > _SCOPES_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.scopes",
            problem=f"{len(scopes)} scopes are above {_SCOPES_MAX}, the most a route may have",
            code="LK415",
            hint="one scope that a token needs is enough: name the broadest",
        )


def _lambda_problems(pointer: str, authorizer: LambdaAuthorizer, api_type: ApiType) -> Iterator[Diagnostic]:
    for index, source in enumerate(authorizer.identity_sources):
        if _SOURCE.fullmatch(source) is None:
            yield Diagnostic(
                pointer=f"{pointer}.identity_sources[{index}]",
                problem=f"{source!r} is no part of a request: header.<name> or querystring.<name>",
                code="LK415",
                hint=f"write {HEADER_SOURCE}",
            )
    if authorizer.simple_responses and api_type != "http":
        yield Diagnostic(
            pointer=f"{pointer}.simple_responses",
            problem=f"an API of type {api_type} takes policies alone from its authorizer",
            code="LK415",
            hint="leave it out, and let the function return a policy",
        )
    seconds = seconds_of(authorizer.cache)
    if seconds is None:
        return
    if not 0 <= seconds <= _CACHE_SECONDS_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.cache",
            problem=f"{seconds:g} is outside 0 to {_CACHE_SECONDS_MAX} seconds",
            code="LK401",
            hint=f"cache: {_CACHE_SECONDS}",
        )
    elif seconds and not authorizer.identity_sources:
        yield Diagnostic(
            pointer=f"{pointer}.cache",
            problem="there is no identity source by which an answer could be remembered",
            code="LK405",
            hint="cache: 0, or name an identity source",
        )
