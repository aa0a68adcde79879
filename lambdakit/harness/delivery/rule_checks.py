"""What EventBridge refuses of rules, targets and archives, in its own words where they are known.

Source: Amazon EventBridge API Reference, "PutRule", "PutTargets", "CreateArchive" and "TestEventPattern"; Amazon
EventBridge User Guide, "Amazon EventBridge quotas".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.event_pattern import RULE, EventPattern, InvalidPattern, compile_pattern
from lambdakit.harness.moto_state.api_fault import ApiFault
from lambdakit.harness.moto_state.event_buses import DEFAULT
from lambdakit.harness.schedule_expression import InvalidSchedule, parse_schedule

TARGETS_MAX: Final = 5
VARIABLES_MAX: Final = 100
RETRIES_MAX: Final = 185
AGE_SECONDS_MIN: Final = 60
AGE_SECONDS_MAX: Final = 86_400
_INPUTS: Final = ("Input", "InputPath", "InputTransformer")
# API Reference, "PutTargets": EventBridge needs a role for them.
_NEEDS_ROLE: Final = frozenset({"kinesis", "firehose", "states", "ecs", "batch", "ssm", "codebuild", "codepipeline"})
_QUEUE: Final = re.compile(r"arn:[^:]+:sqs:[^:]+:[^:]+:[^:]+")

Given = Mapping[str, Any]


def compiled(pattern: str) -> EventPattern:
    """A rule's pattern. `ApiFault` as EventBridge words it."""
    try:
        return compile_pattern(pattern, RULE)
    except InvalidPattern as invalid:
        raise ApiFault("InvalidEventPatternException", f"Event pattern is not valid. Reason: {invalid}") from None


def check_rule(bus: str, pattern: str | None, schedule: str | None) -> None:
    """Refuses a rule that is not in order."""
    if pattern:
        compiled(pattern)
    if not schedule:
        return
    if bus != DEFAULT:
        raise _invalid("ScheduleExpression is supported only on the default event bus.")
    try:
        parse_schedule(schedule, kinds=("rate", "cron"))
    except InvalidSchedule as invalid:
        raise _invalid(str(invalid)) from None


def check_targets(present: Sequence[Given], given: Sequence[Given]) -> None:
    """Refuses targets that are not in order. present: those that the rule has already."""
    ids = {str(target["Id"]) for target in (*present, *given)}
    if len(ids) > TARGETS_MAX:
        raise ApiFault("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    for target in given:
        _check_input(target)
        _check_delivery(target)


def pattern_means(pattern: str, event: str) -> bool:
    """Whether a pattern means an event. `ApiFault` when either is not in order."""
    meant = compiled(pattern)
    try:
        values = json.loads(event)
    except ValueError:
        raise _invalid("Parameter Event is not valid. Reason: the event is no JSON.") from None
    required = ("id", "account", "source", "time", "region", "resources", "detail-type")
    # API Reference, "TestEventPattern": the members that an event must have, besides `detail`.
    lacking = [name for name in required if not isinstance(values, dict) or name not in values]
    if lacking:
        raise _invalid(f"Parameter Event is not valid. Reason: {lacking[0]} is missing.")
    return meant.matches(event)


def _check_input(target: Given) -> None:
    named = str(target["Id"])
    if sum(target.get(name) is not None for name in _INPUTS) > 1:
        raise _invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {named}.")
    if target.get("Input") is not None:
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise _invalid(f"JSON syntax error in input for target {named}: {error}") from None
    paths = (target.get("InputTransformer") or {}).get("InputPathsMap") or {}
    if len(paths) > VARIABLES_MAX:
        raise _invalid(f"InputPathsMap of target {named} has {len(paths)} keys, {VARIABLES_MAX} are allowed.")
    reserved = [name for name in paths if name.lower().startswith("aws.")]
    if reserved:
        raise _invalid(f"InputPathsMap of target {named}: {reserved[0]} is reserved.")


def _check_delivery(target: Given) -> None:
    arn = str(target["Arn"])
    if arn.split(":")[2:3] and arn.split(":")[2] in _NEEDS_ROLE and not target.get("RoleArn"):
        raise _invalid(f"RoleArn is required for target {arn}.")
    policy = target.get("RetryPolicy") or {}
    retries, age = policy.get("MaximumRetryAttempts"), policy.get("MaximumEventAgeInSeconds")
    if retries is not None and not 0 <= retries <= RETRIES_MAX:
        raise _invalid(f"MaximumRetryAttempts of target {target['Id']} must be from 0 to {RETRIES_MAX}.")
    if age is not None and not AGE_SECONDS_MIN <= age <= AGE_SECONDS_MAX:
        raise _invalid(
            f"MaximumEventAgeInSeconds of target {target['Id']} must be from {AGE_SECONDS_MIN} to {AGE_SECONDS_MAX}."
        )
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead_letters and (_QUEUE.fullmatch(dead_letters) is None or dead_letters.endswith(".fifo")):
        # User Guide, "Using dead-letter queues to process undelivered events": standard queues only.
        raise _invalid(f"DeadLetterConfig of target {target['Id']} must be a standard SQS queue.")


def _invalid(message: str) -> ApiFault:
    return ApiFault("ValidationException", message)
