from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_opensearchservice as opensearch
from aws_cdk import aws_s3 as s3

from lambdakit.constructs.delivery.firehose import FirehoseDelivery, firehose_problems
from lambdakit.constructs.delivery.open_search import OpenSearchDelivery, open_search_problems
from lambdakit.constructs.delivery.stream import StreamDelivery
from lambdakit.constructs.delivery.table import TableDelivery
from lambdakit.constructs.event_sources.dynamo_stream import DynamoStreamSource, dynamo_stream_problems
from lambdakit.constructs.event_sources.kinesis import KinesisSource, kinesis_problems
from lambdakit.constructs.event_sources.msk import MskSource, ProvisionedPollers, msk_problems
from lambdakit.constructs.failure_destinations import FailureBus
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.stream_processing import StreamProcessing
from lambdakit.constructs.table import TableProperties
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/clicks/01234567-89ab-cdef-0123-456789abcdef-1"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"


# Source: Lambda API Reference, CreateEventSourceMapping; Kinesis API Reference, IncreaseStreamRetentionPeriod
@pytest.mark.parametrize(
    ("setting", "value", "is_allowed"),
    [
        *[("batch_size", value, ok) for value, ok in [(0, False), (1, True), (10_000, True), (10_001, False)]],
        *[("max_batching_window", value, ok) for value, ok in [(0, True), (300, True), (301, False)]],
        *[("parallelization_factor", value, ok) for value, ok in [(0, False), (1, True), (10, True), (11, False)]],
        *[("retry_attempts", value, ok) for value, ok in [(-1, False), (0, True), (10_000, True), (10_001, False)]],
        *[("max_record_age", value, ok) for value, ok in [(59, False), (60, True), (604_800, True), (604_801, False)]],
        *[("tumbling_window", value, ok) for value, ok in [(0, True), (900, True), (901, False)]],
        *[("shard_count", value, ok) for value, ok in [(0, False), (1, True)]],
        *[
            ("retention_period", value, ok)
            for value, ok in [(82_800, False), (86_400, True), (90_001, False), (31_536_000, True), (31_539_600, False)]
        ],
    ],
)
def test_numbers_are_bounded(setting: str, value: int, is_allowed: bool) -> None:
    values: dict[str, Any] = {setting: value}

    problems = list(kinesis_problems("source", KinesisSource(**values)))

    assert [each.pointer for each in problems] == ([] if is_allowed else [f"source.{setting}"])
    assert all(each.code == "LK401" and each.hint for each in problems)


@pytest.mark.parametrize(
    ("setting", "value", "is_allowed"),
    [
        *[("buffering_interval", value, ok) for value, ok in [(-1, False), (0, True), (900, True), (901, False)]],
        *[("buffering_size", value, ok) for value, ok in [(0, False), (1, True), (128, True), (129, False)]],
    ],
)
def test_buffers_are_bounded(setting: str, value: int, is_allowed: bool) -> None:
    values: dict[str, Any] = {setting: value}

    problems = list(firehose_problems("delivery", FirehoseDelivery(**values)))

    assert [each.pointer for each in problems] == ([] if is_allowed else [f"delivery.{setting}"])


@pytest.mark.parametrize(
    ("source", "pointer"),
    [
        pytest.param(
            KinesisSource(tumbling_window=60, parallelization_factor=2), "source.parallelization_factor", id="window"
        ),
        pytest.param(KinesisSource(starting_position="at_timestamp"), "source.starting_position", id="no time"),
        pytest.param(
            KinesisSource(starting_position="latest", starting_position_timestamp=1),
            "source.starting_position_timestamp",
            id="no position",
        ),
        pytest.param(KinesisSource(filters=[{}] * 6), "source.filters", id="filters"),
    ],
)
def test_what_does_not_go_together_is_refused(source: KinesisSource, pointer: str) -> None:
    [problem] = kinesis_problems("source", source)

    assert problem.pointer == pointer
    assert problem.hint


def test_a_dynamodb_stream_is_not_read_from_a_time() -> None:
    source = DynamoStreamSource(
        table=TableProperties(partition_key="id", sort_key="id"),
        starting_position="at_timestamp",
        starting_position_timestamp=1,
    )

    assert [each.pointer for each in dynamo_stream_problems("source", source)] == [
        "source.starting_position",
        "source.table.sort_key",
    ]


def test_an_existing_table_needs_a_stream(stack: Stack) -> None:
    source = DynamoStreamSource(table=dynamodb.Table.from_table_name(stack, "table", "orders"))

    [problem] = dynamo_stream_problems("source", source)

    assert problem.problem == "the table has no stream, or it is not known here"


@pytest.mark.parametrize(
    ("source", "pointers"),
    [
        pytest.param(
            MskSource(cluster_arn=CLUSTER, topic="clicks", retry_attempts=3, bisect_batch_on_error=False),
            ["source.bisect_batch_on_error", "source.retry_attempts"],
            id="without pollers",
        ),
        pytest.param(
            MskSource(
                cluster_arn=CLUSTER,
                topic="clicks",
                retry_attempts=3,
                provisioned_pollers=ProvisionedPollers(minimum_pollers=3, maximum_pollers=2),
            ),
            ["source.provisioned_pollers.minimum_pollers"],
            id="more at least than at most",
        ),
        pytest.param(
            MskSource(
                cluster_arn=CLUSTER,
                topic="clicks",
                batch_size=0,
                provisioned_pollers=ProvisionedPollers(minimum_pollers=201, maximum_pollers=2001),
            ),
            [
                "source.batch_size",
                "source.provisioned_pollers.minimum_pollers",
                "source.provisioned_pollers.maximum_pollers",
            ],
            id="out of bounds",
        ),
    ],
)
def test_what_kafka_needs_pollers_for_is_refused_without(source: MskSource, pointers: list[str]) -> None:
    assert [each.pointer for each in msk_problems("source", source)] == pointers


@pytest.mark.parametrize("index", ["", "Clicks", "_clicks", "-clicks", "a b", "a/b", "a*", "x" * 256])
def test_an_index_that_cannot_exist_is_refused(stack: Stack, index: str) -> None:
    domain = opensearch.Domain.from_domain_attributes(
        stack, "domain", domain_arn="arn:aws:es:us-east-1:123456789012:domain/clicks", domain_endpoint="search"
    )

    [problem] = open_search_problems("delivery", OpenSearchDelivery(domain=domain, index=index))

    assert problem.pointer == "delivery.index"


def test_everything_that_is_wrong_is_said_at_once(stack: Stack, function: FunctionProperties) -> None:
    with pytest.raises(SynthesisError) as caught:
        StreamProcessing(
            stack,
            "clicks",
            source=KinesisSource(batch_size=0),
            function=replace(function, memory_size=1),
            delivery=FirehoseDelivery(
                delivery_stream=firehose.DeliveryStream.from_delivery_stream_name(stack, "s", "s"),
                bucket=s3.Bucket.from_bucket_name(stack, "b", "clicks-of-site"),
                prefix="!{timestamp:yyyy}/",
            ),
            on_failure=FailureBus(),
        )

    assert [each.pointer for each in caught.value.diagnostics] == [
        "shop/clicks.source.batch_size",
        "shop/clicks.function.memory_size",
        "shop/clicks.delivery.bucket",
        "shop/clicks.delivery.error_prefix",
        "shop/clicks.on_failure",
    ]


def test_a_stream_that_feeds_itself_is_refused(stack: Stack, function: FunctionProperties) -> None:
    stream = kinesis.Stream.from_stream_arn(stack, "stream", STREAM)
    table = dynamodb.Table.from_table_attributes(stack, "table", table_name="t", table_stream_arn="arn:x")

    with pytest.raises(SynthesisError, match=r"delivery\.stream: it is the stream that the records come from"):
        StreamProcessing(
            stack,
            "clicks",
            source=KinesisSource(stream=stream),
            function=function,
            delivery=StreamDelivery(stream=stream),
        )
    with pytest.raises(SynthesisError, match=r"delivery\.table: it is the table that the records come from"):
        StreamProcessing(
            stack,
            "changes",
            source=DynamoStreamSource(table=table),
            function=function,
            delivery=TableDelivery(table=table),
        )


def test_what_an_existing_stream_cannot_have_is_refused(stack: Stack) -> None:
    stream = kinesis.Stream.from_stream_arn(stack, "stream", STREAM)
    consumer = kinesis.StreamConsumer(stack, "reader", stream=stream, stream_consumer_name="reader")

    resharded = list(kinesis_problems("source", KinesisSource(stream=stream, shard_count=2)))
    unread = list(kinesis_problems("source", KinesisSource(enhanced_fan_out=consumer)))

    assert [each.pointer for each in resharded] == ["source.shard_count"]
    assert [each.pointer for each in unread] == ["source.enhanced_fan_out"]
