"""From a rule's target and an event to what is delivered there, and how often it is tried.

Source: Amazon EventBridge API Reference, "Target" and "RetryPolicy"; Amazon EventBridge User Guide, "How EventBridge
retries delivering events" and "Using dead-letter queues to process undelivered events".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from lambdakit.clock import milliseconds
from lambdakit.harness.delivery.bus_event import BusEvent, write_json
from lambdakit.harness.delivery.deliveries import Treatment
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.input_transformer import InputProblem, target_input
from lambdakit.harness.delivery.json_path import InvalidPath, compile_path
from lambdakit.harness.delivery.rule_checks import AGE_SECONDS_MAX, RETRIES_MAX
from lambdakit.harness.moto_state.event_buses import BusRule

PRINCIPAL: Final = "events.amazonaws.com"
# What a sender of ours finds in `Delivery.parameters`.
EVENT: Final = "Event"
HTTP_PARAMETERS: Final = "HttpParameters"
GRAPHQL_OPERATION: Final = "GraphQLOperation"
# EventBridge tells neither its waits nor their jitter. These double, and reach both limits at about the same time: 185
# attempts take 23.6 of the 24 hours.
_PAUSE_SECONDS_MAX: Final = 480.0

# What a service says -> what EventBridge calls it; the beginning of the code counts.
_CODES: Final[Sequence[tuple[str, str]]] = (
    ("NO_PERMISSIONS", "NO_PERMISSIONS"),
    ("INVALID_JSON", "INVALID_JSON"),
    ("AccessDenied", "NO_PERMISSIONS"),
    ("ResourceNotFound", "NO_RESOURCE"),
    ("NotFound", "NO_RESOURCE"),
    ("AWS.SimpleQueueService.NonExistentQueue", "NO_RESOURCE"),
    ("QueueDoesNotExist", "NO_RESOURCE"),
    ("StateMachineDoesNotExist", "NO_RESOURCE"),
    ("Throttl", "THROTTLING"),
    ("TooManyRequests", "THROTTLING"),
    ("ProvisionedThroughputExceeded", "THROTTLING"),
    ("Invalid", "INVALID_PARAMETER"),
    ("Validation", "INVALID_PARAMETER"),
    ("CONNECTION_FAILURE", "CONNECTION_FAILURE"),
    ("TIMEOUT", "TIMEOUT"),
)


def delivery_to(rule: BusRule, target: Mapping[str, Any], event: BusEvent) -> tuple[Delivery, NotDelivered | None]:
    """What is delivered to a target, and why it cannot be; None when it can. target: as `PutTargets` takes it."""
    arn = str(target["Arn"])
    problem: NotDelivered | None = None
    parameters: Mapping[str, Any] = {}
    payload = event.payload
    try:
        payload = target_input(target, event, rule)
        payload, parameters = _fitted(target, payload, event)
    except InputProblem as lacking:
        problem = NotDelivered("INVALID_JSON", str(lacking), is_final=True)
    delivery = Delivery(
        source=rule.arn,
        account_id=rule.place.account_id,
        service=PRINCIPAL,
        role_arn=str(target.get("RoleArn") or ""),
        target=arn,
        payload=payload,
        what=event.what,
        parameters=parameters,
        trace_id=event.trace_id,
    )
    return delivery, problem


def treatment_of(rule: BusRule, target: Mapping[str, Any], event: BusEvent) -> Treatment:
    """How often it is tried, and what its dead-letter queue gets: the event as it was, and why."""
    policy = target.get("RetryPolicy") or {}
    retries, age = policy.get("MaximumRetryAttempts"), policy.get("MaximumEventAgeInSeconds")
    limit = RETRIES_MAX if retries is None else int(retries)

    def attributes(refused: NotDelivered, attempts: int) -> Mapping[str, str]:
        return {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": str(target["Arn"]),
            "ERROR_CODE": error_code(refused),
            "ERROR_MESSAGE": refused.message or refused.code,
            "EXHAUSTED_RETRY_CONDITION": exhausted(refused, attempts, limit),
            "RETRY_ATTEMPTS": str(attempts - 1),
        }

    return Treatment(
        retries=limit,
        max_age=timedelta(seconds=AGE_SECONDS_MAX if age is None else int(age)),
        pause_seconds=pause_seconds,
        dead_letter_arn=str((target.get("DeadLetterConfig") or {}).get("Arn") or ""),
        dead_letter_role_arn="",
        dead_letter_payload=event.payload,
        dead_letter_attributes=attributes,
    )


def pause_seconds(attempt: int) -> float:
    """How long to wait after an attempt, counted from 1."""
    return float(min(_PAUSE_SECONDS_MAX, 2.0 ** min(attempt - 1, 20)))


def exhausted(refused: NotDelivered, attempts: int, retries: int) -> str:
    """Which limit ended the attempts; empty when none did, because trying again is no use."""
    if refused.is_final:
        return ""
    return "MaximumRetryAttempts" if attempts > retries else "MaximumEventAgeInSeconds"


def error_code(refused: NotDelivered) -> str:
    """EventBridge's own name for what went wrong."""
    return next((name for beginning, name in _CODES if refused.code.startswith(beginning)), "ERROR_FROM_TARGET")


def _fitted(target: Mapping[str, Any], payload: bytes, event: BusEvent) -> tuple[bytes, Mapping[str, Any]]:
    """The payload, and what the operation of the target's service takes beside it."""
    parts = str(target["Arn"]).split(":", 5)
    service = parts[2] if len(parts) > 2 else ""
    if service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        return payload, {"MessageGroupId": group} if group else {}
    if service == "kinesis":
        return payload, {"PartitionKey": _partition_key(target, event)}
    if service == "logs":
        return _log_entry(target, payload, event)
    if service == "events":
        return payload, {EVENT: event, HTTP_PARAMETERS: target.get("HttpParameters") or {}}
    if service == "execute-api":
        return payload, {HTTP_PARAMETERS: target.get("HttpParameters") or {}}
    if service == "appsync":
        _check_variables(payload)
        return payload, dict(target.get("AppSyncParameters") or {})
    if service in ("lambda", "states"):
        _check_json(payload)
    return payload, {}


def _partition_key(target: Mapping[str, Any], event: BusEvent) -> str:
    """API Reference, "KinesisParameters": without a path, the event's id."""
    path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath")
    if not path:
        return event.id
    try:
        is_there, value = compile_path(str(path)).find(event.values)
    except InvalidPath as invalid:
        raise InputProblem(f"PartitionKeyPath: {invalid}") from None
    if not is_there:
        raise InputProblem(f"PartitionKeyPath {path!r} leads nowhere in the event")
    return value if isinstance(value, str) else write_json(value)


def _log_entry(target: Mapping[str, Any], payload: bytes, event: BusEvent) -> tuple[bytes, Mapping[str, Any]]:
    """A template for log groups gives `timestamp` and `message`.

    Source: Amazon EventBridge User Guide, "Amazon CloudWatch Logs log groups as targets".
    """
    parameters: dict[str, Any] = {"logStreamName": event.id, "timestamp": milliseconds(event.received)}
    if target.get("InputTransformer") is not None:
        try:
            given = json.loads(payload)
        except ValueError:
            given = None
        if not isinstance(given, dict) or set(given) != {"timestamp", "message"}:
            raise InputProblem("the input of a log group must be an object of timestamp and message")
        message = given["message"]
        parameters["timestamp"] = _log_time(given["timestamp"])
        payload = (message if isinstance(message, str) else json.dumps(message)).encode()
    return payload, parameters


def _log_time(given: object) -> int:
    try:
        if isinstance(given, str) and not given.isdecimal():
            return milliseconds(datetime.fromisoformat(given))
        return int(str(given))
    except ValueError:
        raise InputProblem(f"{given!r} is no timestamp") from None


def _check_variables(payload: bytes) -> None:
    """GraphQL has a name for each variable. That EventBridge gives such an event up is not confirmed by a page."""
    _check_json(payload)
    if not isinstance(json.loads(payload), dict):
        raise InputProblem("the variables of an operation must be an object")


def _check_json(payload: bytes) -> None:
    try:
        json.loads(payload)
    except ValueError as error:
        raise InputProblem(f"the input is no JSON: {error}") from None
