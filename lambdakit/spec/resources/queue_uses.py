"""What follows for a shared queue from where the document names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lambdakit import limits
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.failure import SqsFailure
from lambdakit.spec.function import effective
from lambdakit.spec.placed_functions import placed_functions
from lambdakit.spec.resources.queue import NO_QUEUE, QueueResource
from lambdakit.spec.resources.references import parts, queues

if TYPE_CHECKING:
    from lambdakit.spec.application import Application

FIFO_END: Final = ".fifo"


def is_fifo_queue(queue: QueueResource) -> bool:
    """Whether the queue, new or existing, is a FIFO queue."""
    return queue.fifo if queue.queue_arn is None else queue.queue_arn.endswith(FIFO_END)


def names_fifo_queue(application: Application, settings: SqsSource | SqsFailure) -> bool | None:
    """Whether the queue that the settings name is a FIFO queue; None when they name none that is known."""
    if settings.queue_arn is not None:
        return settings.queue_arn.endswith(FIFO_END)
    if settings.queue is None:
        return None
    queue = application.resources.get(settings.queue)
    return is_fifo_queue(queue) if isinstance(queue, QueueResource) else None


def is_last(application: Application, name: str) -> bool:
    """Whether messages of the queue have nowhere to move on to: by its own word, or as others' failures end in it."""
    queue = application.resources[name]
    assert isinstance(queue, QueueResource)
    if queue.dead_letter_queue is not None:
        return queue.dead_letter_queue == NO_QUEUE
    if "max_receive_count" in queue.model_fields_set:
        return False
    others = {other.dead_letter_queue for _, other in queues(application)}
    others |= {part.queue for _, part in parts(application) if isinstance(part, SqsFailure)}
    for function in placed_functions(application):
        others |= {function.written.dead_letter_queue, function.written.on_failure}
    return name in others


def visibility_seconds(application: Application, name: str) -> int | None:
    """For how long a received message of the queue is hidden; None for as long as SQS says itself.

    Source: Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping": six times the
    function's time-out, and the window.
    """
    queue = application.resources[name]
    assert isinstance(queue, QueueResource)
    if queue.visibility_timeout is not None:
        return queue.visibility_timeout
    needed = max(
        (timeout * limits.QUEUE_VISIBILITY_TIMEOUTS + window for timeout, window in _readers(application, name)),
        default=None,
    )
    return None if needed is None else max(_DEFAULT_SECONDS, min(needed, limits.QUEUE_VISIBILITY_SECONDS_MAX))


# Source: API sqs SetQueueAttributes, VisibilityTimeout
_DEFAULT_SECONDS: Final = 30


def _readers(application: Application, name: str) -> Iterator[tuple[int, int]]:
    """Of each function that the queue starts: its time-out, and for how long its batches are gathered."""
    for pattern in application.patterns.values():
        if isinstance(pattern, EventProcessing) and isinstance(pattern.source, SqsSource):
            if pattern.source.queue == name:
                settings = effective(pattern.function, application.defaults)
                yield settings.timeout, pattern.source.max_batching_window or 0
