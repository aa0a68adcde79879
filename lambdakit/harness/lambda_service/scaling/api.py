"""Application Auto Scaling's API for Lambda, around moto's: what moto does not check, and the activities.

Source: Application Auto Scaling API Reference, of each operation; the service's model in botocore.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.lambda_service.scaling.capacity import ScalingActivity
from lambdakit.harness.lambda_service.scaling.scaling import ProvisionedScaling
from lambdakit.harness.moto_state.scaling import DIMENSION, scalable_target
from lambdakit.harness.schedule_expression import InvalidSchedule, parse_schedule, read_zone
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Request, Response

SERVICE: Final = "AnyScaleFrontendService"

_JSON = [("Content-Type", "application/x-amz-json-1.1")]
_RESOURCE_ID = re.compile(r"function:[^:]+:[^:]+")
_NEEDS_TARGET: Final = frozenset({"PutScalingPolicy", "PutScheduledAction"})
_WRITES: Final = frozenset(
    {
        *("RegisterScalableTarget", "DeregisterScalableTarget", "PutScalingPolicy", "DeleteScalingPolicy"),
        *("PutScheduledAction", "DeleteScheduledAction"),
    }
)
_PAGE_MAX: Final = 50

Given = Mapping[str, Any]


class ScalingApi:
    """Stands before moto's service. region: for a request that is not signed."""

    def __init__(self, scaling: ProvisionedScaling, *, region: str) -> None:
        self._scaling = scaling
        self._region = region

    def serve(self, request: Request, account_id: str, pass_on: Callable[[Request], Response]) -> Response:
        """The answer. pass_on: gives moto's own."""
        operation = request.headers.get("x-amz-target").removeprefix(f"{SERVICE}.")
        given = _given(request.body)
        if given.get("ServiceNamespace") != "lambda":
            return pass_on(request)
        region = read_service_request(request).region or self._region
        if operation == "DescribeScalingActivities":
            return self._describe_activities(given, account_id, region)
        refusal = _refusal(operation, given, account_id, region)
        if refusal is not None:
            return refusal
        response = pass_on(request)
        if operation in _WRITES and response.status < 300:
            self._scaling.sync(account_id, region)
        return response

    def _describe_activities(self, given: Given, account_id: str, region: str) -> Response:
        found = self._scaling.activities(account_id, region, str(given.get("ResourceId") or ""))
        token = str(given.get("NextToken") or "0")
        most = given.get("MaxResults") or _PAGE_MAX
        if not token.isdecimal() or not isinstance(most, int):
            return _error("InvalidNextTokenException", "The specified next token is not valid.")
        begin = int(token)
        answer: dict[str, Any] = {"ScalingActivities": [_activity(one) for one in found[begin : begin + most]]}
        if begin + most < len(found):
            answer["NextToken"] = str(begin + most)
        return Response(status=200, headers=_JSON, body=json.dumps(answer).encode())


def _refusal(operation: str, given: Given, account_id: str, region: str) -> Response | None:
    """Why AWS would not take a request that moto takes; None when it would."""
    resource_id = str(given.get("ResourceId") or "")
    if operation == "RegisterScalableTarget":
        return _refused_target(given, account_id, region, resource_id)
    if operation not in _NEEDS_TARGET:
        return None
    if scalable_target(account_id, region, resource_id) is None:
        return _error(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: lambda, resource ID: {resource_id}, "
            f"scalable dimension: {given.get('ScalableDimension')}",
        )
    if operation == "PutScheduledAction":
        return _refused_schedule(given)
    if given.get("PolicyType") == "StepScaling":
        # User Guide, "AWS Lambda and Application Auto Scaling": target tracking and scheduled scaling only.
        return _error("ValidationException", "Step scaling is not supported for the lambda service namespace")
    return None


def _refused_target(given: Given, account_id: str, region: str, resource_id: str) -> Response | None:
    if given.get("ScalableDimension") != DIMENSION or _RESOURCE_ID.fullmatch(resource_id) is None:
        return _error("ValidationException", "Unsupported service namespace, resource type or scalable dimension")
    known = scalable_target(account_id, region, resource_id)
    least = given.get("MinCapacity", None if known is None else known.min_capacity)
    most = given.get("MaxCapacity", None if known is None else known.max_capacity)
    if least is None or most is None:
        return _error("ValidationException", "Both MinCapacity and MaxCapacity are required for a new scalable target")
    if least < 0 or most < 0:
        return _error("ValidationException", "Minimum and maximum capacity cannot be negative")
    if most < least:
        return _error("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    return None


def _refused_schedule(given: Given) -> Response | None:
    try:
        zone = str(given.get("Timezone") or "UTC")
        read_zone(zone)
        if "Schedule" in given:
            parse_schedule(str(given["Schedule"]), zone=zone, any_plural=True)
    except InvalidSchedule as invalid:
        return _error("ValidationException", f"Invalid schedule expression {invalid.expression}: {invalid.reason}")
    except ValueError as unknown:
        return _error("ValidationException", f"Invalid time zone: {unknown}")
    bounds = given.get("ScalableTargetAction") or {}
    least, most = bounds.get("MinCapacity"), bounds.get("MaxCapacity")
    if least is not None and most is not None and most < least:
        return _error("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    return None


def _activity(activity: ScalingActivity) -> dict[str, Any]:
    done = f"Successfully set desired concurrency to {activity.capacity}. Change successfully fulfilled by lambda."
    failed = f"Failed to set desired concurrency to {activity.capacity}. Reason: {activity.problem}"
    return {
        "ActivityId": activity.id,
        "ServiceNamespace": "lambda",
        "ResourceId": activity.target.resource_id,
        "ScalableDimension": DIMENSION,
        "Description": f"Setting desired concurrency to {activity.capacity}.",
        "Cause": activity.cause,
        "StartTime": activity.at.timestamp(),
        "EndTime": activity.at.timestamp(),
        "StatusCode": activity.status,
        "StatusMessage": failed if activity.problem else done,
    }


def _given(body: bytes) -> Given:
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def _error(code: str, message: str) -> Response:
    body = json.dumps({"__type": code, "message": message}).encode()
    return Response(status=400, headers=[*_JSON, ("x-amzn-ErrorType", code)], body=body)
