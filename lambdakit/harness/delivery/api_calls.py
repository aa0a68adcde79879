"""APIs of API Gateway as targets of rules and pipes: an event as a request to a method.

Source: Amazon EventBridge User Guide, "Amazon API Gateway targets in Amazon EventBridge"; EventBridge API Reference,
"HttpParameters" (path parameters fill the ARN's `*`, in their order).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

from lambdakit.arn import Arn, partition_of
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.front_door import answered
from lambdakit.harness.delivery.rule_targets import HTTP_PARAMETERS
from lambdakit.harness.delivery.targets import Targets
from lambdakit.harness.invocation.shipment import Clients as RoleClients

_SERVICE: Final = "execute-api"
_DEFAULT_STAGE: Final = "$default"
# API Gateway Developer Guide, "Amazon API Gateway quotas": the longest that a method may take by default.
_SECONDS_MAX: Final = 29.0
_TRIED_AGAIN: Final = frozenset({409, 429})


class ApiCalls:
    """Makes the requests, signed by the target's role where it has one.

    role_clients: in a session of a role. localize: the URL on this machine of an API's URL on AWS.
    """

    def __init__(self, targets: Targets, role_clients: RoleClients, localize: Callable[[str], str]) -> None:
        self._targets = targets
        self._role_clients = role_clients
        self._localize = localize
        targets.serve(_SERVICE, self._send)

    def _send(self, delivery: Delivery, target: Arn) -> None:
        """Makes one request. NotDelivered when it is not answered with success."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        api, _, rest = target.resource.partition("/")
        stage, _, rest = rest.partition("/")
        method, _, path = rest.partition("/")
        if not method:
            raise NotDelivered("InvalidParameterValue", f"{target} is no method of an API", is_final=True)
        given = delivery.parameters.get(HTTP_PARAMETERS) or {}
        for value in given.get("PathParameterValues") or ():
            path = path.replace("*", quote(str(value), safe=""), 1)
        below = "" if stage == _DEFAULT_STAGE else f"/{stage}"
        query = urlencode({str(name): str(value) for name, value in (given.get("QueryStringParameters") or {}).items()})
        url = f"https://{api}.{_SERVICE}.{target.region}.amazonaws.com{below}/{path}" + (f"?{query}" if query else "")
        headers = {
            "Content-Type": "application/json",
            **{str(name): str(value) for name, value in (given.get("HeaderParameters") or {}).items()},
        }
        # A method of any verb is sent a POST.
        request = AWSRequest("POST" if method in ("*", "ANY") else method, url, headers, delivery.payload)
        if delivery.role_arn:
            # Asked here: a client of the harness's own is nobody whose signature an API could refuse.
            place = f"{target.account}:{api}/{stage}/{request.method}/{path}"
            self._targets.permit(
                delivery, "execute-api:Invoke", f"arn:{partition_of(target.region)}:{_SERVICE}:{target.region}:{place}"
            )
            signer = self._role_clients("apigateway", target.region, role=delivery.role_arn)
            SigV4Auth(signer._get_credentials(), _SERVICE, target.region).add_auth(request)
        status, _ = answered(request, self._localize(url), limit_seconds=_SECONDS_MAX)
        if status >= 300:
            is_tried_again = status >= 500 or status in _TRIED_AGAIN
            raise NotDelivered("ERROR_FROM_TARGET", f"{target} answered {status}", is_final=not is_tried_again)
