"""A queue whose messages are handled in batches."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.function import Model
from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import patterned_text, whole_number
from lambdakit.spec.resource_name import ResourceName

_RETENTION_SECONDS_DEFAULT: Final = 4 * 24 * 60 * 60
_RECEIVES_DEFAULT: Final = 5

QueueArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}(\\.fifo)?$",
        allowed="an ARN of a queue such as arn:aws:sqs:eu-west-1:123456789012:jobs",
        longest=256,
    ),
]
BatchSize = Annotated[int, whole_number(minimum=1, maximum=limits.SQS_BATCH_MAX, what="messages of one batch")]
BatchingWindow = Annotated[
    int, duration(minimum=0, maximum=limits.BATCHING_WINDOW_SECONDS_MAX, what="time for which a batch is gathered")
]
MaxConcurrency = Annotated[
    int,
    whole_number(
        minimum=limits.SQS_CONCURRENCY_MIN,
        maximum=limits.SQS_CONCURRENCY_MAX,
        what="invocations that a queue may have at once",
    ),
]
ReceiveCount = Annotated[
    int, whole_number(minimum=1, maximum=limits.QUEUE_RECEIVES_MAX, what="receptions of a message")
]
VisibilityTimeout = Annotated[
    int,
    duration(
        minimum=1, maximum=limits.QUEUE_VISIBILITY_SECONDS_MAX, what="time for which a received message is hidden"
    ),
]
RetentionPeriod = Annotated[
    int,
    duration(
        minimum=limits.QUEUE_RETENTION_SECONDS_MIN,
        maximum=limits.QUEUE_RETENTION_SECONDS_MAX,
        what="time for which a queue keeps messages",
    ),
]
Filters = Annotated[list[JsonObject], Field(max_length=limits.EVENT_FILTERS_MAX)]
_FILTER_EXAMPLE: Final[list[dict[str, Any]]] = [{"body": {"type": ["order"]}}]


class SqsSource(Model):
    """Messages of a queue. Times in seconds.

    queue, queue_arn: None for a queue of the pattern's own. visibility_timeout: None for six times the function's
    time-out and the window.
    """

    kind: Literal["sqs"] = Field(description="messages of a queue")
    queue_arn: QueueArn | None = Field(
        default=None,
        description="an existing queue, with a redrive of its own; a new one when absent",
        examples=["arn:aws:sqs:eu-west-1:123456789012:jobs"],
    )
    queue: ResourceName | None = Field(default=None, description="one of `resources`", examples=["jobs"])
    batch_size: BatchSize = Field(default=10, description="most messages of one invocation")
    max_batching_window: BatchingWindow | None = Field(
        default=None, description="how long a batch is gathered; not at all when absent", examples=["5s"]
    )
    max_concurrency: MaxConcurrency | None = Field(
        default=None, description="most invocations at once; as many as the function may have when absent", examples=[5]
    )
    report_batch_item_failures: bool = Field(
        default=True, description="whether the function answers which messages failed, so that only those come again"
    )
    filters: Filters = Field(
        default_factory=lambda: [],
        description="patterns, one of which a message has to match; others are deleted",
        examples=[_FILTER_EXAMPLE],
    )
    enabled: bool = Field(default=True, description="whether messages are fetched")
    fifo: bool = Field(default=False, description="whether messages of one group keep their order")
    content_based_deduplication: bool = Field(
        default=False, description="whether a FIFO queue tells equal messages by their body"
    )
    visibility_timeout: VisibilityTimeout | None = Field(
        default=None,
        description="how long a received message is hidden; six times the function's timeout when absent",
        examples=["1m"],
    )
    retention_period: RetentionPeriod = Field(
        default=_RETENTION_SECONDS_DEFAULT,
        description="how long the queue keeps a message that nobody handles",
        examples=["4d"],
        json_schema_extra={"default": "4d"},
    )
    max_receive_count: ReceiveCount = Field(
        default=_RECEIVES_DEFAULT, description="how often a message is tried before it moves to the failure queue"
    )
    removal_policy: Literal["retain", "destroy"] = Field(
        default="destroy", description="what becomes of the queue when it leaves the stack"
    )
