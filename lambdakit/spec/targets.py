"""What a pattern's function writes to."""

from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from lambdakit.spec.event_sources.event_rule import BusName
from lambdakit.spec.event_sources.s3 import BucketName, KeyPart
from lambdakit.spec.event_sources.sns import TopicArn
from lambdakit.spec.event_sources.sqs import QueueArn, ReceiveCount, RetentionPeriod
from lambdakit.spec.function import Model, RelativePath
from lambdakit.spec.kinds import by_kind
from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.resource_name import ResourceName
from lambdakit.spec.resources.state_machine import StateMachineArn
from lambdakit.spec.table import Table

_RETENTION_SECONDS_DEFAULT: Final = 4 * 24 * 60 * 60

# Source: API dynamodb CreateTable.TableName
TableName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9_.-]{3,255}$",
        allowed="a name of a table: 3 to 255 letters, digits and . - _",
        longest=255,
    ),
]


class S3Target(Model):
    """A bucket. bucket, bucket_name: None for a new one. prefix: None for every key."""

    kind: Literal["s3"] = Field(description="a bucket")
    bucket_name: BucketName | None = Field(default=None, description="an existing bucket; a new one when absent")
    bucket: ResourceName | None = Field(default=None, description="one of `resources`")
    prefix: KeyPart | None = Field(
        default=None, description="how the keys begin that the function may write", examples=["thumbnails/"]
    )
    access: Literal["write", "read_write"] = Field(default="write", description="what the function may do with objects")
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of the bucket when it leaves the stack"
    )


class DynamoDbTarget(Table):
    """A new table, with the settings of every table."""

    kind: Literal["dynamodb"] = Field(description="a table")
    access: Literal["write", "read_write"] = Field(default="write", description="what the function may do with items")


class SharedTableTarget(Model):
    """A table of the document's `resources`."""

    kind: Literal["dynamodb"] = Field(description="a table")
    table: ResourceName = Field(description="one of `resources`", examples=["orders"])
    access: Literal["write", "read_write"] = Field(default="write", description="what the function may do with items")


class ExistingTableTarget(Model):
    """A table that is there already."""

    kind: Literal["existing_table"] = Field(description="a table that is there already")
    table_name: TableName = Field(description="name of the table", examples=["orders"])
    access: Literal["write", "read_write"] = Field(default="write", description="what the function may do with items")


class SqsTarget(Model):
    """A queue. queue, queue_arn: None for a new one. retention_period: seconds."""

    kind: Literal["sqs"] = Field(description="a queue")
    queue_arn: QueueArn | None = Field(default=None, description="an existing queue; a new one when absent")
    queue: ResourceName | None = Field(default=None, description="one of `resources`")
    fifo: bool = Field(default=False, description="whether a new queue keeps the order of a group's messages")
    retention_period: RetentionPeriod = Field(
        default=_RETENTION_SECONDS_DEFAULT,
        description="how long a new queue keeps a message that nobody handles",
        examples=["4d"],
        json_schema_extra={"default": "4d"},
    )
    max_receive_count: ReceiveCount = Field(
        default=5, description="how often a message of a new queue is tried before it is put aside"
    )


class SnsTarget(Model):
    """A topic. topic, topic_arn: None for a new one."""

    kind: Literal["sns"] = Field(description="a topic")
    topic_arn: TopicArn | None = Field(default=None, description="an existing topic; a new one when absent")
    topic: ResourceName | None = Field(default=None, description="one of `resources`")


class EventBridgeTarget(Model):
    """An event bus. event_bus, event_bus_name: None for a new one."""

    kind: Literal["event_bridge"] = Field(description="an event bus")
    event_bus_name: BusName | None = Field(
        default=None, description="an existing bus, such as default; a new one when absent", examples=["default"]
    )
    event_bus: ResourceName | None = Field(default=None, description="one of `resources`")


class StepFunctionsTarget(Model):
    """A state machine. One of definition, state_machine_arn and state_machine is written, which a rule checks."""

    kind: Literal["step_functions"] = Field(description="a state machine, of which the function starts executions")
    definition: RelativePath | None = Field(
        default=None,
        description="file with the definition of a new one, in Amazon States Language",
        examples=["workflows/order.asl.json"],
    )
    state_machine_arn: StateMachineArn | None = Field(default=None, description="an existing one")
    state_machine: ResourceName | None = Field(default=None, description="one of `resources`")


def _table_tag(value: object) -> str:
    if isinstance(value, dict):
        return "shared" if "table" in value else "new"
    return "shared" if isinstance(value, SharedTableTarget) else "new"


AnyTableTarget = Annotated[
    Annotated[DynamoDbTarget, Tag("new")] | Annotated[SharedTableTarget, Tag("shared")], Discriminator(_table_tag)
]
AnyTarget = Annotated[
    Annotated[S3Target, Tag("s3")]
    | Annotated[AnyTableTarget, Tag("dynamodb")]
    | Annotated[ExistingTableTarget, Tag("existing_table")]
    | Annotated[SqsTarget, Tag("sqs")]
    | Annotated[SnsTarget, Tag("sns")]
    | Annotated[EventBridgeTarget, Tag("event_bridge")]
    | Annotated[StepFunctionsTarget, Tag("step_functions")],
    by_kind("s3", "dynamodb", "existing_table", "sqs", "sns", "event_bridge", "step_functions"),
]
Target = (
    S3Target
    | DynamoDbTarget
    | SharedTableTarget
    | ExistingTableTarget
    | SqsTarget
    | SnsTarget
    | EventBridgeTarget
    | StepFunctionsTarget
)
