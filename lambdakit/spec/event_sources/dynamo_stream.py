"""The changes of a DynamoDB table, handled in batches."""

from typing import Annotated, Literal

from pydantic import Field

from lambdakit.spec.event_sources.stream_reading import POSITION_SAYS, StreamReading
from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.table import NamedOrNewTable

# Source: API dynamodb StreamArn
TableStreamArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]{3,255}/stream/[0-9T:.-]{1,64}$",
        allowed="an ARN of a table's stream such as "
        "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2030-01-31T06:00:00.000",
        longest=512,
    ),
]
StreamView = Literal["keys_only", "new_image", "old_image", "new_and_old_images"]


class DynamoStreamSource(StreamReading):
    """Changes of a table's items. One of table and table_stream_arn is written, which a rule checks."""

    kind: Literal["dynamo_stream"] = Field(description="changes of a DynamoDB table's items")
    table: NamedOrNewTable | None = Field(
        default=None, description="one of `resources` that has a stream, or a new table, whose changes are read"
    )
    table_stream_arn: TableStreamArn | None = Field(default=None, description="the stream of an existing table")
    stream: StreamView = Field(default="new_and_old_images", description="what a change of a new table's item shows")
    starting_position: Literal["trim_horizon", "latest"] = Field(default="trim_horizon", description=POSITION_SAYS)
