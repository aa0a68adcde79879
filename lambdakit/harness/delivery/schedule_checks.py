"""What EventBridge Scheduler refuses of schedules.

Source: EventBridge Scheduler API Reference, "CreateSchedule", "FlexibleTimeWindow" and "RetryPolicy"; EventBridge
Scheduler User Guide, "Using universal targets in EventBridge Scheduler".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from lambdakit.harness.delivery.rule_checks import AGE_SECONDS_MAX, AGE_SECONDS_MIN, RETRIES_MAX
from lambdakit.harness.moto_state.api_fault import ApiFault
from lambdakit.harness.moto_state.event_buses import moment_of
from lambdakit.harness.schedule_expression import InvalidSchedule, parse_schedule, read_zone

WINDOW_MINUTES_MAX: Final = 1440
_NAME: Final = "[0-9a-zA-Z-_.]+"
_UNIVERSAL: Final = re.compile(r"arn:[^:]+:scheduler:::aws-sdk:([^:]+):([^:]+)")
# User Guide, "Using universal targets": operations that only read are not to be called.
_READS: Final = (
    *("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover"),
    *("validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList", "testMigration"),
    *("retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel"),
)
# API Reference, "Target": the input of these has to be JSON.
_TAKES_JSON: Final = frozenset({"lambda", "states", "events"})

Given = Mapping[str, Any]


def check_schedule(given: Given, groups: Mapping[str, Any]) -> None:
    """Refuses a schedule that is not in order, by `ApiFault`. given: its members, in moto's names of them."""
    _check_name(unquote(str(given["name"])))
    group = given.get("group_name") or "default"
    if group not in groups:
        raise ApiFault("ResourceNotFoundException", f"Schedule group {group} does not exist.", status=404)
    expression, zone = str(given["schedule_expression"]), str(given.get("schedule_expression_timezone") or "UTC")
    try:
        read_zone(zone)
    except ValueError:
        raise _invalid(f"Invalid Schedule Expression Timezone {zone}.") from None
    try:
        parse_schedule(expression, zone=zone, any_plural=True)
    except InvalidSchedule:
        raise _invalid(f"Invalid Schedule Expression {expression}.") from None
    _check_window(given.get("flexible_time_window") or {})
    _check_dates(given)
    _check_target(given.get("target") or {})


def _check_name(name: str) -> None:
    """API Reference, "CreateSchedule" (Name)."""
    if not re.fullmatch(_NAME, name):
        raise _invalid(
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: ^{_NAME}$"
        )


def universal(arn: str) -> tuple[str, str] | None:
    """Service and operation of a universal target; None for a templated one."""
    match = _UNIVERSAL.fullmatch(arn)
    return None if match is None else (match[1], match[2])


def _check_window(window: Given) -> None:
    minutes = window.get("MaximumWindowInMinutes")
    if window.get("Mode") == "FLEXIBLE":
        if minutes is None or not 1 <= minutes <= WINDOW_MINUTES_MAX:
            raise _invalid(f"MaximumWindowInMinutes must be from 1 to {WINDOW_MINUTES_MAX} for a flexible time window.")
    elif minutes is not None:
        raise _invalid("MaximumWindowInMinutes must not be given when the mode of the time window is OFF.")


def _check_dates(given: Given) -> None:
    try:
        start, end = (
            None if given.get(name) is None else moment_of(given[name]) for name in ("start_date", "end_date")
        )
    except (ValueError, OverflowError, OSError):
        raise _invalid("StartDate and EndDate must be timestamps.") from None
    if start is not None and end is not None and end <= start:
        raise _invalid("The EndDate you specify must come after the StartDate.")


def _check_target(target: Given) -> None:
    arn, text = str(target.get("Arn") or ""), target.get("Input")
    called = universal(arn)
    if called is not None and called[1].startswith(_READS):
        raise _invalid(f"{called[1]} of {called[0]} is not supported as a target: it only reads.")
    service = arn.split(":")[2] if arn.count(":") > 4 else ""
    if text is not None and (service in _TAKES_JSON or called is not None):
        try:
            json.loads(text)
        except ValueError:
            raise _invalid("The Input of the target is not a valid JSON.") from None
    if service == "events" and not target.get("EventBridgeParameters"):
        raise _invalid("EventBridgeParameters must be given for a target that is an event bus.")
    if service == "kinesis" and not target.get("KinesisParameters"):
        raise _invalid("KinesisParameters must be given for a target that is a Kinesis data stream.")
    policy = target.get("RetryPolicy") or {}
    retries, age = policy.get("MaximumRetryAttempts"), policy.get("MaximumEventAgeInSeconds")
    if retries is not None and not 0 <= retries <= RETRIES_MAX:
        raise _invalid(f"MaximumRetryAttempts must be from 0 to {RETRIES_MAX}.")
    if age is not None and not AGE_SECONDS_MIN <= age <= AGE_SECONDS_MAX:
        raise _invalid(f"MaximumEventAgeInSeconds must be from {AGE_SECONDS_MIN} to {AGE_SECONDS_MAX}.")


def _invalid(message: str) -> ApiFault:
    return ApiFault("ValidationException", message)
