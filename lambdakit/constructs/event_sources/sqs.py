"""A queue whose messages are handled in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs

from lambdakit import limits
from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.cdk_words import filter_text
from lambdakit.constructs.encrypted_queue import make_queue
from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.constructs.failure_destinations import retention_period_problems
from lambdakit.constructs.ranges import range_problems
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

QUEUE_ID: Final = "Queue"
RETENTION_SECONDS: Final = 4 * 24 * 60 * 60
MAX_RECEIVE_COUNT: Final = 5
# Source: Lambda Developer Guide, "Configuring a dead-letter queue" for SQS event source mappings
_REDRIVE: Final = "A queue's mapping has no destination: the queue's own redrive moves what fails to another queue."


@dataclass(frozen=True, slots=True, kw_only=True)
class SqsSource:
    """Messages of a queue, fetched in batches; those that fail come again, and at last move to the failure queue.

    queue: an existing one, whose redrive is its own; absent, a new one, encrypted and TLS only.
    batch_size: 1 to 10000, above 10 with a window; for a FIFO queue up to 10; absent, 10.
    max_batching_window: a `Duration` or seconds, up to 300, for which a batch is gathered; absent, none.
    max_concurrency: 2 to 1000 invocations at once; absent, as many as the function may have.
    report_batch_item_failures: the function answers which messages failed, and only those come again; absent, it does.
    filters: patterns, or what the CDK's `FilterCriteria.filter` gives, at most 5, of which a message has to match one,
        else it is deleted; absent, every message counts.
    enabled: absent, messages are fetched.
    fifo: of a new queue; absent, standard. content_based_deduplication: of a new FIFO queue; absent, no.
    visibility_timeout: a `Duration` or seconds, up to 43200; absent, six times the function's time-out and the window.
    retention_period: of a new queue, a `Duration` or seconds; absent, 4 days.
    max_receive_count: how often a message is tried, 1 to 1000; absent, 5.
    removal_policy: what happens to a new queue when it leaves the stack; absent, it goes.
    """

    queue: sqs.IQueue | None = None
    batch_size: int = 10
    max_batching_window: Duration | int | None = None
    max_concurrency: int | None = None
    report_batch_item_failures: bool = True
    filters: Sequence[Mapping[str, Any]] = ()
    enabled: bool = True
    fifo: bool = False
    content_based_deduplication: bool = False
    visibility_timeout: Duration | int | None = None
    retention_period: Duration | int = RETENTION_SECONDS
    max_receive_count: int = MAX_RECEIVE_COUNT
    removal_policy: RemovalPolicy = RemovalPolicy.DESTROY


def sqs_problems(pointer: str, source: SqsSource, timeout_seconds: float | None) -> Iterator[Diagnostic]:
    """What Lambda or SQS would refuse of `source`, and what would handle messages twice."""
    window = _seconds(source.max_batching_window)
    is_fifo = source.fifo if source.queue is None else source.queue.fifo
    yield from _batch_problems(pointer, source, window, is_fifo=is_fifo)
    yield from range_problems(
        f"{pointer}.max_concurrency", source.max_concurrency, limits.SQS_CONCURRENCY_MIN, limits.SQS_CONCURRENCY_MAX
    )
    yield from range_problems(f"{pointer}.max_receive_count", source.max_receive_count, 1, limits.QUEUE_RECEIVES_MAX)
    yield from retention_period_problems(f"{pointer}.retention_period", source.retention_period)
    if len(source.filters) > limits.EVENT_FILTERS_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.filters",
            problem=f"{len(source.filters)} filters are above {limits.EVENT_FILTERS_MAX}, the most a mapping may have",
            code="LK401",
            hint="join those that look at the same field: its list holds alternatives",
        )
    if source.content_based_deduplication and not is_fifo:
        yield Diagnostic(
            pointer=f"{pointer}.content_based_deduplication",
            problem="only a FIFO queue tells equal messages",
            code="LK405",
            hint="fifo: true, or leave it out",
        )
    if source.queue is None:
        yield from _visibility_problems(pointer, source, timeout_seconds)


def visibility_seconds(source: SqsSource, timeout_seconds: float) -> int:
    """For how long a message that was received is hidden when nothing else is said.

    Source: Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping".
    """
    window = _seconds(source.max_batching_window) or 0
    return min(ceil(timeout_seconds * limits.QUEUE_VISIBILITY_TIMEOUTS + window), limits.QUEUE_VISIBILITY_SECONDS_MAX)


def wire_sqs(wiring: Wiring, source: SqsSource) -> EventSource:
    """The queue with its redrive, and the mapping that fetches from it."""
    queue = _make_queue(wiring, source) if source.queue is None else source.queue
    window = source.max_batching_window
    wiring.handler.add_event_source(
        event_sources.SqsEventSource(
            queue,
            batch_size=source.batch_size,
            max_batching_window=Duration.seconds(window) if isinstance(window, int) else window,
            max_concurrency=source.max_concurrency,
            report_batch_item_failures=source.report_batch_item_failures,
            filters=[{"pattern": filter_text(each)} for each in source.filters] or None,
            enabled=source.enabled,
        )
    )
    acknowledge(wiring.handler, {"Serverless-LambdaEventSourceMappingDestination": _REDRIVE})
    return EventSource(queue=queue)


def grant_sqs_source(source: SqsSource, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Nothing: the mapping already allows to receive and delete messages."""


def _make_queue(wiring: Wiring, source: SqsSource) -> sqs.Queue:
    visibility = source.visibility_timeout
    if visibility is None:
        assert wiring.timeout_seconds is not None
        visibility = visibility_seconds(source, wiring.timeout_seconds)
    failure = None if wiring.failure is None else wiring.failure.queue
    return make_queue(
        wiring.scope,
        QUEUE_ID,
        retention_period=source.retention_period,
        visibility_timeout=visibility,
        fifo=source.fifo,
        content_based_deduplication=source.content_based_deduplication or None,
        dead_letter_queue=None
        if failure is None
        else sqs.DeadLetterQueue(queue=failure, max_receive_count=source.max_receive_count),
        removal_policy=source.removal_policy,
    )


def _batch_problems(pointer: str, source: SqsSource, window: float | None, *, is_fifo: bool) -> Iterator[Diagnostic]:
    yield from range_problems(f"{pointer}.batch_size", source.batch_size, 1, limits.SQS_BATCH_MAX)
    yield from range_problems(f"{pointer}.max_batching_window", window, 0, limits.BATCHING_WINDOW_SECONDS_MAX)
    most = limits.SQS_BATCH_WITHOUT_WINDOW_MAX
    if is_fifo and window:
        yield Diagnostic(
            pointer=f"{pointer}.max_batching_window",
            problem="batches of a FIFO queue are not gathered",
            code="LK405",
            hint="leave max_batching_window out",
        )
    if most < source.batch_size <= limits.SQS_BATCH_MAX and (is_fifo or not window):
        yield Diagnostic(
            pointer=f"{pointer}.batch_size",
            problem=f"{source.batch_size} is above {most}, the most "
            + ("a FIFO queue allows" if is_fifo else "SQS allows without a batching window"),
            code="LK405",
            hint=f"batch_size: {most}" if is_fifo else f"max_batching_window: 1, or batch_size: {most}",
        )


def _visibility_problems(pointer: str, source: SqsSource, timeout_seconds: float | None) -> Iterator[Diagnostic]:
    visibility = _seconds(source.visibility_timeout)
    if source.visibility_timeout is None:
        if timeout_seconds is None:
            yield Diagnostic(
                pointer=f"{pointer}.visibility_timeout",
                problem="the function's time-out is not known here, so the queue's visibility does not follow from it",
                code="LK405",
                hint="set visibility_timeout to six times the function's time-out",
            )
        return
    yield from range_problems(f"{pointer}.visibility_timeout", visibility, 1, limits.QUEUE_VISIBILITY_SECONDS_MAX)
    # Source: Lambda API CreateEventSourceMapping refuses a queue whose visibility is below the function's time-out
    if visibility is not None and timeout_seconds is not None and visibility < timeout_seconds:
        yield Diagnostic(
            pointer=f"{pointer}.visibility_timeout",
            problem=f"{visibility:g} seconds are below the function's time-out of {timeout_seconds:g}: a message would "
            "come again while it is handled",
            code="LK405",
            hint=f"visibility_timeout: {visibility_seconds(source, timeout_seconds)}",
        )


def _seconds(value: Duration | int | None) -> float | None:
    if value is None or isinstance(value, int):
        return value
    return None if value.is_unresolved() else value.to_seconds(integral=False)
