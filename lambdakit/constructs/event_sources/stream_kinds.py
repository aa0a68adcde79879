"""Every kind of stream that a `StreamProcessing` can read, by the class of its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lambdakit.constructs.event_sources.dynamo_stream import (
    DynamoStreamSource,
    dynamo_stream_problems,
    wire_dynamo_stream,
)
from lambdakit.constructs.event_sources.kinesis import KinesisSource, kinesis_problems, wire_kinesis
from lambdakit.constructs.event_sources.msk import MskSource, msk_problems, wire_msk
from lambdakit.constructs.table import TableProperties

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from lambdakit.constructs.event_sources.stream_reading import StreamSource
    from lambdakit.constructs.failure_destinations import FailurePath
    from lambdakit.errors import Diagnostic

AnyStreamSource: TypeAlias = KinesisSource | DynamoStreamSource | MskSource


@dataclass(frozen=True, slots=True, kw_only=True)
class _StreamKind:
    """wire: the stream and its mapping, with what reading it needs. problems: what AWS would refuse."""

    wire: Callable[[Construct, Any, lambda_.IFunction, FailurePath], StreamSource]
    problems: Callable[[str, Any], Iterator[Diagnostic]]


_KINDS: Final[Mapping[type[AnyStreamSource], _StreamKind]] = {
    KinesisSource: _StreamKind(wire=wire_kinesis, problems=kinesis_problems),
    DynamoStreamSource: _StreamKind(wire=wire_dynamo_stream, problems=dynamo_stream_problems),
    MskSource: _StreamKind(wire=wire_msk, problems=msk_problems),
}


def wire_stream(
    scope: Construct, source: AnyStreamSource, handler: lambda_.IFunction, failure: FailurePath
) -> StreamSource:
    """The stream, a new one or the existing one, and the mapping that starts the handler with its records."""
    return _KINDS[type(source)].wire(scope, source, handler, failure)


def stream_source_problems(pointer: str, source: AnyStreamSource) -> Iterator[Diagnostic]:
    """What AWS would refuse of the source."""
    yield from _KINDS[type(source)].problems(pointer, source)


def stream_outputs(source: AnyStreamSource, wired: StreamSource) -> Iterator[tuple[str, str]]:
    """How the output of what was made is called behind the pattern's name, and its value."""
    match source:
        case KinesisSource(stream=None) if wired.stream is not None:
            yield "StreamName", wired.stream.stream_name
        case DynamoStreamSource(table=TableProperties()) if wired.table is not None:
            yield "TableName", wired.table.table_name
