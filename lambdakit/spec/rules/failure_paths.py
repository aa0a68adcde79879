"""The failure path is one that the source can have.

Messages of a queue move to another queue; a user pool hears of a failure itself; asynchronous events go to standard
queues and topics.
Source: AWS Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations"; Amazon SQS Developer Guide,
"Using dead-letter queues in Amazon SQS": of a FIFO queue also a FIFO queue.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.application import Application
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.event_sources.cognito import CognitoSource
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.failure import SqsFailure
from lambdakit.spec.finding import Finding
from lambdakit.spec.resources.queue_uses import names_fifo_queue
from lambdakit.spec.rules.queue_batches import is_fifo
from lambdakit.spec.rules.rule import RuleContext


def failure_paths(context: RuleContext) -> Iterator[Finding]:
    """A finding for each failure path that AWS would refuse, or that nothing would ever reach."""
    for key, pattern in context.event_processings():
        if "on_failure" not in pattern.model_fields_set:
            continue
        found = _wrong(context.application, pattern)
        if found is not None:
            problem, hint = found
            yield Finding(code="LK172", pointer=("patterns", key, "on_failure"), problem=problem, hint=hint)


def _wrong(application: Application, pattern: EventProcessing) -> tuple[str, str] | None:
    source, failure = pattern.source, pattern.on_failure
    is_fifo_there = names_fifo_queue(application, failure) if isinstance(failure, SqsFailure) else None
    if isinstance(source, CognitoSource):
        return "a user pool waits for the answer and hears of a failure itself", "leave on_failure out"
    if not isinstance(source, SqsSource):
        if is_fifo_there:
            return "asynchronous events cannot go to a FIFO queue", "name a standard queue, or write {kind: sqs}"
        return None
    if source.queue_arn is not None:
        hint = "leave on_failure out, and give the queue a dead-letter queue where it is made"
        return "an existing queue has a redrive of its own, which cannot be changed here", hint
    if source.queue is not None:
        hint = f"leave on_failure out, and write dead_letter_queue at {source.queue} instead"
        return "a queue of the `resources` has a redrive of its own there", hint
    if not isinstance(failure, SqsFailure):
        return f"messages of a queue can move to a queue only, not to {failure.kind}", "write {kind: sqs}"
    fifo = is_fifo(application, source)
    if is_fifo_there is not None and is_fifo_there != fifo:
        kinds = ("a FIFO queue", "a standard queue")
        ours, theirs = kinds if fifo else kinds[::-1]
        return f"messages of {ours} cannot move to {theirs}", "write {kind: sqs}, which makes one of the right kind"
    return None
