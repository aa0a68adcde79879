"""Every kind of delivery by the class of its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lambdakit.constructs.delivery.firehose import (
    FirehoseDelivery,
    firehose_problems,
    grant_firehose_delivery,
    make_firehose_delivery,
)
from lambdakit.constructs.delivery.open_search import (
    OpenSearchDelivery,
    grant_open_search_delivery,
    make_open_search_delivery,
    open_search_problems,
)
from lambdakit.constructs.delivery.stream import StreamDelivery, grant_stream_delivery, make_stream_delivery
from lambdakit.constructs.delivery.table import TableDelivery, grant_table_delivery, make_table_delivery
from lambdakit.constructs.encrypted_stream import stream_problems
from lambdakit.constructs.table import TableProperties, table_problems

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from lambdakit.constructs.delivery.made_delivery import MadeDelivery
    from lambdakit.errors import Diagnostic

Delivery: TypeAlias = FirehoseDelivery | OpenSearchDelivery | TableDelivery | StreamDelivery

_GRANTS: Final[Mapping[type[Delivery], Callable[[Any, MadeDelivery, lambda_.IFunction], None]]] = {
    FirehoseDelivery: grant_firehose_delivery,
    OpenSearchDelivery: grant_open_search_delivery,
    TableDelivery: grant_table_delivery,
    StreamDelivery: grant_stream_delivery,
}


def make_delivery(scope: Construct, delivery: Delivery) -> MadeDelivery:
    """What the function delivers to: new resources below `scope`, or existing ones."""
    match delivery:
        case FirehoseDelivery():
            return make_firehose_delivery(scope, delivery)
        case OpenSearchDelivery():
            return make_open_search_delivery(delivery)
        case TableDelivery():
            return make_table_delivery(scope, delivery)
        case StreamDelivery():
            return make_stream_delivery(scope, delivery)


def grant_delivery(delivery: Delivery, made: MadeDelivery, handler: lambda_.IFunction) -> None:
    """Allows the function exactly what delivering needs."""
    _GRANTS[type(delivery)](delivery, made, handler)


def delivery_problems(pointer: str, delivery: Delivery) -> Iterator[Diagnostic]:
    """What AWS would refuse of the delivery."""
    match delivery:
        case FirehoseDelivery():
            yield from firehose_problems(pointer, delivery)
        case OpenSearchDelivery():
            yield from open_search_problems(pointer, delivery)
        case TableDelivery(table=TableProperties() as table):
            yield from table_problems(f"{pointer}.table", table)
        case StreamDelivery(stream=None):
            yield from stream_problems(pointer, delivery.shard_count, delivery.retention_period)
