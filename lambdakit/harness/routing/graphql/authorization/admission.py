"""Which provider decides about a request, by what it carries, and what that provider says.

    authorization: AWS4-HMAC-SHA256 …     AWS_IAM
    authorization: a token of an issuer   AMAZON_COGNITO_USER_POOLS, OPENID_CONNECT
    authorization: anything else          AWS_LAMBDA
    x-api-key                             API_KEY

Source: AppSync Developer Guide, "Configuring authorization and authentication to secure your GraphQL APIs".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lambdakit.harness.routing.authorizers.iam import Callers, iam_facts, signer_of
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.authorization.lambda_authorization import LambdaAuthorization
from lambdakit.harness.routing.graphql.authorization.tokens import TokenAuthorization, issuer_of
from lambdakit.harness.routing.graphql.definition import GraphqlDefinition, Provider
from lambdakit.harness.routing.graphql.errors import RequestRefused, unauthorized
from lambdakit.harness.routing.graphql.execution.operation import Asked
from lambdakit.harness.wire import Request, Response
from lambdakit.records import dataclass

# As clients of the service quote them; no page of AWS's lists the texts.
NOT_AUTHORIZED = "You are not authorized to make this call."
NO_HEADER = "Valid authorization header not provided."


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a request shows of its sender. authorization, api_key: empty for none. headers: as a function gets them.

    signed: the request that a signature is of. environment: where it comes from; empty for outside.
    """

    authorization: str
    api_key: str
    headers: Mapping[str, str]
    signed: Request
    source_ip: str
    environment: str = ""


class Admission:
    """Lets requests of one API in. now: the harness's time. real_now: in seconds since 1970, which tokens follow."""

    def __init__(
        self,
        *,
        callers: Callers,
        functions: LambdaAuthorization,
        key_sets: KeySets,
        now: Callable[[], datetime],
        real_now: Callable[[], float],
    ) -> None:
        self._callers = callers
        self._functions = functions
        self._tokens = TokenAuthorization(key_sets, real_now)
        self._now = now

    def admit(
        self, definition: GraphqlDefinition, shown: Credentials, asked: Asked | None, request_id: str
    ) -> Authorized:
        """Who asks. RequestRefused. asked: what for; None for a connection's sake."""
        provider = _provider(definition, shown)
        if provider is None:
            raise unauthorized(NO_HEADER if not shown.api_key else NOT_AUTHORIZED, "no provider fits the request")
        match provider.kind:
            case "API_KEY":
                return self._by_key(definition, shown.api_key)
            case "AWS_IAM":
                return self._by_signature(shown)
            case "AWS_LAMBDA":
                return self._functions.authorize(
                    definition, provider, shown.authorization, shown.headers, asked, request_id
                )
        return self._tokens.authorize(provider, shown.authorization, shown.source_ip)

    def reset(self) -> None:
        """Forgets what functions said."""
        self._functions.reset()

    def _by_key(self, definition: GraphqlDefinition, key: str) -> Authorized:
        expires = definition.keys.get(key)
        if expires is None:
            raise unauthorized(NOT_AUTHORIZED, "there is no such API key")
        if expires <= self._now().timestamp():
            raise unauthorized(NOT_AUTHORIZED, "the API key has expired")
        return Authorized(provider="API_KEY")

    def _by_signature(self, shown: Credentials) -> Authorized:
        signer = signer_of(shown.signed, "appsync", self._callers, shown.environment)
        if signer is None:
            raise unauthorized(NO_HEADER, "the request is not signed for appsync")
        if isinstance(signer, Response):
            raise _not_signed_in(signer)
        facts = iam_facts(shown.signed, signer)
        identity: dict[str, Any] = {
            "accountId": facts["accountId"],
            "cognitoIdentityAuthProvider": None,
            "cognitoIdentityAuthType": None,
            "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None,
            "sourceIp": [shown.source_ip],
            "userArn": facts["userArn"],
            "username": facts["userId"],
        }
        return Authorized(provider="AWS_IAM", identity=identity, principal=signer)


def _provider(definition: GraphqlDefinition, shown: Credentials) -> Provider | None:
    by_kind: dict[str, Provider] = {}
    for provider in definition.providers:
        by_kind.setdefault(provider.kind, provider)
    if shown.authorization.startswith("AWS4-HMAC-SHA256"):
        return by_kind.get("AWS_IAM")
    if shown.authorization:
        issuers = [each for each in definition.providers if issuer_of(each)]
        found = TokenAuthorization.chosen(issuers, shown.authorization)
        if found is not None:
            return found
        if "AWS_LAMBDA" in by_kind:
            return by_kind["AWS_LAMBDA"]
        if issuers:  # which says what is wrong with the token
            return issuers[0]
    return by_kind.get("API_KEY") if shown.api_key else None


def _not_signed_in(answer: Response) -> RequestRefused:
    """The error of a signature that is not in order, in the form of a GraphQL API's."""
    import json

    code = next((value for name, value in answer.headers if name.lower() == "x-amzn-errortype"), "")
    try:
        message = str(json.loads(answer.body)["message"])
    except (ValueError, KeyError, TypeError):
        message = ""
    return RequestRefused(
        answer.status if answer.status in (401, 403) else 403,
        code.partition(":")[0] or "UnauthorizedException",
        message or NOT_AUTHORIZED,
        problem=f"the signature: {message or code}",
    )
