"""What API Gateway is asked before moto is: exports, imports, trials, quick creates and deployments of HTTP APIs.

What makes APIs is loaded with the first call of that kind, as no harness waits for it when it starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from lambdakit.harness.account import Account
from lambdakit.harness.api_exports.exports import SERVICE as SERVICE
from lambdakit.harness.api_exports.exports import ApiExports
from lambdakit.harness.deployment.api_deployments import ApiDeployments
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Request, Response

if TYPE_CHECKING:
    from lambdakit.harness.deployment.api_calls import ApiCalls

_MAKING: Final = re.compile(r"/(?:restapis|v2/apis)(?:/[^/]+)?/?")
_TRIED: Final = re.compile(r"/restapis/[^/]+/(?:resources/[^/]+/methods|authorizers)/[^/]+/?")
_DEPLOYMENTS: Final = re.compile(r"/v2/apis/[^/]+/deployments(?:/[^/]+)?/?")


class ApiCreation:
    """Answers what moto does not know, and passes all else on.

    region: of requests that name none. trials: the answer to `TestInvokeMethod` and `TestInvokeAuthorizer`, given a
    request, whose it is and its region; None for other requests.
    """

    def __init__(self, account: Account, region: str, trials: Callable[[Request, str, str], Response | None]) -> None:
        self._account = account
        self._region = region
        self._trials = trials
        self._deployments = ApiDeployments()
        self._exports = ApiExports(region=region)

    def serve(self, request: Request, account_id: str, pass_on: Callable[[Request], Response]) -> Response:
        """The answer. pass_on: gives moto's own."""
        making = request.method in ("POST", "PUT") and _MAKING.fullmatch(request.path)
        if making or _DEPLOYMENTS.fullmatch(request.path):
            answer = self._calls.answer(request, account_id, pass_on)
            if answer is not None:
                return answer
        if request.method == "POST" and _TRIED.fullmatch(request.path):
            answer = self._trials(request, account_id, read_service_request(request).region or self._region)
            if answer is not None:
                return answer
        return self._exports.serve(request, account_id, pass_on)

    @cached_property
    def _calls(self) -> ApiCalls:
        from lambdakit.harness.deployment.api_calls import ApiCalls

        return ApiCalls(self._account, self._deployments, region=self._region)
