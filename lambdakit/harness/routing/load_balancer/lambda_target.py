"""Functions behind target groups: called with the group's permission, and answered from their result.

Source: Application Load Balancers guide, "Use Lambda functions as targets of an Application Load Balancer"; "Access
logs for your Application Load Balancer", "Error reason codes".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.harness.moto_state.load_balancers import TargetGroup
from lambdakit.harness.routing.authorizers.lambda_authorizer import Call
from lambdakit.harness.routing.function_calls import FunctionAnswer, FunctionRefused
from lambdakit.harness.routing.load_balancer.lambda_event import health_check_event, lambda_event
from lambdakit.harness.routing.load_balancer.lambda_result import lambda_response, unread_headers
from lambdakit.harness.routing.load_balancer.own_answers import BalancerRefused
from lambdakit.harness.routing.result_parts import MalformedResult
from lambdakit.harness.wire import Request, Response
from lambdakit.limits import LOAD_BALANCER_LAMBDA_BYTES_MAX
from lambdakit.records import dataclass

# "The load balancer waits until your Lambda function responds or times out": longer than any function runs.
_LIMIT_SECONDS: Final = 1000.0
_REASONS: Final[Mapping[int, str]] = {403: "LambdaAccessDenied", 404: "LambdaResourceNotFound", 429: "LambdaThrottling"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAnswer:
    """What a function made. remark: what of its result did not count; empty for nothing."""

    response: Response
    remark: str = ""


class LambdaTarget:
    """Calls the function of a target group."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def answer(self, request: Request, group: TargetGroup, fields: Sequence[tuple[str, str]]) -> TargetAnswer:
        """The function's answer to a request. fields: the header fields that it sees. BalancerRefused."""
        if request.headers.get("upgrade"):
            raise BalancerRefused(400, "LambdaWebSocketNotSupported: the request asks for an upgrade")
        if len(request.body) > LOAD_BALANCER_LAMBDA_BYTES_MAX:
            raise BalancerRefused(413, f"LambdaRequestTooLarge: the body has {len(request.body)} bytes")
        answer = self._called(group, lambda_event(request, group, fields))
        if answer.failed:
            raise BalancerRefused(502, "LambdaUnhandled: the function failed")
        if len(answer.payload) > LOAD_BALANCER_LAMBDA_BYTES_MAX:
            raise BalancerRefused(502, f"LambdaResponseTooLarge: the result has {len(answer.payload)} bytes")
        multiple = group.multi_value_headers
        try:
            response = lambda_response(answer.payload, multi_value_headers=multiple)
        except MalformedResult as malformed:
            raise BalancerRefused(502, f"LambdaInvalidResponse: {malformed}") from None
        unread = unread_headers(answer.payload, multi_value_headers=multiple)
        said = "on" if multiple else "off"
        remark = f"{unread} did not count: multi-value headers are {said} in {group.name}" if unread else ""
        return TargetAnswer(response=response, remark=remark)

    def health(self, group: TargetGroup, path: str) -> int:
        """The status that the function answers a health check with; 502 where it gives none."""
        try:
            answer = self._called(group, health_check_event(group, path))
            if answer.failed:
                return 502
            return lambda_response(answer.payload, multi_value_headers=group.multi_value_headers).status
        except (BalancerRefused, MalformedResult):
            return 502

    def _called(self, group: TargetGroup, event: Mapping[str, object]) -> FunctionAnswer:
        if not group.targets:
            raise BalancerRefused(503, f"the target group {group.name} has no registered targets")
        try:
            return self._call(
                group.targets[0].id,
                json.dumps(event, separators=(",", ":")).encode(),
                source_arn=group.arn,
                limit_seconds=_LIMIT_SECONDS,
            )
        except FunctionRefused as refused:
            reason = _REASONS.get(refused.status, "LambdaServiceException")
            raise BalancerRefused(502, f"{reason}: {refused}") from None
