"""The key attributes of a table, and the one that holds its items' expiry, are different attributes.

Source: Amazon DynamoDB Developer Guide, "Core components": a composite primary key is composed of two attributes.
A key attribute of type number could hold the expiry; of type string or binary it cannot ("Using time to live").
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.table import Table
from lambdakit.spec.wording import quoted


def table_keys(context: RuleContext) -> Iterator[Finding]:
    """A finding for each attribute that is given two roles it cannot have at once."""
    for pointer, table in new_tables(context):
        for setting, problem, hint in _conflicts(table):
            yield Finding(code="LK142", pointer=(*pointer, setting), problem=problem, hint=hint)


def new_tables(context: RuleContext) -> Iterator[tuple[Pointer, Table]]:
    """Every new table of the application, with its place."""
    yield from (
        (("resources", name), resource)
        for name, resource in context.application.resources.items()
        if isinstance(resource, Table)
    )
    for key, backend in context.api_backends():
        if isinstance(backend.table, Table):
            yield ("patterns", key, "table"), backend.table
    for key, events in context.event_processings():
        for name, target in events.targets.items():
            if isinstance(target, Table):
                yield ("patterns", key, "targets", name), target
    for key, stream in context.stream_processings():
        if isinstance(stream.source, DynamoStreamSource) and isinstance(stream.source.table, Table):
            yield ("patterns", key, "source", "table"), stream.source.table
        if isinstance(stream.delivery, Table):
            yield ("patterns", key, "delivery"), stream.delivery


def _conflicts(table: Table) -> Iterator[tuple[str, str, str]]:
    partition, sort, expiry = table.partition_key, table.sort_key, table.time_to_live_attribute
    if sort is not None and sort.name == partition.name:
        problem = f"{quoted(sort.name)} is the partition_key already"
        yield "sort_key", problem, "name another attribute, or leave sort_key out"
    for key in (partition, sort):
        if key is not None and expiry == key.name and key.type != "number":
            problem = f"{quoted(key.name)} is a key of type {key.type}, and an expiry is a number"
            yield "time_to_live_attribute", problem, "name another attribute, such as expires_at"
            return
