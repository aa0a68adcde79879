"""The changes of a DynamoDB table, handled in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from lambdakit.constructs.cdk_words import word
from lambdakit.constructs.event_sources.stream_reading import (
    StreamReading,
    StreamSource,
    make_mapping,
    reading_keywords,
    reading_problems,
)
from lambdakit.constructs.table import TableProperties, make_table, table_problems
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from lambdakit.constructs.failure_destinations import FailurePath

TABLE_ID: Final = "Table"
# Source: Lambda API, CreateEventSourceMapping, what it asks of a role
_READ: Final = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoStreamSource(StreamReading):
    """Changes of a table's items, read as `StreamReading` says.

    table: properties of a new one, or an existing one with a stream.
    stream: what a change of a new table's item shows; absent, the item before and after.
    """

    table: TableProperties | dynamodb.ITable
    stream: dynamodb.StreamViewType = dynamodb.StreamViewType.NEW_AND_OLD_IMAGES


def dynamo_stream_problems(pointer: str, source: DynamoStreamSource) -> Iterator[Diagnostic]:
    """What DynamoDB or Lambda would refuse of `source`."""
    yield from reading_problems(pointer, source)
    if word(source.starting_position) == "at_timestamp":
        yield Diagnostic(
            pointer=f"{pointer}.starting_position",
            problem="a DynamoDB stream is read from trim_horizon or from latest, not from a time",
            code="LK405",
            hint="starting_position: trim_horizon",
        )
    if isinstance(source.table, TableProperties):
        yield from table_problems(f"{pointer}.table", source.table)
    elif source.table.table_stream_arn is None:
        yield Diagnostic(
            pointer=f"{pointer}.table",
            problem="the table has no stream, or it is not known here",
            code="LK405",
            hint="turn the table's stream on, or import the table with table_stream_arn",
        )


def wire_dynamo_stream(
    scope: Construct, source: DynamoStreamSource, handler: lambda_.IFunction, failure: FailurePath
) -> StreamSource:
    """The table and the mapping that reads its stream."""
    table: dynamodb.ITable = (
        make_table(scope, TABLE_ID, source.table, stream=source.stream)
        if isinstance(source.table, TableProperties)
        else source.table
    )
    arn = table.table_stream_arn
    assert arn is not None
    handler.add_to_role_policy(iam.PolicyStatement(actions=list(_READ), resources=[arn]))
    if (key := table.encryption_key) is not None:
        key.grant_decrypt(handler)
    return StreamSource(mapping=make_mapping(scope, handler, arn, failure, reading_keywords(source)), table=table)
