"""Discarded records of a stream are told to a standard queue.

Source: AWS Lambda Developer Guide, "Retain discarded batch records for a Kinesis Data Streams event source in Lambda".
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.failure import SqsFailure
from lambdakit.spec.finding import Finding
from lambdakit.spec.resources.queue_uses import names_fifo_queue
from lambdakit.spec.rules.rule import RuleContext


def stream_failures(context: RuleContext) -> Iterator[Finding]:
    """A finding for each FIFO queue as the failure path of a stream."""
    for key, pattern in context.stream_processings():
        failure = pattern.on_failure
        if isinstance(failure, SqsFailure) and names_fifo_queue(context.application, failure):
            yield Finding(
                code="LK172",
                pointer=("patterns", key, "on_failure", "queue" if failure.queue_arn is None else "queue_arn"),
                problem="discarded records of a stream cannot go to a FIFO queue",
                hint="name a standard queue, or write {kind: sqs}",
            )
