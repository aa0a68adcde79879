"""IAM authorization of REST APIs: who signed a request, and whether they may invoke the method.

Source: API Gateway Developer Guide, "Control access to a REST API with IAM permissions"; "Gateway response types for
API Gateway".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.routing.authorizers.iam import Callers, iam_facts, request_keys, signer_of
from lambdakit.harness.routing.rest.exchange import RestAuthorized, RestExchange
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Response

# Error of the sign-in -> gateway response; every other one is about the signature.
_KINDS: Final[Mapping[str, str]] = {
    "ExpiredTokenException": "EXPIRED_TOKEN",
    "MissingAuthenticationTokenException": "MISSING_AUTHENTICATION_TOKEN",
}


def authorize_by_signature(exchange: RestExchange, callers: Callers) -> RestAuthorized:
    """Who signed. Refused when the request is not let in."""
    request = exchange.request
    signer = signer_of(request, "execute-api", callers, exchange.environment)
    if signer is None:
        raise Refused("MISSING_AUTHENTICATION_TOKEN", "the request is not signed for execute-api")
    if isinstance(signer, Response):
        raise _not_signed_in(signer)
    arn = exchange.method_arn()
    refused = callers.action_refusal(signer, "execute-api:Invoke", arn, request_keys(request))
    if refused is not None:
        raise Refused("ACCESS_DENIED", refused, message=refused.replace(arn, _masked(arn, exchange.account_id)))
    return RestAuthorized(kind="AWS_IAM", identity=_identity(exchange, signer), signer=signer)


def _identity(exchange: RestExchange, signer: Principal) -> dict[str, str | None]:
    facts = iam_facts(exchange.request, signer)
    return {
        "accessKey": facts["accessKey"],
        "accountId": facts["accountId"],
        "caller": facts["callerId"],
        "user": facts["userId"],
        "userArn": facts["userArn"],
    }


def _not_signed_in(answer: Response) -> Refused:
    """The service's error of a signature that is not in order, as a gateway response."""
    code = next((value for name, value in answer.headers if name.lower() == "x-amzn-errortype"), "")
    try:
        message = str(json.loads(answer.body)["message"])
    except (ValueError, KeyError, TypeError):
        message = ""
    kind = _KINDS.get(code, "INVALID_SIGNATURE")
    return Refused(kind, f"the signature: {message or code}", message=message)


def _masked(arn: str, account_id: str) -> str:
    """The ARN as clients are told it: of the account's id the last four digits.

    Source: AWS re:Post Knowledge Center, "How do I troubleshoot HTTP 403 errors from API Gateway?".
    """
    return arn.replace(f":{account_id}:", f":********{account_id[-4:]}:", 1)
