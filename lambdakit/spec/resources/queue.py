"""A queue that patterns and functions share."""

from typing import Final, Literal

from pydantic import Field

from lambdakit.spec.event_sources.sqs import QueueArn, ReceiveCount, RetentionPeriod, VisibilityTimeout
from lambdakit.spec.resource_name import KEY_SAYS, KeyName, ResourceName
from lambdakit.spec.stacked import Stacked

# In the place of a dead-letter queue's name.
NO_QUEUE: Final = "none"
_RETENTION_SECONDS_DEFAULT: Final = 4 * 24 * 60 * 60
_RECEIVES_DEFAULT: Final = 5


class QueueResource(Stacked):
    """A queue. queue_arn: None for a new one. Times in seconds.

    visibility_timeout: None for what the functions that it starts need. dead_letter_queue: None for a new one, where
    the queue is not itself one that others' failures go to.
    """

    kind: Literal["queue"] = Field(description="an SQS queue")
    queue_arn: QueueArn | None = Field(default=None, description="an existing one; a new one when absent")
    fifo: bool = Field(default=False, description="whether messages of one group keep their order")
    content_based_deduplication: bool = Field(
        default=False, description="whether a FIFO queue tells equal messages by their body"
    )
    visibility_timeout: VisibilityTimeout | None = Field(
        default=None,
        description="how long a received message is hidden; when absent six times the longest timeout of the functions "
        "that it starts, or 30s",
        examples=["1m"],
    )
    retention_period: RetentionPeriod = Field(
        default=_RETENTION_SECONDS_DEFAULT,
        description="how long it keeps a message that nobody handles",
        json_schema_extra={"default": "4d"},
    )
    max_receive_count: ReceiveCount = Field(
        default=_RECEIVES_DEFAULT, description="how often a message is tried before it moves to the dead-letter queue"
    )
    dead_letter_queue: ResourceName | None = Field(
        default=None,
        description="another queue's name, or none; when absent a new one, but none for a queue that takes what failed "
        "elsewhere and has no max_receive_count",
        examples=["failed"],
    )
    removal_policy: Literal["retain", "destroy"] = Field(
        default="destroy", description="what becomes of it when it leaves the stack"
    )
    encryption_master_key: KeyName | None = Field(default=None, description=KEY_SAYS, examples=["master"])
