"""Targets have names of their own: construct ids, outputs and environment variables follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit.spec.finding import Finding
from lambdakit.spec.names import pascal_case, snake_case
from lambdakit.spec.rules.rule import RuleContext

# Construct ids of what a pattern itself may have.
TAKEN: Final = frozenset(
    {
        *("Function", "Bucket", "Queue", "Topic", "Rule", "Schedule", "ScheduleRole", "IotRule", "IotRuleRole"),
        *("ConfigRule", "SourceLogGroup", "LogSubscription", "Alarm", "UserPool"),
        *("FailureQueue", "FailureTopic", "FailureBucket", "FailureBus", "UndeliveredQueue"),
    }
)


def target_names(context: RuleContext) -> Iterator[Finding]:
    """A finding for each target whose name a part of the pattern has, or that gives another target's variable."""
    for key, pattern in context.event_processings():
        seen: dict[str, str] = {}
        for name in pattern.targets:
            pointer = ("patterns", key, "targets", name)
            first = seen.setdefault(snake_case(name), name)
            if name in TAKEN or pascal_case(name) == "Failure":
                problem = f"{name} is the name of a part that every pattern may have"
                hint = "name it by what it holds, such as processed"
                yield Finding(code="LK173", pointer=pointer, at_key=True, problem=problem, hint=hint)
            elif first != name:
                problem = f"{name} and {first} give the same environment variables, {snake_case(name).upper()}_…"
                hint = "give one of the two another name"
                yield Finding(code="LK173", pointer=pointer, at_key=True, problem=problem, hint=hint)
