"""How a stream is read in batches: the settings that its kinds have alike."""

from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.event_sources.sqs import BatchingWindow
from lambdakit.spec.function import Model
from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import whole_number

RETRY_ATTEMPTS_DEFAULT: Final = 10
MAX_RECORD_AGE_SECONDS_DEFAULT: Final = 24 * 60 * 60

BatchSize = Annotated[
    int, whole_number(minimum=1, maximum=limits.STREAM_BATCH_MAX, what="number of records that one batch may have")
]
ParallelizationFactor = Annotated[
    int,
    whole_number(minimum=1, maximum=limits.STREAM_PARALLELIZATION_MAX, what="number of batches of one shard at once"),
]
StreamRetries = Annotated[
    int, whole_number(minimum=0, maximum=limits.STREAM_RETRIES_MAX, what="number of times a batch is tried again")
]
RecordAge = Annotated[
    int,
    duration(
        minimum=limits.STREAM_RECORD_AGE_SECONDS_MIN,
        maximum=limits.STREAM_RECORD_AGE_SECONDS_MAX,
        what="age at which a record is tried no more",
    ),
]
TumblingWindow = Annotated[
    int,
    duration(
        minimum=0, maximum=limits.STREAM_TUMBLING_WINDOW_SECONDS_MAX, what="time over which a function hands on state"
    ),
]
# Seconds since 1970; the year 9999 ends there.
Timestamp = Annotated[int, whole_number(minimum=0, maximum=253_402_300_799, what="second since 1970")]
Filters = Annotated[list[JsonObject], Field(max_length=limits.EVENT_FILTERS_MAX)]
BATCH_SIZE_SAYS: Final = "most records of one invocation"
WINDOW_SAYS: Final = "how long a batch is gathered"
POSITION_SAYS: Final = "where the first read begins: at the oldest record, at the newest, or at a time"
TIMESTAMP_SAYS: Final = "second since 1970 at which the first read begins, with at_timestamp"
FILTERS_SAY: Final = "patterns, one of which a record has to match; others are passed over"
BISECT_SAYS: Final = "whether a batch that failed is tried in halves, so that one bad record does not take all"
REPORT_SAYS: Final = "whether the function answers where to go on, so that what it did is not done again"
RETRIES_SAY: Final = "how often a batch that failed is tried again"
AGE_SAYS: Final = "age at which a record is tried no more"


class StreamReading(Model):
    """How batches are made of a stream's records. Times in seconds; None: not at all."""

    batch_size: BatchSize = Field(default=limits.STREAM_BATCH_DEFAULT, description=BATCH_SIZE_SAYS)
    max_batching_window: BatchingWindow | None = Field(
        default=None, description=f"{WINDOW_SAYS}; not at all when absent", examples=["5s"]
    )
    parallelization_factor: ParallelizationFactor = Field(
        default=1, description="batches of one shard at once; records of one key stay in order"
    )
    bisect_batch_on_error: bool = Field(default=True, description=BISECT_SAYS)
    report_batch_item_failures: bool = Field(default=True, description=REPORT_SAYS)
    retry_attempts: StreamRetries = Field(default=RETRY_ATTEMPTS_DEFAULT, description=RETRIES_SAY)
    max_record_age: RecordAge = Field(
        default=MAX_RECORD_AGE_SECONDS_DEFAULT,
        description=AGE_SAYS,
        examples=["1h"],
        json_schema_extra={"default": "1d"},
    )
    tumbling_window: TumblingWindow | None = Field(
        default=None, description="how long a function hands on state; not at all when absent", examples=["1m"]
    )
    filters: Filters = Field(
        default_factory=lambda: [], description=FILTERS_SAY, examples=[[{"data": {"type": ["click"]}}]]
    )
    enabled: bool = Field(default=True, description="whether records are read")


class TimedReading(StreamReading):
    """Likewise, of a stream that can be read from a time on."""

    starting_position: Literal["trim_horizon", "latest", "at_timestamp"] = Field(
        default="trim_horizon", description=POSITION_SAYS
    )
    starting_position_timestamp: Timestamp | None = Field(
        default=None, description=TIMESTAMP_SAYS, examples=[1_893_456_000]
    )
