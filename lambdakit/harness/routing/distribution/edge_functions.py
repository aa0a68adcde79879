"""The functions of a distribution's viewer events: CloudFront functions, or Lambda@Edge."""

from __future__ import annotations

from typing import Protocol

from lambdakit.harness.routing.distribution.fetching import Visit
from lambdakit.harness.routing.distribution.lambda_at_edge import LambdaAtEdge
from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse


class PlainFunctions(Protocol):
    """CloudFront functions. See `CloudFrontFunctions`."""

    def viewer_request(self, visit: Visit, request: EdgeRequest, arn: str) -> EdgeRequest | EdgeResponse:
        """The request as the function leaves it, or the answer that it gives. EdgeFailed."""

    def viewer_response(self, visit: Visit, request: EdgeRequest, response: EdgeResponse, arn: str) -> EdgeResponse:
        """The answer as the function leaves it. EdgeFailed."""


class ViewerFunctions:
    """Whichever of the two a behaviour associates."""

    def __init__(self, plain: PlainFunctions, lambdas: LambdaAtEdge) -> None:
        self._plain = plain
        self._lambdas = lambdas

    def viewer_request(self, visit: Visit, request: EdgeRequest) -> EdgeRequest | EdgeResponse:
        """The request as a function leaves it, or the answer that it gives. EdgeFailed."""
        arn = visit.behavior.functions.get("viewer-request")
        if arn is None:
            return self._lambdas.viewer_request(visit, request)
        return self._plain.viewer_request(visit, request, arn)

    def viewer_response(self, visit: Visit, request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
        """The answer as a function leaves it. EdgeFailed."""
        arn = visit.behavior.functions.get("viewer-response")
        if arn is None:
            return self._lambdas.viewer_response(visit, request, response)
        return self._plain.viewer_response(visit, request, response, arn)
