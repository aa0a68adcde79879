"""A Kinesis stream whose records are handled in batches."""

from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.event_sources.stream_reading import TimedReading
from lambdakit.spec.function import Model
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import Checked, patterned_text, refusal, whole_number
from lambdakit.spec.resource_name import KEY_SAYS, KeyName, ResourceName

# Source: API kinesis StreamARN, ConsumerARN
StreamArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[A-Za-z0-9_.-]{1,128}$",
        allowed="an ARN of a stream such as arn:aws:kinesis:eu-west-1:123456789012:stream/clicks",
        longest=256,
    ),
]
ShardCount = Annotated[
    int, whole_number(minimum=1, maximum=limits.STREAM_SHARDS_MAX, what="number of shards that a stream may have")
]
_RETENTION: Final = duration(
    minimum=limits.STREAM_RETENTION_SECONDS_MIN,
    maximum=limits.STREAM_RETENTION_SECONDS_MAX,
    what="time for which a stream keeps records",
)
_HOUR: Final = 60 * 60


def _whole_hours(value: object) -> int:
    """Seconds of a duration; Kinesis counts in hours."""
    seconds: int = _RETENTION.read(value)
    if seconds % _HOUR:
        raise refusal("LK114", f"{value} are no whole hours, in which Kinesis counts", f"write {seconds // _HOUR}h")
    return seconds


StreamRetention = Annotated[int, Checked(_whole_hours, _RETENTION.schema)]


class NewStream(Model):
    """Settings of a new stream, encrypted. shard_count: None for on demand. retention_period: seconds.

    encryption_key: None for the key that AWS manages.
    """

    shard_count: ShardCount | None = Field(
        default=None, description="shards of a new stream; on demand when absent", examples=[2]
    )
    retention_period: StreamRetention = Field(
        default=limits.STREAM_RETENTION_SECONDS_MIN,
        description="how long a new stream keeps records, in whole hours",
        examples=["7d"],
        json_schema_extra={"default": "1d"},
    )
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of a new stream when it leaves the stack"
    )
    encryption_key: KeyName | None = Field(default=None, description=KEY_SAYS, examples=["master"])


class KinesisSource(NewStream, TimedReading):
    """Records of a Kinesis stream. stream, stream_arn: None for a stream of the pattern's own."""

    kind: Literal["kinesis"] = Field(description="records of a Kinesis stream")
    stream_arn: StreamArn | None = Field(
        default=None,
        description="an existing stream; a new one when absent",
        examples=["arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"],
    )
    stream: ResourceName | None = Field(default=None, description="one of `resources`", examples=["clicks"])
    enhanced_fan_out: bool = Field(
        default=False, description="whether it is read through a consumer with a throughput of its own"
    )
