"""The failure path of a pattern."""

from typing import Annotated, Final, Literal

from pydantic import Field, Tag

from lambdakit import limits
from lambdakit.spec.event_sources.event_rule import BusName
from lambdakit.spec.event_sources.s3 import BucketName
from lambdakit.spec.event_sources.sns import TopicArn
from lambdakit.spec.event_sources.sqs import QueueArn, RetentionPeriod
from lambdakit.spec.function import Model
from lambdakit.spec.kinds import by_kind
from lambdakit.spec.resource_name import ResourceName


class SqsFailure(Model):
    """A queue. queue, queue_arn: None for a new one. retention_period: seconds."""

    kind: Literal["sqs"] = Field(description="a queue")
    queue_arn: QueueArn | None = Field(default=None, description="an existing queue; a new one when absent")
    queue: ResourceName | None = Field(default=None, description="one of `resources`")
    retention_period: RetentionPeriod = Field(
        default=limits.QUEUE_RETENTION_SECONDS_MAX,
        description="how long a new queue keeps what failed",
        examples=["14d"],
        json_schema_extra={"default": "14d"},
    )
    removal_policy: Literal["retain", "destroy"] = Field(
        default="destroy", description="what becomes of a new queue when it leaves the stack"
    )


class SnsFailure(Model):
    """A topic. topic, topic_arn: None for a new one."""

    kind: Literal["sns"] = Field(description="a topic")
    topic_arn: TopicArn | None = Field(default=None, description="an existing topic; a new one when absent")
    topic: ResourceName | None = Field(default=None, description="one of `resources`")


class S3Failure(Model):
    """A bucket. bucket, bucket_name: None for a new one."""

    kind: Literal["s3"] = Field(description="a bucket, which takes failed events whole")
    bucket_name: BucketName | None = Field(default=None, description="an existing bucket; a new one when absent")
    bucket: ResourceName | None = Field(default=None, description="one of `resources`")
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of a new bucket when it leaves the stack"
    )


class EventBridgeFailure(Model):
    """An event bus. event_bus, event_bus_name: None for a new one."""

    kind: Literal["event_bridge"] = Field(description="an event bus, on which rules can tell failures apart")
    event_bus_name: BusName | None = Field(default=None, description="an existing bus; a new one when absent")
    event_bus: ResourceName | None = Field(default=None, description="one of `resources`")


AnyFailure = Annotated[
    Annotated[SqsFailure, Tag("sqs")]
    | Annotated[SnsFailure, Tag("sns")]
    | Annotated[S3Failure, Tag("s3")]
    | Annotated[EventBridgeFailure, Tag("event_bridge")],
    by_kind("sqs", "sns", "s3", "event_bridge"),
]
FAILURE_SAYS: Final = "where events go that nobody could handle"
FAILURE_DEFAULT: Final = SqsFailure(kind="sqs")
