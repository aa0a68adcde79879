"""GraphQL APIs of AppSync as targets of rules: an event as the variables of an operation.

Source: Amazon EventBridge User Guide, "AWS AppSync targets for rules in Amazon EventBridge" (public APIs that let in
by `AWS_IAM`); EventBridge API Reference, "AppSyncParameters" (the operation is parsed when the target is invoked).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from lambdakit.arn import Arn
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.front_door import answered
from lambdakit.harness.delivery.rule_targets import GRAPHQL_OPERATION
from lambdakit.harness.delivery.targets import Targets
from lambdakit.harness.delivery.task_requests import Signing, add_signature

_SERVICE: Final = "appsync"
_ENDPOINT: Final = "endpoints/graphql-api/"
# AppSync Developer Guide, "AWS AppSync endpoints and quotas": how long a request may take.
_SECONDS_MAX: Final = 30.0
_UNAUTHORIZED: Final = frozenset({"Unauthorized", "UnauthorizedException"})


class GraphqlCalls:
    """Makes the requests, signed by the target's role, whose permissions the API asks for field by field.

    localize: the URL on this machine of an API's URL on AWS.
    """

    def __init__(self, targets: Targets, signing: Signing, localize: Callable[[str], str]) -> None:
        self._signing = signing
        self._localize = localize
        targets.serve(_SERVICE, self._send)

    def _send(self, delivery: Delivery, target: Arn) -> None:
        """Makes one request. NotDelivered when it is not answered, or the API does not let the role in.

        Which errors of a resolver EventBridge tries again is not confirmed by a page: none is here.
        """
        operation = delivery.parameters.get(GRAPHQL_OPERATION)
        if not target.resource.startswith(_ENDPOINT) or not operation:
            raise NotDelivered("InvalidParameterValue", f"{target} is no endpoint with an operation", is_final=True)
        status, body = self._answer(delivery, target, str(operation))
        refused = _refused(body)
        if refused:
            raise NotDelivered("NO_PERMISSIONS", refused, is_final=True)
        if status >= 300:
            raise NotDelivered("ERROR_FROM_TARGET", f"{target} answered {status}", is_final=True)

    def _answer(self, delivery: Delivery, target: Arn, operation: str) -> tuple[int, bytes]:
        from botocore.awsrequest import AWSRequest

        api = target.resource.removeprefix(_ENDPOINT)
        url = f"https://{api}.appsync-api.{target.region}.amazonaws.com/graphql"
        body = json.dumps({"query": operation, "variables": json.loads(delivery.payload)}).encode()
        request = AWSRequest("POST", url, {"Content-Type": "application/json"}, body)
        if delivery.role_arn:
            credentials = self._signing.sign_in(delivery.role_arn, delivery.source.rpartition("/")[2])
            add_signature(request, credentials, _SERVICE, target.region)
        return answered(request, self._localize(url), limit_seconds=_SECONDS_MAX)


def _refused(body: bytes) -> str:
    """Why the API let nobody in to a field; empty where it did."""
    try:
        errors: Any = json.loads(body).get("errors") or ()
    except (ValueError, AttributeError):
        return ""
    told = (error for error in errors if isinstance(error, dict))
    return next((str(error.get("message")) for error in told if error.get("errorType") in _UNAUTHORIZED), "")
