"""What an event source mapping may be set to, by the kind of its source, and what it is set to when nothing is said.

Source: AWS Lambda API Reference, "CreateEventSourceMapping"; AWS Lambda Developer Guide, the parameter tables of each
event source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from lambdakit.harness.event_pattern import FILTER_CRITERIA, compile_pattern, read_json
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.limits import EVENT_FILTERS_MAX, STREAM_RECORD_AGE_SECONDS_MIN
from lambdakit.records import dataclass

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A kind of event source.

    settings: the members that it takes beside those of every source. required: those that must be given.
    defaults: what holds for members that are not given. positions: starting positions; empty where there are none.
    """

    label: str
    settings: frozenset[str]
    positions: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    batch_max: int = 10_000
    defaults: Settings = field(default_factory=dict)


_EVERY_SOURCE = frozenset(
    {"BatchSize", "FilterCriteria", "KMSKeyArn", "MaximumBatchingWindowInSeconds", "MetricsConfig"}
)
_STARTING = frozenset({"StartingPosition", "StartingPositionTimestamp"})
_STREAM_FAILURES = frozenset(
    {"BisectBatchOnFunctionError", "DestinationConfig", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts"}
)
_STREAM = _STARTING | _STREAM_FAILURES | {"FunctionResponseTypes", "ParallelizationFactor", "TumblingWindowInSeconds"}
_STREAM_DEFAULTS: Settings = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
}
_KAFKA = (
    _STARTING
    | _STREAM_FAILURES
    | {"FunctionResponseTypes", "LoggingConfig", "ProvisionedPollerConfig", "SourceAccessConfigurations", "Topics"}
)

# Lambda API Reference, "OnFailure"; Developer Guide, "Retain discarded batch records": standard queues and topics.
_FAILURE_DESTINATION = re.compile(r"arn:[a-z-]+:((sqs|sns):(?!.*\.fifo$)|s3:|kafka:).+|kafka://.+")

# By the service of the source's ARN; a Kafka cluster of one's own has none.
SOURCE_KINDS: Mapping[str, SourceKind] = {
    "sqs": SourceKind(
        label="SQS",
        settings=frozenset({"FunctionResponseTypes", "ProvisionedPollerConfig", "ScalingConfig"}),
        defaults={"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []},
    ),
    "kinesis": SourceKind(
        label="Kinesis",
        settings=_STREAM,
        positions=("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"),
        required=("StartingPosition",),
        defaults=_STREAM_DEFAULTS,
    ),
    "dynamodb": SourceKind(
        label="DynamoDB",
        settings=_STREAM,
        positions=("TRIM_HORIZON", "LATEST"),
        required=("StartingPosition",),
        defaults=_STREAM_DEFAULTS,
    ),
    "kafka": SourceKind(
        label="Amazon MSK",
        settings=_KAFKA | {"AmazonManagedKafkaEventSourceConfig"},
        positions=("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"),
        required=("StartingPosition", "Topics"),
        defaults={"BatchSize": 100},
    ),
    "self-managed-kafka": SourceKind(
        label="self-managed Apache Kafka",
        settings=_KAFKA | {"SelfManagedEventSource", "SelfManagedKafkaEventSourceConfig"},
        positions=("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"),
        required=("StartingPosition", "Topics"),
        defaults={"BatchSize": 100},
    ),
    "mq": SourceKind(
        label="Amazon MQ",
        settings=frozenset({"Queues", "SourceAccessConfigurations"}),
        required=("Queues", "SourceAccessConfigurations"),
        defaults={"BatchSize": 100},
    ),
    "rds": SourceKind(
        label="Amazon DocumentDB",
        settings=_STARTING | {"DocumentDBEventSourceConfig", "SourceAccessConfigurations"},
        positions=("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"),
        required=("StartingPosition", "DocumentDBEventSourceConfig", "SourceAccessConfigurations"),
        defaults={"BatchSize": 100},
    ),
}


def source_kind(source_arn: str, settings: Settings) -> SourceKind:
    """The kind of a mapping's source. InvalidParameterValueException when there is none of that kind."""
    if not source_arn and "SelfManagedEventSource" in settings:
        return SOURCE_KINDS["self-managed-kafka"]
    parts = source_arn.split(":")
    kind = SOURCE_KINDS.get(parts[2]) if len(parts) >= 6 else None
    if kind is None or (parts[2] == "dynamodb" and "/stream/" not in source_arn):
        raise _invalid(
            f"Unrecognized event source, no mapping can be made for {source_arn or 'a request without one'}."
        )
    return kind


def complete_settings(source_arn: str, given: Settings) -> dict[str, Any]:
    """`given` with the defaults of its source. InvalidParameterValueException with everything it cannot be set to."""
    kind = source_kind(source_arn, given)
    settings = {**kind.defaults, **given}
    problem = next(_problems(kind, source_arn, given, settings), None)
    if problem is not None:
        raise problem
    # Lambda API Reference, "UpdateEventSourceMapping": an empty object or name takes a setting away.
    return {name: value for name, value in settings.items() if name in kind.defaults or value not in ({}, "")}


def _problems(kind: SourceKind, source_arn: str, given: Settings, settings: Settings) -> Iterator[ServiceFault]:
    for name in kind.required:
        if not settings.get(name):
            yield ServiceFault(
                "ValidationException",
                f"1 validation error detected: Value null at '{name[:1].lower()}{name[1:]}' failed to satisfy "
                "constraint: Member must not be null.",
            )
    for name in given:
        if name not in _EVERY_SOURCE and name not in kind.settings:
            yield _invalid(f"{name} is not supported for {kind.label} event sources.")
    yield from _batching(kind, source_arn, settings)
    yield from _starting(kind, settings)
    yield from _giving_up(settings)
    yield from _filters(settings)
    pollers = settings.get("ProvisionedPollerConfig") or {}
    if pollers.get("MinimumPollers", 1) > pollers.get("MaximumPollers", 10_000):
        yield _invalid("MinimumPollers must be less than or equal to MaximumPollers.")


def _batching(kind: SourceKind, source_arn: str, settings: Settings) -> Iterator[ServiceFault]:
    size, window = settings.get("BatchSize", 0), settings.get("MaximumBatchingWindowInSeconds", 0)
    if kind.label == "SQS" and source_arn.endswith(".fifo"):
        if size > 10:
            yield _invalid(f"Batch size {size} is above 10, the most that a FIFO queue allows.")
        if window:
            yield _invalid("MaximumBatchingWindowInSeconds is not supported for FIFO queues.")
    elif kind.label == "SQS" and size > 10 and not window:
        yield _invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    if settings.get("TumblingWindowInSeconds") and settings.get("ParallelizationFactor", 1) > 1:
        yield _invalid("TumblingWindowInSeconds cannot be set with a ParallelizationFactor greater than 1.")


def _starting(kind: SourceKind, settings: Settings) -> Iterator[ServiceFault]:
    position = settings.get("StartingPosition")
    if position is not None and position not in kind.positions:
        yield _invalid(f"Unsupported starting position {position} for {kind.label} event sources.")
    if position == "AT_TIMESTAMP" and settings.get("StartingPositionTimestamp") is None:
        yield _invalid("StartingPositionTimestamp is required with the starting position AT_TIMESTAMP.")
    if position != "AT_TIMESTAMP" and settings.get("StartingPositionTimestamp") is not None:
        yield _invalid("StartingPositionTimestamp is only supported with the starting position AT_TIMESTAMP.")


def _giving_up(settings: Settings) -> Iterator[ServiceFault]:
    age = settings.get("MaximumRecordAgeInSeconds", -1)
    if -1 < age < STREAM_RECORD_AGE_SECONDS_MIN:
        # Lambda API Reference, "EventSourceMappingConfiguration": within the parameter's range and not allowed.
        yield _invalid(f"MaximumRecordAgeInSeconds is -1 or at least {STREAM_RECORD_AGE_SECONDS_MIN}, not {age}.")
    destinations = settings.get("DestinationConfig") or {}
    if (destinations.get("OnSuccess") or {}).get("Destination"):
        # Lambda API Reference, "DestinationConfig": not supported in these two requests.
        yield _invalid("DestinationConfig of an event source mapping has no OnSuccess destination.")
    arn = (destinations.get("OnFailure") or {}).get("Destination")
    if arn and not _FAILURE_DESTINATION.fullmatch(arn):
        yield _invalid(f"The destination ARN {arn} is invalid.")


def _filters(settings: Settings) -> Iterator[ServiceFault]:
    filters = (settings.get("FilterCriteria") or {}).get("Filters") or []
    if len(filters) > EVENT_FILTERS_MAX:
        yield _invalid(f"An event source mapping has at most {EVENT_FILTERS_MAX} filters, not {len(filters)}.")
    for one in filters:
        text = one.get("Pattern") or "{}"
        try:
            if read_json(text) != {}:  # which lets everything through
                compile_pattern(text, FILTER_CRITERIA)
        except ValueError:
            yield _invalid("Invalid filter pattern definition.")


def _invalid(problem: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValueException", problem)
