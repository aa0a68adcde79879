"""Who may call an API's routes."""

from typing import Annotated, Final, Literal

from pydantic import Field, Tag

from lambdakit import limits
from lambdakit.spec.function import FunctionSettings
from lambdakit.spec.kinds import by_kind
from lambdakit.spec.model import Model
from lambdakit.spec.names import FUNCTION_NAME_PATTERN
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import patterned_text, whole_number

_CACHE_SECONDS_DEFAULT: Final = 300
# Source: API Gateway Developer Guide, "Quotas for configuring and running an HTTP API"
_AUDIENCES_MAX: Final = 50
_SCOPES_MAX: Final = 10
# Source: API cognito-idp, PasswordPolicyType.MinimumLength
_PASSWORD: Final = whole_number(minimum=6, maximum=99, what="length of a password")

_PRINTED: Final = "^[^\\s\\u0000-\\u001f\\u007f]+$"
FunctionName = Annotated[
    str,
    patterned_text(
        FUNCTION_NAME_PATTERN,
        allowed="a name of a function: letters, digits, - and _",
        longest=limits.FUNCTION_NAME_LENGTH_MAX,
        mend=lambda name: "_".join(name.split()),
    ),
]
Issuer = Annotated[
    str,
    patterned_text(
        "^https://[^\\s?#]+$", allowed="a URL of an issuer such as https://login.example.com/", longest=1_024
    ),
]
Audience = Annotated[str, patterned_text(_PRINTED, allowed="an audience, text without spaces", longest=1_024)]
Scope = Annotated[str, patterned_text(_PRINTED, allowed="a scope, text without spaces", longest=256)]
Scopes = Annotated[list[Scope], Field(max_length=_SCOPES_MAX)]
UserPoolId = Annotated[
    str,
    patterned_text("^[a-z0-9-]+_[A-Za-z0-9]+$", allowed="an id of a user pool such as eu-west-1_aBcDeFgHi", longest=55),
]
ClientId = Annotated[str, patterned_text("^[A-Za-z0-9_+]+$", allowed="an id of a user pool's client", longest=128)]
IdentitySource = Annotated[
    str,
    patterned_text(
        "^(header|querystring)\\.[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
        allowed="a part of a request: header.<name> or querystring.<name>",
        longest=256,
    ),
]
Cache = Annotated[int, duration(minimum=0, maximum=3_600, what="time for which an authorizer's answer is kept")]


class IamAuthorizer(Model):
    """Signed requests of principals that may invoke the API."""

    kind: Literal["iam"] = Field(description="signed requests of principals that may invoke the API")


class JwtAuthorizer(Model):
    """Requests with a token of an OpenID Connect or OAuth 2.0 issuer."""

    kind: Literal["jwt"] = Field(description="tokens of an OpenID Connect or OAuth 2.0 issuer")
    issuer: Issuer = Field(description="URL of the issuer", examples=["https://login.example.com/"])
    audience: Annotated[list[Audience], Field(min_length=1, max_length=_AUDIENCES_MAX)] = Field(
        description="whom tokens may be meant for", examples=[["shop"]]
    )
    scopes: Scopes = Field(
        default_factory=lambda: [], description="scopes of which a token needs one", examples=[["orders/read"]]
    )


class UserPool(Model):
    """A Cognito user pool whose users sign in by their e-mail address."""

    self_sign_up: bool = Field(default=False, description="whether strangers may sign themselves up")
    mfa: Literal["required", "optional", "off"] = Field(
        default="optional", description="whether users give a one-time password of an app beside their own"
    )
    password_length: Annotated[int, _PASSWORD] = Field(default=12, description="characters of a password, at least")
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of the pool when it leaves the stack"
    )
    deletion_protection: bool = Field(default=False, description="whether the pool refuses to be deleted")


class CognitoAuthorizer(Model):
    """Requests with a token of a Cognito user pool. user_pool_id: None for a new one.

    A rule checks that the settings are those of a new pool or those of an existing one.
    """

    kind: Literal["cognito"] = Field(description="tokens of a Cognito user pool")
    user_pool: UserPool | None = Field(default=None, description="settings of a new user pool")
    user_pool_id: UserPoolId | None = Field(
        default=None, description="an existing user pool; a new one when absent", examples=["eu-west-1_aBcDeFgHi"]
    )
    client_ids: list[ClientId] = Field(
        default_factory=lambda: [],
        description="clients of an existing user pool",
        examples=[["1h57kf5cpq17m0eml12EXAMPLE"]],
    )
    scopes: Scopes = Field(
        default_factory=lambda: [], description="scopes of which an access token needs one", examples=[["orders/read"]]
    )


class AuthorizerFunction(FunctionSettings):
    """A function that lets requests in. name: None when it follows from the pattern's key."""

    name: FunctionName | None = Field(
        default=None, description="name of the function; else <pattern>_authorizer", examples=["check_token"]
    )


def _header() -> list[IdentitySource]:
    return ["header.Authorization"]


class WebSocketLambdaAuthorizer(Model):
    """A function that is asked when somebody connects, and answers with a policy."""

    kind: Literal["lambda"] = Field(description="a function that lets requests in")
    function: AuthorizerFunction = Field(
        description="the function", examples=[{"code": "functions/authorizer", "handler": "app.handler"}]
    )
    identity_sources: list[IdentitySource] = Field(
        default_factory=_header,
        description="parts of a request without which it is refused",
        examples=[["querystring.token"]],
        json_schema_extra={"default": ["header.Authorization"]},
    )


class RestLambdaAuthorizer(WebSocketLambdaAuthorizer):
    """A function that answers with a policy, which is kept for a while. cache: seconds."""

    cache: Cache = Field(
        default=_CACHE_SECONDS_DEFAULT,
        description="how long an answer is kept for the same identity",
        examples=["5m"],
        json_schema_extra={"default": "5m"},
    )


class HttpLambdaAuthorizer(RestLambdaAuthorizer):
    """A function that answers with isAuthorized, or with a policy."""

    simple_responses: bool = Field(
        default=True, description="whether the function answers with isAuthorized, not with a policy"
    )


Authorizer = IamAuthorizer | JwtAuthorizer | CognitoAuthorizer | WebSocketLambdaAuthorizer

HttpAuthorizer = Annotated[
    Annotated[IamAuthorizer, Tag("iam")]
    | Annotated[JwtAuthorizer, Tag("jwt")]
    | Annotated[CognitoAuthorizer, Tag("cognito")]
    | Annotated[HttpLambdaAuthorizer, Tag("lambda")],
    by_kind("iam", "jwt", "cognito", "lambda"),
]
RestAuthorizer = Annotated[
    Annotated[IamAuthorizer, Tag("iam")]
    | Annotated[CognitoAuthorizer, Tag("cognito")]
    | Annotated[RestLambdaAuthorizer, Tag("lambda")],
    by_kind("iam", "cognito", "lambda"),
]
WebSocketAuthorizer = Annotated[
    Annotated[IamAuthorizer, Tag("iam")] | Annotated[WebSocketLambdaAuthorizer, Tag("lambda")],
    by_kind("iam", "lambda"),
]
