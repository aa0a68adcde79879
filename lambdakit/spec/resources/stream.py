"""A Kinesis stream that patterns and functions share."""

from typing import Literal

from pydantic import Field

from lambdakit.spec.event_sources.kinesis import NewStream, StreamArn
from lambdakit.spec.stacked import Stacked


class StreamResource(Stacked, NewStream):
    """A stream. stream_arn: None for a new one."""

    kind: Literal["stream"] = Field(description="a Kinesis stream")
    stream_arn: StreamArn | None = Field(default=None, description="an existing one; a new one when absent")
