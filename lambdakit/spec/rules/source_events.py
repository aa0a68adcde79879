"""A source starts its function by something: its settings fit together.

Source: API cloudwatch PutMetricAlarm, Period and DatapointsToAlarm; API scheduler FlexibleTimeWindow; Amazon Cognito
Developer Guide, "Customizing user pool workflows with Lambda triggers": a user pool waits five seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit.spec.event_sources.alarm import AlarmSource
from lambdakit.spec.event_sources.cognito import CognitoSource
from lambdakit.spec.event_sources.config_rule import ConfigRuleSource
from lambdakit.spec.event_sources.schedule import ScheduleSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext

_SHORT_PERIODS: Final = (10, 20, 30)
_TRIGGER_SECONDS_MAX: Final = 5


def source_events(context: RuleContext) -> Iterator[Finding]:
    """A finding for each source that would start nothing, or that AWS would refuse for how its settings meet."""
    timeouts = {
        str(function.pointer[1]): function.settings.timeout
        for function in context.functions
        if function.pointer[0] == "patterns" and context.knows(function, "timeout")
    }
    for key, pattern in context.event_processings():
        pointer: Pointer = ("patterns", key, "source")
        match pattern.source:
            case AlarmSource() as source:
                yield from _of_alarm(source, pointer)
            case ScheduleSource(flexible_time_window=int() as window) if window % 60:
                problem = f"{window}s are no whole number of minutes"
                place = (*pointer, "flexible_time_window")
                yield Finding(code="LK176", pointer=place, problem=problem, hint=f"write {window // 60 + 1}m")
            case ConfigRuleSource(configuration_changes=False, maximum_execution_frequency=None):
                if context.pruned.spares(*pointer, "maximum_execution_frequency"):
                    problem = "neither changes nor the passing of time start the function"
                    hint = "add maximum_execution_frequency: twenty_four_hours"
                    yield Finding(code="LK176", pointer=pointer, problem=problem, hint=hint)
            case CognitoSource() as source:
                yield from _of_user_pool(key, source, timeouts.get(key))


def _of_alarm(source: AlarmSource, pointer: Pointer) -> Iterator[Finding]:
    if source.period not in _SHORT_PERIODS and source.period % 60:
        problem = f"{source.period}s are neither 10s, 20s, 30s nor whole minutes"
        yield Finding(code="LK176", pointer=(*pointer, "period"), problem=problem, hint="write 1m")
    datapoints = source.datapoints_to_alarm
    if datapoints is not None and datapoints > source.evaluation_periods:
        problem = f"{datapoints} are above the {source.evaluation_periods} of evaluation_periods"
        hint = f"write {source.evaluation_periods} or less"
        yield Finding(code="LK176", pointer=(*pointer, "datapoints_to_alarm"), problem=problem, hint=hint)


def _of_user_pool(key: str, source: CognitoSource, timeout: int | None) -> Iterator[Finding]:
    for place, trigger in enumerate(source.triggers):
        if trigger in source.triggers[:place]:
            pointer = ("patterns", key, "source", "triggers", place)
            problem = f"{trigger} is named twice"
            yield Finding(code="LK176", pointer=pointer, problem=problem, hint="leave one of the two out")
    if timeout is not None and timeout > _TRIGGER_SECONDS_MAX:
        yield Finding(
            code="LK176",
            pointer=("patterns", key, "function", "timeout"),
            problem=f"the function has {timeout}s, and a user pool waits {_TRIGGER_SECONDS_MAX}s for its answer",
            hint=f"write timeout: {_TRIGGER_SECONDS_MAX}s",
        )
