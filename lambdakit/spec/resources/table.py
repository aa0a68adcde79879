"""A table that patterns and functions share."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from lambdakit.spec.event_sources.dynamo_stream import StreamView, TableStreamArn
from lambdakit.spec.stacked import Stacked
from lambdakit.spec.table import ExistingTable, Table


class TableResource(Stacked, Table):
    """A new table, with the settings of every table. stream: None when its changes cannot be read."""

    kind: Literal["table"] = Field(description="a DynamoDB table")
    stream: StreamView | None = Field(
        default=None, description="what its stream shows of a change; no stream when absent"
    )


class ExistingTableResource(ExistingTable):
    """A table that is there already. table_stream_arn: None when its changes are not read."""

    kind: Literal["table"] = Field(description="a DynamoDB table")
    table_stream_arn: TableStreamArn | None = Field(
        default=None, description="its stream, where a pattern reads the changes"
    )


def _tag(value: object) -> str:
    if isinstance(value, dict):
        return "existing" if "table_name" in value else "new"
    return "existing" if isinstance(value, ExistingTableResource) else "new"


AnyTableResource = Annotated[
    Annotated[TableResource, Tag("new")] | Annotated[ExistingTableResource, Tag("existing")], Discriminator(_tag)
]
