"""IAM authorization: who signed a request, and whether they may do what it asks for.

Source: API Gateway Developer Guide, "Control access to HTTP APIs with IAM authorization in API Gateway"; AWS Lambda
Developer Guide, "Control access to Lambda function URLs" (requests are signed for the service `lambda`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.routing.arns import invoked_arn
from lambdakit.harness.routing.exchange import Authorized, Exchange, OwnAnswer
from lambdakit.harness.service_request import ServiceRequest, read_service_request
from lambdakit.harness.wire import Request, Response

Context = Mapping[str, tuple[str, ...]]


class Callers(Protocol):
    """Who asks, and what they may do."""

    @property
    def is_enforced(self) -> bool:
        """Whether anybody is refused anything."""

    def identify(self, request: Request, named: ServiceRequest, environment: str) -> Principal | Response:
        """Who makes a request; the error when their credentials are not in order."""

    def action_refusal(self, principal: Principal, action: str, resource: str, context: Context) -> str | None:
        """Why somebody may not do something to a resource; None when they may."""


def signer_of(request: Request, service: str, callers: Callers, environment: str) -> Principal | Response | None:
    """Who signed a request; the error for a signature that is not in order; None for none, or for another service."""
    named = read_service_request(request)
    if callers.is_enforced and named.service != service:
        return None
    return callers.identify(request, named, environment)


def iam_facts(request: Request, principal: Principal) -> dict[str, Any]:
    """What functions are told of who signed."""
    return {
        "accessKey": read_service_request(request).access_key_id,
        "accountId": principal.account_id,
        "callerId": principal.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": principal.caller_arn,
        "userId": principal.user_id,
    }


def request_keys(request: Request) -> dict[str, tuple[str, ...]]:
    """The condition keys that every request to a front door has."""
    keys: dict[str, tuple[str, ...]] = {
        "aws:sourceip": (request.peer[0],),
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
    }
    if "user-agent" in request.headers:
        keys["aws:useragent"] = (request.headers.get("user-agent"),)
    return keys


def authorize_by_signature(exchange: Exchange, callers: Callers, environment: str) -> Authorized:
    """Who signed. OwnAnswer when the request is not let in."""
    request = exchange.request
    signer = signer_of(request, "execute-api", callers, environment)
    if signer is None:
        raise OwnAnswer(403, "Forbidden", "the request is not signed for execute-api")
    if isinstance(signer, Response):
        raise OwnAnswer(403, "Forbidden", f"the signature: {signer.body.decode('utf-8', 'replace')}")
    refused = callers.action_refusal(signer, "execute-api:Invoke", invoked_arn(exchange), request_keys(request))
    if refused is not None:
        raise OwnAnswer(403, "Forbidden", refused)
    return Authorized(kind="iam", facts=iam_facts(request, signer))
