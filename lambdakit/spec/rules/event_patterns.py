"""An event pattern, a filter of an event source mapping and a filter policy are such as their services take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lambdakit.spec.event_processing import AnyEventSource
from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.event_sources.event_rule import EventPattern, EventRuleSource
from lambdakit.spec.event_sources.kinesis import KinesisSource
from lambdakit.spec.event_sources.msk import MskSource
from lambdakit.spec.event_sources.sns import SnsSource
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pattern_shape import FILTER_CRITERIA, RULE, SNS_ATTRIBUTES, SNS_BODY, Fault, pattern_faults
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stream_processing import AnyStreamSource

_CODE: Final = "LK178"
# Where a record has what its sender wrote. Source: AWS Lambda Developer Guide, "Using event filtering with …" of each
# event source. Of a table's stream it is dynamodb.NewImage, with the attributes' types.
_CONTENT: Final = {"sqs": "body", "kinesis": "data", "msk": "value", "dynamo_stream": "dynamodb"}


def event_patterns(context: RuleContext) -> Iterator[Finding]:
    """A finding for each part of a pattern that its service would refuse, or that no event can match."""
    for pointer, fault in _faults(context):
        yield Finding(code=_CODE, pointer=(*pointer, *fault.pointer), problem=fault.problem, hint=fault.hint)


def _faults(context: RuleContext) -> Iterator[tuple[Pointer, Fault]]:
    sources: list[tuple[str, AnyEventSource | AnyStreamSource]] = []
    sources += [(key, pattern.source) for key, pattern in context.event_processings()]
    sources += [(key, pattern.source) for key, pattern in context.stream_processings()]
    for key, source in sources:
        place: Pointer = ("patterns", key, "source")
        match source:
            case EventRuleSource():
                if context.pruned.spares(*place, "event_pattern"):
                    yield from _of_rule((*place, "event_pattern"), source.event_pattern)
            case SnsSource(filter_policy=dict() as policy):
                dialect = SNS_BODY if source.filter_policy_scope == "message_body" else SNS_ATTRIBUTES
                yield from (((*place, "filter_policy"), fault) for fault in pattern_faults(policy, dialect))
            case SqsSource() | KinesisSource() | DynamoStreamSource() | MskSource():
                for number, one in enumerate(source.filters):
                    here = (*place, "filters", number)
                    yield from ((here, fault) for fault in _of_filter(one, source.kind))


def _of_rule(here: Pointer, pattern: EventPattern) -> Iterator[tuple[Pointer, Fault]]:
    written = {name: getattr(pattern, name) for name in pattern.model_fields_set}
    yield from ((here, fault) for fault in pattern_faults(written, RULE))


def _of_filter(written: Mapping[str, Any], kind: str) -> Iterator[Fault]:
    yield from pattern_faults(written, FILTER_CRITERIA)
    content = _CONTENT[kind]
    for key in written:
        if key != content and (key in _CONTENT.values() or nearest(key, [content])):
            problem = f"records of {kind} have no {key}, so that none of them matches"
            yield Fault(pointer=(key,), problem=problem, hint=f"write {content}")
