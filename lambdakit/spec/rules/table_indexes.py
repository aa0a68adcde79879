"""The indexes of a table fit it and each other.

Source: Amazon DynamoDB Developer Guide, "Using global secondary indexes"; API dynamodb CreateTable,
AttributeDefinitions: an attribute has one type.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.rules.table_keys import new_tables
from lambdakit.spec.table import GlobalSecondaryIndex, KeyAttribute, Table
from lambdakit.spec.wording import quoted


def table_indexes(context: RuleContext) -> Iterator[Finding]:
    """A finding for each index that DynamoDB would refuse."""
    for table_place, table in new_tables(context):
        place: Pointer = (*table_place, "global_secondary_indexes")
        if context.pruned.spares(*place):
            yield from _findings(place, table)


def _findings(place: Pointer, table: Table) -> Iterator[Finding]:
    types: dict[str, str] = {key.name: key.type for key in (table.partition_key, table.sort_key) if key is not None}
    names: set[str] = set()
    for number, index in enumerate(table.global_secondary_indexes):
        here = (*place, number)
        if index.index_name in names:
            problem = f"{quoted(index.index_name)} is the name of another index of this table"
            yield Finding(code="LK194", pointer=(*here, "index_name"), problem=problem, hint="choose another name")
        names.add(index.index_name)
        yield from _attribute_findings(here, index)
        for setting, key in (("partition_key", index.partition_key), ("sort_key", index.sort_key)):
            if key is not None:
                yield from _type_findings((*here, setting), key, types)


def _attribute_findings(here: Pointer, index: GlobalSecondaryIndex) -> Iterator[Finding]:
    if index.sort_key is not None and index.sort_key.name == index.partition_key.name:
        problem = f"{quoted(index.sort_key.name)} is the index's partition_key already"
        yield Finding(code="LK194", pointer=(*here, "sort_key"), problem=problem, hint="name another attribute")
    included = index.projection_type == "include"
    if included and not index.non_key_attributes:
        problem = "include without non_key_attributes, which say what is included"
        hint = "add non_key_attributes, or write keys_only"
        yield Finding(code="LK194", pointer=(*here, "projection_type"), problem=problem, hint=hint)
    elif index.non_key_attributes and not included:
        problem = f"attributes are named, and projection_type {index.projection_type} does not ask for any"
        hint = "write projection_type: include"
        yield Finding(code="LK194", pointer=(*here, "non_key_attributes"), problem=problem, hint=hint)


def _type_findings(place: Pointer, key: KeyAttribute, types: dict[str, str]) -> Iterator[Finding]:
    known = types.setdefault(key.name, key.type)
    if known != key.type:
        problem = f"{quoted(key.name)} is of type {key.type} here, and of type {known} in an earlier key"
        yield Finding(code="LK194", pointer=place, problem=problem, hint=f"write {{name: {key.name}, type: {known}}}")
