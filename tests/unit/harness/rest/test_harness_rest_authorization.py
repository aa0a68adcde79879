"""Which authorizer decides about a request to a REST API: tokens of user pools, and signatures."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.moto_state.rest_definition import RestAuthorizer
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.rest.authorization import RestAuthorization
from lambdakit.harness.routing.rest.exchange import RestAuthorized, RestExchange
from lambdakit.harness.routing.rest.lambda_authorizer import RestLambdaAuthorizers
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.service_request import ServiceRequest
from lambdakit.harness.wire import Request, Response
from tests.fakes.rest_exchanges import StillClock, guarded, kind_of, rest_exchange
from tests.fakes.token_issuer import Issuer

POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbC"
OTHER_POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Other"
ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc/prod/GET/orders/7"
UNAUTHORIZED = ("UNAUTHORIZED", "")


class PoolKeys(KeySets):
    """The keys of one issuer, without asking anybody."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__(time.monotonic)
        self._issuer = issuer

    def key(self, issuer: str, key_id: str) -> Mapping[str, Any] | None:
        return next((key for key in self._issuer.keys if issuer == ISSUER and key["kid"] == key_id), None)


class Signers:
    """Everybody is `principal`, who may do what `refusal` does not say."""

    is_enforced = True

    def __init__(self, principal: Principal | Response, refusal: str | None = None) -> None:
        self.principal = principal
        self.refusal = refusal
        self.asked: list[tuple[str, str]] = []

    def identify(self, request: Request, named: ServiceRequest, environment: str) -> Principal | Response:
        return self.principal

    def action_refusal(self, principal: Principal, action: str, resource: str, context: object) -> str | None:
        self.asked.append((action, resource))
        return self.refusal


USER = Principal(
    kind="user",
    account_id="123456789012",
    arn="arn:aws:iam::123456789012:user/ann",
    caller_arn="arn:aws:iam::123456789012:user/ann",
    user_id="AIDA1",
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    yield Issuer(ISSUER)


def _never(*_: object, **__: object) -> Any:
    raise AssertionError("no function is asked")


def _authorized(exchange: RestExchange, issuer: Issuer | None = None, signers: Signers | None = None) -> RestAuthorized:
    clock = StillClock()
    return RestAuthorization(
        callers=signers or Signers(USER),
        functions=RestLambdaAuthorizers(_never, clock),
        key_sets=KeySets(time.monotonic) if issuer is None else PoolKeys(issuer),
        now=time.time,
    ).authorize(exchange)


def _pool(**more: Any) -> RestAuthorizer:
    whole: dict[str, Any] = {
        "provider_arns": (POOL,),
        "identity_sources": ("method.request.header.Authorization",),
        **more,
    }
    return RestAuthorizer(authorizer_id="p1", name="users", type="COGNITO_USER_POOLS", **whole)


def _with_token(
    token: str | None, authorizer: RestAuthorizer | None = None, scopes: tuple[str, ...] = ()
) -> RestExchange:
    headers = [] if token is None else [("Authorization", token)]
    return guarded(authorizer or _pool(), authorization="COGNITO_USER_POOLS", scopes=scopes, headers=headers)


def test_a_method_without_authorization_asks_nobody() -> None:
    assert _authorized(rest_exchange()) == RestAuthorized()


def test_an_authorizer_that_is_not_there_is_a_misconfiguration() -> None:
    with pytest.raises(Refused) as refused:
        _authorized(guarded())

    assert refused.value.kind == "AUTHORIZER_CONFIGURATION_ERROR"


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
@pytest.mark.parametrize("pools", [(POOL,), (OTHER_POOL, POOL)])
def test_an_identity_token_gives_its_claims(issuer: Issuer, prefix: str, pools: tuple[str, ...]) -> None:
    groups = {"cognito:groups": ["a", "b"], "identities": [{"userId": "1"}]}
    claims: dict[str, Any] = {"token_use": "id", **groups, "email_verified": True, "auth_time": 1577836800}
    token = issuer.token(**claims, iat=1577836800, nbf=None, exp=4102444800)

    authorized = _authorized(_with_token(prefix + token, _pool(provider_arns=pools)), issuer)

    assert authorized.kind == "COGNITO_USER_POOLS"
    assert authorized.context is not None
    told = authorized.context["claims"]
    assert told["cognito:groups"] == "a,b"
    assert told["identities"] == '{"userId":"1"}'
    assert told["email_verified"] == "true"
    assert told["auth_time"] == "1577836800"
    assert told["iat"] == "Wed Jan 01 00:00:00 UTC 2020"
    assert told["exp"] == "Fri Jan 01 00:00:00 UTC 2100"


@pytest.mark.parametrize(
    ("claims", "scopes", "is_let_in"),
    [
        ({"token_use": "id"}, (), True),
        ({"token_use": "access", "scope": "shop/read"}, (), False),
        ({}, (), False),
        ({"token_use": "access", "scope": "shop/read shop/write"}, ("shop/write", "shop/all"), True),
        ({"token_use": "access", "scope": "shop/read"}, ("shop/write",), False),
        ({"token_use": "access"}, ("shop/write",), False),
        ({"token_use": "id", "scope": "shop/write"}, ("shop/write",), False),
    ],
)
def test_scopes_decide_which_token_is_wanted(
    issuer: Issuer, claims: dict[str, Any], scopes: tuple[str, ...], is_let_in: bool
) -> None:
    exchange = _with_token(issuer.token(**claims), scopes=scopes)

    if is_let_in:
        assert _authorized(exchange, issuer).kind == "COGNITO_USER_POOLS"
        return
    with pytest.raises(Refused) as refused:
        _authorized(exchange, issuer)
    assert kind_of(refused.value) == UNAUTHORIZED


@pytest.mark.parametrize(
    ("token", "answer"),
    [
        (None, UNAUTHORIZED),
        ("", UNAUTHORIZED),
        ("Bearer ", UNAUTHORIZED),
        ("nonsense", UNAUTHORIZED),
        ("a.b.c", UNAUTHORIZED),
        ({"iss": "https://elsewhere.example"}, UNAUTHORIZED),
        ({"exp": timedelta(seconds=-1)}, ("UNAUTHORIZED", "The incoming token has expired")),
        ({"nbf": timedelta(hours=1)}, UNAUTHORIZED),
    ],
)
def test_a_token_that_is_not_in_order_is_refused(issuer: Issuer, token: Any, answer: tuple[str, str]) -> None:
    text = issuer.token(**{"token_use": "id", **token}) if isinstance(token, dict) else token

    with pytest.raises(Refused) as refused:
        _authorized(_with_token(text), issuer)

    assert kind_of(refused.value) == answer


def test_a_forged_token_is_refused(issuer: Issuer) -> None:
    with pytest.raises(Refused) as refused:
        _authorized(_with_token(Issuer(ISSUER).token(token_use="id")), issuer)

    assert kind_of(refused.value) == UNAUTHORIZED


@pytest.mark.parametrize(
    ("expression", "claims", "is_let_in"),
    [("sh.p", {}, True), ("shops", {}, False), ("sho", {}, False), (".+", {"aud": None, "client_id": "shop"}, False)],
)
def test_a_validation_expression_is_about_the_audience(
    issuer: Issuer, expression: str, claims: dict[str, Any], is_let_in: bool
) -> None:
    token = issuer.token(**{"token_use": "id", **claims})
    exchange = _with_token(token, _pool(validation_expression=expression))

    if is_let_in:
        assert _authorized(exchange, issuer).context
        return
    with pytest.raises(Refused) as refused:
        _authorized(exchange, issuer)
    assert kind_of(refused.value) == UNAUTHORIZED


@pytest.mark.parametrize("arns", [(), ("nonsense",)])
def test_an_authorizer_without_a_pool_is_a_misconfiguration(issuer: Issuer, arns: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        _authorized(_with_token(issuer.token(token_use="id"), _pool(provider_arns=arns)), issuer)

    assert refused.value.kind == "AUTHORIZER_CONFIGURATION_ERROR"


SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIA1/20200421/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=0"
)


def _signed(authorization: str = SIGNED) -> RestExchange:
    return guarded(authorization="AWS_IAM", headers=[("Authorization", authorization)])


def test_who_signed_is_told() -> None:
    signers = Signers(USER)

    authorized = _authorized(_signed(), signers=signers)

    assert signers.asked == [("execute-api:Invoke", ARN)]
    assert authorized == RestAuthorized(
        kind="AWS_IAM",
        identity={
            "accessKey": "AKIA1",
            "accountId": "123456789012",
            "caller": "AIDA1",
            "user": "AIDA1",
            "userArn": "arn:aws:iam::123456789012:user/ann",
        },
        signer=USER,
    )


@pytest.mark.parametrize("authorization", ["", "Bearer x", SIGNED.replace("execute-api", "lambda")])
def test_a_request_that_is_not_signed_for_the_api_lacks_its_token(authorization: str) -> None:
    with pytest.raises(Refused) as refused:
        _authorized(_signed(authorization))

    assert kind_of(refused.value) == ("MISSING_AUTHENTICATION_TOKEN", "")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidSignatureException", "INVALID_SIGNATURE"),
        ("UnrecognizedClientException", "INVALID_SIGNATURE"),
        ("ExpiredTokenException", "EXPIRED_TOKEN"),
        ("MissingAuthenticationTokenException", "MISSING_AUTHENTICATION_TOKEN"),
    ],
)
def test_a_signature_that_is_not_in_order_is_told(code: str, kind: str) -> None:
    answer = Response(status=403, headers=[("x-amzn-ErrorType", code)], body=b'{"message": "why"}')

    with pytest.raises(Refused) as refused:
        _authorized(_signed(), signers=Signers(answer))

    assert kind_of(refused.value) == (kind, "why")


def test_a_refusal_hides_the_account() -> None:
    sentence = f"User: {USER.arn} is not authorized to perform: execute-api:Invoke on resource: "

    with pytest.raises(Refused) as refused:
        _authorized(_signed(), signers=Signers(USER, f"{sentence}{ARN} because"))

    hidden = "arn:aws:execute-api:eu-west-1:********9012:abc/prod/GET/orders/7"
    assert kind_of(refused.value) == ("ACCESS_DENIED", f"{sentence}{hidden} because")
