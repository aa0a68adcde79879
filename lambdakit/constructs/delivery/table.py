"""A table that the function writes items to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from lambdakit.constructs.delivery.made_delivery import MadeDelivery
from lambdakit.constructs.table import TableProperties, grant_table_access, make_table

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

DELIVERY_TABLE_ID: Final = "DeliveryTable"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDelivery:
    """Items of a table.

    table: properties of a new one, or an existing one.
    access: absent, the function may write, and not read.
    """

    table: TableProperties | dynamodb.ITable
    access: Literal["write", "read_write"] = "write"


def make_table_delivery(scope: Construct, delivery: TableDelivery) -> MadeDelivery:
    """The table, known to the function by `TABLE_NAME`."""
    if not isinstance(delivery.table, TableProperties):
        return MadeDelivery(variables={"TABLE_NAME": delivery.table.table_name}, table=delivery.table)
    table = make_table(scope, DELIVERY_TABLE_ID, delivery.table)
    name = table.table_name
    return MadeDelivery(variables={"TABLE_NAME": name}, outputs={"DeliveryTableName": name}, table=table)


def grant_table_delivery(delivery: TableDelivery, made: MadeDelivery, handler: lambda_.IFunction) -> None:
    """Allows the function the actions of its access."""
    assert made.table is not None
    grant_table_access(made.table, handler, delivery.access)
