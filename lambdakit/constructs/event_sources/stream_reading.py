"""How a stream is read in batches: the settings that Kinesis and DynamoDB streams have alike, and their mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from lambdakit import limits
from lambdakit.constructs.cdk_words import filter_text, word
from lambdakit.constructs.object_arns import acknowledge_objects, object_arns
from lambdakit.constructs.ranges import optional_seconds, range_problems
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_kinesis as kinesis
    from constructs import Construct

    from lambdakit.constructs.failure_destinations import FailurePath

StartingPosition: TypeAlias = Literal["trim_horizon", "latest", "at_timestamp"]

MAPPING_ID: Final = "Mapping"
RETRY_ATTEMPTS: Final = 10
MAX_RECORD_AGE_SECONDS: Final = 24 * 60 * 60
# Source: Lambda Developer Guide, "Retain discarded batch records": the keys begin with this.
_FAILED_OBJECTS: Final = "aws/lambda/"
# Source: SQS Developer Guide, "Key management", permissions of a producer
_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReading:
    """How batches are made of a stream's records, and what happens to those that fail.

    batch_size: most records of one invocation, 1 to 10000; absent, 100.
    max_batching_window: a `Duration` or seconds, up to 300, for which a batch is gathered; absent, none.
    parallelization_factor: batches of one shard at once, 1 to 10, records of one key still in order; absent, 1.
    bisect_batch_on_error: a batch that failed is tried in halves, so that one bad record does not take all; absent, on.
    report_batch_item_failures: the function answers where to go on, so that what it did is not done again; absent, on.
    retry_attempts: how often a batch is tried again, 0 to 10000; absent, 10.
    max_record_age: a `Duration` or seconds, 60 to 604800, after which a record is not tried; absent, a day.
    starting_position: of the first read, also as the CDK's `StartingPosition`; absent, `trim_horizon`, the oldest
        record there is.
    starting_position_timestamp: seconds since 1970, with `at_timestamp`, which a DynamoDB stream does not know.
    tumbling_window: a `Duration` or seconds, up to 900, over which state is handed on; absent, none.
    filters: patterns, or what the CDK's `FilterCriteria.filter` gives, at most 5, of which a record has to match one;
        absent, every record counts.
    enabled: absent, records are read.
    """

    batch_size: int = limits.STREAM_BATCH_DEFAULT
    max_batching_window: Duration | int | None = None
    parallelization_factor: int = 1
    bisect_batch_on_error: bool = True
    report_batch_item_failures: bool = True
    retry_attempts: int = RETRY_ATTEMPTS
    max_record_age: Duration | int = MAX_RECORD_AGE_SECONDS
    starting_position: StartingPosition | lambda_.StartingPosition = "trim_horizon"
    starting_position_timestamp: int | None = None
    tumbling_window: Duration | int | None = None
    filters: Sequence[Mapping[str, Any]] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSource:
    """A stream as it was wired: what it consists of, made here or existing; what it does not have is None.

    mapping: reads the stream and invokes the handler.
    """

    mapping: lambda_.CfnEventSourceMapping
    stream: kinesis.IStream | None = None
    consumer: kinesis.IStreamConsumer | None = None
    table: dynamodb.ITable | None = None


def reading_problems(pointer: str, reading: StreamReading) -> Iterator[Diagnostic]:
    """What Lambda would refuse of `reading`."""
    window = optional_seconds(reading.tumbling_window)
    bounds: tuple[tuple[str, float | None, int, int], ...] = (
        ("batch_size", reading.batch_size, 1, limits.STREAM_BATCH_MAX),
        (
            "max_batching_window",
            optional_seconds(reading.max_batching_window),
            0,
            limits.BATCHING_WINDOW_SECONDS_MAX,
        ),
        ("parallelization_factor", reading.parallelization_factor, 1, limits.STREAM_PARALLELIZATION_MAX),
        ("retry_attempts", reading.retry_attempts, 0, limits.STREAM_RETRIES_MAX),
        (
            "max_record_age",
            optional_seconds(reading.max_record_age),
            limits.STREAM_RECORD_AGE_SECONDS_MIN,
            limits.STREAM_RECORD_AGE_SECONDS_MAX,
        ),
        ("tumbling_window", window, 0, limits.STREAM_TUMBLING_WINDOW_SECONDS_MAX),
    )
    for name, value, low, high in bounds:
        yield from range_problems(f"{pointer}.{name}", value, low, high)
    # Source: Lambda API, CreateEventSourceMapping; a window's state is handed from batch to batch of one shard
    if window and reading.parallelization_factor > 1:
        yield Diagnostic(
            pointer=f"{pointer}.parallelization_factor",
            problem=f"{reading.parallelization_factor} batches of a shard at once cannot hand on a window's state",
            code="LK405",
            hint="parallelization_factor: 1, or leave tumbling_window out",
        )
    yield from filter_problems(pointer, reading.filters)
    yield from position_problems(pointer, word(reading.starting_position), reading.starting_position_timestamp)


def filter_problems(pointer: str, filters: Sequence[Mapping[str, Any]]) -> Iterator[Diagnostic]:
    """More filters than a mapping may have."""
    if len(filters) > limits.EVENT_FILTERS_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.filters",
            problem=f"{len(filters)} filters are above {limits.EVENT_FILTERS_MAX}, the most a mapping may have",
            code="LK401",
            hint="join those that look at the same field: its list holds alternatives",
        )


def position_problems(pointer: str, position: str, timestamp: int | None) -> Iterator[Diagnostic]:
    """A position in time without the time, or a time without that position."""
    if position == "at_timestamp" and timestamp is None:
        yield Diagnostic(
            pointer=f"{pointer}.starting_position",
            problem="at_timestamp needs the time to begin at",
            code="LK405",
            hint="add starting_position_timestamp, in seconds since 1970",
        )
    if position != "at_timestamp" and timestamp is not None:
        yield Diagnostic(
            pointer=f"{pointer}.starting_position_timestamp",
            problem=f"a time goes with at_timestamp only, not with {position}",
            code="LK405",
            hint="starting_position: at_timestamp",
        )


def reading_keywords(reading: StreamReading) -> dict[str, Any]:
    """The template's settings of a mapping that reads so; what is absent is Lambda's default."""
    return {
        "batch_size": reading.batch_size,
        "maximum_batching_window_in_seconds": whole_seconds(reading.max_batching_window),
        "parallelization_factor": reading.parallelization_factor,
        "bisect_batch_on_function_error": reading.bisect_batch_on_error,
        "function_response_types": response_types(reading.report_batch_item_failures),
        "maximum_retry_attempts": reading.retry_attempts,
        "maximum_record_age_in_seconds": whole_seconds(reading.max_record_age),
        "starting_position": word(reading.starting_position).upper(),
        "starting_position_timestamp": reading.starting_position_timestamp,
        "tumbling_window_in_seconds": whole_seconds(reading.tumbling_window),
        "filter_criteria": filter_criteria(reading.filters),
        "enabled": reading.enabled,
    }


def make_mapping(
    scope: Construct, handler: lambda_.IFunction, source_arn: str, failure: FailurePath, settings: Mapping[str, Any]
) -> lambda_.CfnEventSourceMapping:
    """The mapping between a stream and the handler, whose discarded records go to `failure`.

    It is made of the template's own class: the CDK's grants more than writing to the failure path needs.
    """
    _grant_failure(failure, handler)
    return lambda_.CfnEventSourceMapping(
        scope,
        MAPPING_ID,
        function_name=handler.function_arn,
        event_source_arn=source_arn,
        destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
            on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=_failure_arn(failure))
        ),
        **settings,
    )


def filter_criteria(
    filters: Sequence[Mapping[str, Any]],
) -> lambda_.CfnEventSourceMapping.FilterCriteriaProperty | None:
    """Filters as the template has them; None for none."""
    if not filters:
        return None
    return lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
        filters=[lambda_.CfnEventSourceMapping.FilterProperty(pattern=filter_text(each)) for each in filters]
    )


def response_types(report_batch_item_failures: bool) -> list[str] | None:
    """What the function's answer means to Lambda; None for nothing."""
    return ["ReportBatchItemFailures"] if report_batch_item_failures else None


def whole_seconds(duration: Duration | int | None) -> int | None:
    """A duration in the template's unit."""
    if duration is None or isinstance(duration, int):
        return duration
    return int(duration.to_seconds())


def _grant_failure(failure: FailurePath, handler: lambda_.IFunction) -> None:
    """Lambda writes discarded records with the function's role.

    Source: Lambda Developer Guide, "Retain discarded batch records", required permissions.
    """
    if failure.queue is not None:
        handler.add_to_role_policy(
            iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[failure.queue.queue_arn])
        )
        if (key := failure.queue.encryption_master_key) is not None:
            key.grant(handler, *_KEY_ACTIONS)
    elif failure.topic is not None:
        failure.topic.grant_publish(handler)
    elif failure.bucket is not None:
        bucket = failure.bucket
        handler.add_to_role_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]))
        objects = object_arns(bucket, prefix=_FAILED_OBJECTS)
        handler.add_to_role_policy(iam.PolicyStatement(actions=["s3:PutObject"], resources=[objects]))
        acknowledge_objects(handler, objects)
        if (key := bucket.encryption_key) is not None:
            key.grant(handler, *_KEY_ACTIONS)


def _failure_arn(failure: FailurePath) -> str:
    if failure.queue is not None:
        return failure.queue.queue_arn
    if failure.topic is not None:
        return failure.topic.topic_arn
    assert failure.bucket is not None
    return failure.bucket.bucket_arn
