"""What is delivered does not come back as the next record, and Firehose's expressions have what they need.

Source: AWS Lambda Developer Guide, "Recursive loop detection": of streams there is none; Amazon Data Firehose
Developer Guide, "Understand custom prefixes for Amazon S3 objects", semantic rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.delivery import ExistingTableDelivery, FirehoseDelivery, SharedTableDelivery, StreamDelivery
from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.event_sources.kinesis import KinesisSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stream_processing import StreamProcessing


def stream_deliveries(context: RuleContext) -> Iterator[Finding]:
    """A finding for each delivery to where the records come from, and each prefix without one for failed records."""
    for key, pattern in context.stream_processings():
        pointer = ("patterns", key, "delivery")
        setting = _fed_back(pattern)
        if setting:
            yield Finding(
                code="LK184",
                pointer=(*pointer, setting),
                problem="the records come from there, so that each would make the next, without end",
                hint="deliver to another one",
            )
        delivery = pattern.delivery
        if isinstance(delivery, FirehoseDelivery) and "!{" in (delivery.prefix or "") and delivery.error_prefix is None:
            if context.pruned.spares(*pointer, "error_prefix"):
                yield Finding(
                    code="LK185",
                    pointer=(*pointer, "prefix"),
                    problem="a prefix with expressions needs one for failed records, too",
                    hint='add error_prefix: "failed/!{firehose:error-output-type}/"',
                )


def _fed_back(pattern: StreamProcessing) -> str:
    """The setting of the delivery that names the source; empty when none does."""
    match pattern.source, pattern.delivery:
        case KinesisSource(stream=str() as name), StreamDelivery(stream=target) if target == name:
            return "stream"
        case DynamoStreamSource(table=str() as name), SharedTableDelivery(table=target) if target == name:
            return "table"
        case KinesisSource(stream_arn=str() as arn), StreamDelivery(stream_arn=target) if target == arn:
            return "stream_arn"
        case DynamoStreamSource(table_stream_arn=str() as arn), ExistingTableDelivery(table_name=name):
            return "table_name" if arn.split("/")[1] == name else ""
    return ""
