"""Data on its way from one store to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lambdakit.reports.node_kinds import Kind
from lambdakit.reports.relations.relation import End, Relation, Verb
from lambdakit.reports.world import Resource, World

_STREAM_SOURCES: Final = {
    "KinesisStreamSourceConfiguration": "KinesisStreamARN",
    "MSKSourceConfiguration": "MSKClusterARN",
}
# Destination -> what in it names the store.
_DESTINATIONS: Final = {
    "ExtendedS3DestinationConfiguration": "BucketARN",
    "S3DestinationConfiguration": "BucketARN",
    "AmazonopensearchserviceDestinationConfiguration": "DomainARN",
    "ElasticsearchDestinationConfiguration": "DomainARN",
    "AmazonOpenSearchServerlessDestinationConfiguration": "CollectionEndpoint",
    "RedshiftDestinationConfiguration": "ClusterJDBCURL",
}


def data_streams(world: World) -> Iterator[Relation]:
    """Stream -> delivery stream -> bucket or search domain, and the functions that change records between them."""
    for delivery in world.of_type("AWS::KinesisFirehose::DeliveryStream"):
        yield from _delivery(world, delivery, End(kind=Kind.DELIVERY, resource=delivery.key))
    for table in world.of_type("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        for end in world.ends(table, table.properties.get("KinesisStreamSpecification")):
            yield Relation(start=End(kind=Kind.TABLE, resource=table.key), verb=Verb.TRIGGERS, end=end, label="changes")


def _delivery(world: World, delivery: Resource, own: End) -> Iterator[Relation]:
    for name, source in _STREAM_SOURCES.items():
        settings = delivery.properties.get(name)
        for end in world.ends(delivery, settings.get(source)) if isinstance(settings, Mapping) else ():
            yield Relation(start=end, verb=Verb.TRIGGERS, end=own)
    for name, store in _DESTINATIONS.items():
        settings = delivery.properties.get(name)
        if not isinstance(settings, Mapping):
            continue
        for end in world.ends(delivery, settings.get(store)):
            yield Relation(start=own, verb=Verb.WRITES, end=end)
        for end in world.ends(delivery, settings.get("ProcessingConfiguration")):
            if end.kind is Kind.FUNCTION:
                yield Relation(start=own, verb=Verb.INVOKES, end=end, label="transforms")
