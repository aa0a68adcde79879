"""A topic of a managed Kafka cluster, whose records are handled in batches."""

from typing import Annotated, Literal

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.event_sources import stream_reading as reading
from lambdakit.spec.event_sources.sqs import BatchingWindow
from lambdakit.spec.function import Model
from lambdakit.spec.refusal import patterned_text, whole_number

# Source: Lambda API, CreateEventSourceMapping.EventSourceArn, of a cluster
ClusterArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:kafka:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9_-]{1,64}/[A-Za-z0-9-]{1,64}$",
        allowed="an ARN of a cluster such as "
        "arn:aws:kafka:eu-west-1:123456789012:cluster/clicks/01234567-89ab-cdef-0123-456789abcdef-1",
        longest=512,
    ),
]
# Source: Lambda API, CreateEventSourceMapping.Topics, AmazonManagedKafkaEventSourceConfig.ConsumerGroupId
Topic = Annotated[
    str,
    patterned_text("^[A-Za-z0-9_.-]+$", allowed="a name of a topic: letters, digits and . - _", longest=249),
]
ConsumerGroupId = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9/*:_+=.@-]+$",
        allowed="an id of a consumer group: letters, digits and - / * : _ + = . @",
        longest=200,
    ),
]
SecretArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}$",
        allowed="a full ARN of a secret such as "
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_clicks-AbCdEf",
        longest=640,
    ),
]
MinimumPollers = Annotated[
    int, whole_number(minimum=1, maximum=limits.KAFKA_MINIMUM_POLLERS_MAX, what="number of pollers that always run")
]
MaximumPollers = Annotated[
    int, whole_number(minimum=1, maximum=limits.KAFKA_MAXIMUM_POLLERS_MAX, what="number of pollers that ever run")
]


class ProvisionedPollers(Model):
    """Pollers of the mapping's own, which are paid for by the hour."""

    minimum_pollers: MinimumPollers = Field(default=1, description="pollers that always run")
    maximum_pollers: MaximumPollers = Field(default=200, description="most pollers that run under load")


class MskSource(Model):
    """Records of a topic of an existing cluster. What is None of the last settings is Lambda's own way."""

    kind: Literal["msk"] = Field(description="records of a topic of a managed Kafka cluster")
    cluster_arn: ClusterArn = Field(description="the cluster")
    topic: Topic = Field(description="name of the topic", examples=["clicks"])
    consumer_group_id: ConsumerGroupId | None = Field(
        default=None, description="consumer group; one of the mapping's own when absent", examples=["thumbnails"]
    )
    secret_arn: SecretArn | None = Field(
        default=None, description="name and password of SASL/SCRAM; the function's role signs in when absent"
    )
    batch_size: reading.BatchSize = Field(default=limits.STREAM_BATCH_DEFAULT, description=reading.BATCH_SIZE_SAYS)
    max_batching_window: BatchingWindow | None = Field(
        default=None, description=f"{reading.WINDOW_SAYS}; half a second when absent", examples=["5s"]
    )
    starting_position: Literal["trim_horizon", "latest", "at_timestamp"] = Field(
        default="trim_horizon", description=reading.POSITION_SAYS
    )
    starting_position_timestamp: reading.Timestamp | None = Field(
        default=None, description=reading.TIMESTAMP_SAYS, examples=[1_893_456_000]
    )
    filters: reading.Filters = Field(
        default_factory=lambda: [], description=reading.FILTERS_SAY, examples=[[{"value": {"type": ["click"]}}]]
    )
    enabled: bool = Field(default=True, description="whether records are read")
    provisioned_pollers: ProvisionedPollers | None = Field(
        default=None, description="pollers of the mapping's own, with which failed batches end; none when absent"
    )
    bisect_batch_on_error: bool | None = Field(default=None, description=f"{reading.BISECT_SAYS}; with pollers")
    report_batch_item_failures: bool | None = Field(default=None, description=f"{reading.REPORT_SAYS}; with pollers")
    retry_attempts: reading.StreamRetries | None = Field(
        default=None, description=f"{reading.RETRIES_SAY}; with pollers, 10 when absent"
    )
    max_record_age: reading.RecordAge | None = Field(
        default=None, description=f"{reading.AGE_SAYS}; with pollers, a day when absent", examples=["1h"]
    )
