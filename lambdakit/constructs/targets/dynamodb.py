"""A table that the function writes items to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lambdakit.constructs.table import TableProperties, grant_table_access, make_table
from lambdakit.constructs.targets.made_target import MadeTarget

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDbTarget:
    """Items of a table.

    table: properties of a new one, or an existing one.
    access: absent, the function may write, and not read.
    """

    table: TableProperties | dynamodb.ITable
    access: Literal["write", "read_write"] = "write"


def make_dynamodb_target(scope: Construct, id: str, target: DynamoDbTarget) -> MadeTarget:
    """The table, known to the function by `<NAME>_TABLE_NAME`."""
    is_new = isinstance(target.table, TableProperties)
    table = make_table(scope, id, target.table) if isinstance(target.table, TableProperties) else target.table
    return MadeTarget(suffix="TABLE_NAME", value=table.table_name, is_new=is_new, table=table)


def grant_dynamodb_target(target: DynamoDbTarget, made: MadeTarget, handler: lambda_.IFunction) -> None:
    """Allows the function the actions of its access."""
    assert made.table is not None
    grant_table_access(made.table, handler, target.access)
