"""Alarms of a pattern watch what it has.

Source: AWS Lambda Developer Guide, "Types of metrics for Lambda functions": the age of events is of asynchronous ones,
the age of an iterator of Kinesis and DynamoDB streams.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.event_sources.cognito import CognitoSource
from lambdakit.spec.event_sources.msk import MskSource
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.failure import SqsFailure
from lambdakit.spec.finding import Finding
from lambdakit.spec.monitoring import TOPICS_MAX
from lambdakit.spec.patterns import Pattern
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stream_processing import StreamProcessing
from lambdakit.spec.targets import SqsTarget

# Of which one more or less says something.
_RESERVED_MIN = 2


def pattern_alarms(context: RuleContext) -> Iterator[Finding]:
    """A finding for each setting that nothing would read, and for too many topics."""
    for key, pattern in context.application.patterns.items():
        alarms = pattern.alarms
        if alarms is None:
            continue
        pointer: Pointer = ("patterns", key, "alarms")
        topics = len(alarms.topics) + len(alarms.topic_arns)
        if topics > TOPICS_MAX:
            yield Finding(
                code="LK198",
                pointer=pointer,
                at_key=True,
                problem=f"{topics} topics are above {TOPICS_MAX}, the most that an alarm tells",
                hint="tell one topic, and subscribe the others to it",
            )
        reserved = [
            function.settings.reserved_concurrent_executions or 0
            for function in context.functions
            if function.pointer[:2] == ("patterns", key)
        ]
        for setting, missing in _unread(pattern, reserved=max(reserved, default=0)):
            if setting in alarms.model_fields_set and context.pruned.spares("patterns", key):
                yield Finding(
                    code="LK198",
                    pointer=(*pointer, setting),
                    at_key=True,
                    problem=f"the pattern {key} has no {missing}",
                    hint=f"leave {setting} out",
                )


def _unread(pattern: Pattern, *, reserved: int) -> Iterator[tuple[str, str]]:
    """Settings of alarms, and what the pattern would need to have for them. reserved: the most of its functions'."""
    if reserved < _RESERVED_MIN:
        yield "concurrency_share", f"function with a reserved concurrency of {_RESERVED_MIN} or more"
    is_event = isinstance(pattern, EventProcessing)
    source = pattern.source if isinstance(pattern, EventProcessing | StreamProcessing) else None
    if not isinstance(pattern, StreamProcessing) or isinstance(source, MskSource):
        yield "iterator_age", "stream of Kinesis or DynamoDB that it reads"
    own_queue = isinstance(source, SqsSource) and source.queue_arn is None and source.queue is None
    if not own_queue:
        yield "message_age", "queue of its own as a source"
    if not is_event or isinstance(source, SqsSource | CognitoSource):
        yield "async_event_age", "source that invokes asynchronously"
    if not _makes_failure_queue(pattern, own_queue=own_queue):
        yield "failure_queue_depth", "failure queue or dead-letter queue of its own"


def _makes_failure_queue(pattern: Pattern, *, own_queue: bool) -> bool:
    if not isinstance(pattern, EventProcessing | StreamProcessing):
        return False
    if isinstance(pattern, EventProcessing) and any(
        isinstance(target, SqsTarget) and target.queue_arn is None and target.queue is None
        for target in pattern.targets.values()
    ):
        return True
    source, failure = pattern.source, pattern.on_failure
    if isinstance(source, CognitoSource) or (isinstance(source, SqsSource) and not own_queue):
        return False
    if isinstance(failure, SqsFailure):
        return failure.queue_arn is None and failure.queue is None
    # Beside a topic, a bucket or a bus, a queue keeps what a trigger could not hand over.
    return isinstance(pattern, EventProcessing)
