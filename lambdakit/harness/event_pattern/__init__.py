"""The one language in which rules, pipes, event source mappings and SNS subscriptions say which events count.

    text or object -> compile_pattern(…, dialect) -> EventPattern -> matches(event)

A dialect is the set of operators that a service takes. Nothing here knows of a service's API.

Source: Amazon EventBridge User Guide, "Creating Amazon EventBridge event patterns" and "Comparison operators for use in
event patterns"; AWS Lambda Developer Guide, "Control which events Lambda sends to your function"; Amazon SNS Developer
Guide, "Amazon SNS subscription filter policies". The reasons of invalid patterns are worded as those of event-ruler,
the library that EventBridge runs (github.com/aws/event-ruler, RuleCompiler).
"""

from lambdakit.harness.event_pattern.dialect import (
    FILTER_CRITERIA,
    PIPE,
    RULE,
    SNS_ATTRIBUTES,
    SNS_BODY,
    Dialect,
)
from lambdakit.harness.event_pattern.json_values import read_json
from lambdakit.harness.event_pattern.pattern import EventPattern, InvalidPattern, compile_pattern

__all__ = [
    "FILTER_CRITERIA",
    "PIPE",
    "RULE",
    "SNS_ATTRIBUTES",
    "SNS_BODY",
    "Dialect",
    "EventPattern",
    "InvalidPattern",
    "compile_pattern",
    "read_json",
]
