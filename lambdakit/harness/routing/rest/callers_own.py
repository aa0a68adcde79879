"""Functions that a REST API calls with the credentials of who called its method.

`arn:aws:iam::*:user/*` in an integration asks for it; SAM writes it into every method that `AWS_IAM` guards.
Source: API Gateway API Reference, "Integration" (`credentials`); AWS SAM Developer Guide, "ApiFunctionAuth"
(`InvokeRole`, by default `CALLER_CREDENTIALS`).
"""

from __future__ import annotations

from lambdakit.harness.moto_state.rest_definition import CALLERS_OWN
from lambdakit.harness.routing.authorizers.iam import request_keys
from lambdakit.harness.routing.function_calls import Caller
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.refusal import Refused


def calls_with(exchange: RestExchange, credentials_arn: str) -> Caller | None:
    """Who calls the integration's function; None for the API itself, or a role. Refused where nobody had to sign.

    No page says what API Gateway answers for a method that anybody may call, nor which condition keys such a call has:
    here, those of the request.
    """
    if credentials_arn != CALLERS_OWN:
        return None
    signer = exchange.authorized.signer
    if signer is None:
        raise Refused("API_CONFIGURATION_ERROR", "the caller's own credentials are asked for, and nobody signed")
    return Caller(principal=signer, context=request_keys(exchange.request))
