"""A table that patterns and functions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.constructs.resources.shared import shared_id, shared_output
from lambdakit.constructs.table import TableProperties, make_table

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_dynamodb as dynamodb


def shared_table(
    stack: Stack, name: str, properties: TableProperties, *, stream: dynamodb.StreamViewType | None = None
) -> dynamodb.TableV2:
    """The table, and the output `<Name>TableName`. stream: what its stream shows of a change; absent, it has none."""
    table = make_table(stack, shared_id(name), properties, stream=stream)
    shared_output(stack, name, "TableName", table.table_name)
    return table
