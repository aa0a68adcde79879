"""Batches of a queue are as large as SQS gives them: ten messages, or more where they are gathered for a while.

Source: AWS Lambda Developer Guide, "Configuring an SQS event source mapping"; SQS Developer Guide, "FIFO queues".
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.limits import SQS_BATCH_WITHOUT_WINDOW_MAX
from lambdakit.spec.application import Application
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resources.queue_uses import names_fifo_queue
from lambdakit.spec.rules.rule import RuleContext


def queue_batches(context: RuleContext) -> Iterator[Finding]:
    """A finding for each batch that no queue gives, and for each setting that only the other kind of queue has."""
    for key, pattern in context.event_processings():
        source, pointer = pattern.source, ("patterns", key, "source")
        if isinstance(source, SqsSource):
            yield from (
                _of_fifo(source, pointer)
                if is_fifo(context.application, source)
                else _of_standard(context, source, pointer)
            )


def is_fifo(application: Application, source: SqsSource) -> bool:
    """Whether the queue, new, existing or one of the `resources`, is a FIFO queue."""
    named = names_fifo_queue(application, source)
    return source.fifo if named is None else named


def _of_fifo(source: SqsSource, pointer: Pointer) -> Iterator[Finding]:
    most = SQS_BATCH_WITHOUT_WINDOW_MAX
    if source.max_batching_window:
        yield Finding(
            code="LK170",
            pointer=(*pointer, "max_batching_window"),
            problem="batches of a FIFO queue are not gathered",
            hint="leave it out",
        )
    if source.batch_size > most:
        problem = f"{source.batch_size} is above {most}, the most messages of a FIFO queue in one batch"
        yield Finding(code="LK170", pointer=(*pointer, "batch_size"), problem=problem, hint=f"write {most} or less")


def _of_standard(context: RuleContext, source: SqsSource, pointer: Pointer) -> Iterator[Finding]:
    most = SQS_BATCH_WITHOUT_WINDOW_MAX
    knows_window = context.pruned.spares(*pointer, "max_batching_window")
    if source.batch_size > most and not source.max_batching_window and knows_window:
        yield Finding(
            code="LK170",
            pointer=(*pointer, "batch_size"),
            problem=f"{source.batch_size} is above {most}, the most SQS allows without a batching window",
            hint=f"add max_batching_window: 1s, or write {most}",
        )
    if source.content_based_deduplication and context.pruned.spares(*pointer, "fifo"):
        yield Finding(
            code="LK170",
            pointer=(*pointer, "content_based_deduplication"),
            problem="only a FIFO queue tells equal messages",
            hint="add fifo: true, or leave it out",
        )
