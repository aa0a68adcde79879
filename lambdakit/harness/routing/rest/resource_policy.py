"""Who a REST API's resource policy lets in.

Without an authorizer, and with a user pool, the policy has to allow the request; before a function is asked only what
it denies counts. Requests that are signed are decided with their signer's policies and not here.
Source: API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow".
"""

from __future__ import annotations

import functools
from typing import Final

from lambdakit.harness.iam.authorization import Authorization, Decision, Reason
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import NamedPolicy
from lambdakit.harness.iam.principal import ANONYMOUS
from lambdakit.harness.iam.resource_policies import rest_api_policy
from lambdakit.harness.routing.authorizers.iam import request_keys
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.limits import REST_API_METHOD_ARN_BYTES_MAX

_INVOKE: Final = "execute-api:Invoke"


def check_arn(exchange: RestExchange) -> None:
    """Refused for a method whose ARN is too long, where an authorizer or a policy decides about it.

    Source: API Gateway Developer Guide, "Amazon API Gateway quotas" ("414 Request URI too long").
    """
    is_decided = exchange.api.policy or (exchange.method is not None and exchange.method.authorization != "NONE")
    if is_decided and len(exchange.method_arn().encode()) > REST_API_METHOD_ARN_BYTES_MAX:
        raise Refused("REQUEST_URI_TOO_LONG", f"the method's ARN has over {REST_API_METHOD_ARN_BYTES_MAX} bytes")


def check_policy(exchange: RestExchange) -> None:
    """Before anybody is asked who it is. Refused for what the policy denies."""
    kind = "NONE" if exchange.method is None else exchange.method.authorization
    if not exchange.api.policy or kind in ("AWS_IAM", "COGNITO_USER_POOLS"):
        return
    decision = _decision(exchange)
    if not decision.allowed and (kind == "NONE" or decision.reason is Reason.EXPLICIT_DENY_RESOURCE):
        raise _refused(exchange, decision)


def check_policy_after(exchange: RestExchange) -> None:
    """Once a user pool's token was found in order. Refused for what the policy does not allow."""
    kind = "NONE" if exchange.method is None else exchange.method.authorization
    if exchange.api.policy and kind == "COGNITO_USER_POOLS":
        decision = _decision(exchange)
        if not decision.allowed:
            raise _refused(exchange, decision)


def policy_of(exchange: RestExchange) -> NamedPolicy | None:
    """The API's resource policy; None for none, and for one that cannot be read."""
    api_arn = exchange.method_arn().partition("/")[0]
    return _policy(exchange.api.policy, api_arn, exchange.account_id) if exchange.api.policy else None


def _decision(exchange: RestExchange) -> Decision:
    arn = exchange.method_arn()
    wanted = Authorization(action=_INVOKE, resources=(arn,), context=request_keys(exchange.request))
    return decide(
        ANONYMOUS,
        wanted,
        arn,
        resource_policy=policy_of(exchange),
        resource_account=exchange.account_id,
        resource_policy_required=True,
    )


@functools.lru_cache(maxsize=256)
def _policy(text: str, api_arn: str, account_id: str) -> NamedPolicy | None:
    return rest_api_policy(text, api_arn, account_id)


def _refused(exchange: RestExchange, decision: Decision) -> Refused:
    hidden = f"********{exchange.account_id[-4:]}"
    arn = exchange.method_arn().replace(f":{exchange.account_id}:", f":{hidden}:", 1)
    message = f"User: anonymous is not authorized to perform: {_INVOKE} on resource: {arn}"
    if decision.reason is Reason.EXPLICIT_DENY_RESOURCE:
        message += f" {Reason.EXPLICIT_DENY_RESOURCE}"
    return Refused("ACCESS_DENIED", f"the API's resource policy: {message}", message=message)
