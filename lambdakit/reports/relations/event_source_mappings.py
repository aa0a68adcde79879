"""What Lambda polls for functions."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.reports.node_kinds import Kind
from lambdakit.reports.relations.relation import End, Relation, Verb
from lambdakit.reports.world import World


def event_source_mappings(world: World) -> Iterator[Relation]:
    """Queue, stream, table or cluster -> function."""
    for mapping in world.of_type("AWS::Lambda::EventSourceMapping"):
        properties = mapping.properties
        sources = world.ends(mapping, properties.get("EventSourceArn"))
        if not sources and "SelfManagedEventSource" in properties:
            sources = (End(kind=Kind.CLUSTER, name="self-managed Kafka"),)
        for function in world.ends(mapping, properties.get("FunctionName"), kind=Kind.FUNCTION):
            for source in sources:
                label = "changes" if source.kind is Kind.TABLE else ""
                yield Relation(start=source, verb=Verb.TRIGGERS, end=function, label=label)
