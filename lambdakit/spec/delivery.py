"""Where a stream's results are delivered to."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from lambdakit import limits
from lambdakit.spec.event_sources.kinesis import NewStream, StreamArn
from lambdakit.spec.event_sources.s3 import BucketName, KeyPart
from lambdakit.spec.function import Model
from lambdakit.spec.kinds import by_kind
from lambdakit.spec.quantities import duration, size_mib
from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.resource_name import ResourceName
from lambdakit.spec.table import Table
from lambdakit.spec.targets import TableName

# Source: API firehose DeliveryStreamName
DeliveryStreamName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9_.-]{1,64}$",
        allowed="a name of a delivery stream: letters, digits and . - _",
        longest=64,
    ),
]
BufferingInterval = Annotated[
    int,
    duration(minimum=0, maximum=limits.DELIVERY_INTERVAL_SECONDS_MAX, what="time for which records are gathered"),
]
BufferingSize = Annotated[
    int, size_mib(minimum=1, maximum=limits.DELIVERY_SIZE_MIB_MAX, what="size of what is gathered")
]
DomainArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:es:[a-z0-9-]+:[0-9]{12}:domain/[a-z][a-z0-9-]{2,27}$",
        allowed="an ARN of a domain such as arn:aws:es:eu-west-1:123456789012:domain/clicks",
        longest=128,
    ),
]
DomainEndpoint = Annotated[
    str,
    patterned_text(
        "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        allowed="a host name such as search-clicks-abc.eu-west-1.es.amazonaws.com",
        longest=253,
        mend=lambda text: text.removeprefix("https://").rstrip("/"),
    ),
]
IndexName = Annotated[
    str,
    patterned_text(
        '^[^\\s,:"*+/\\\\|?#><A-Z_-][^\\s,:"*+/\\\\|?#><A-Z]*$',
        allowed="a name of an index: lower case, not beginning with _ or -",
        longest=255,
        mend=str.lower,
    ),
]


class FirehoseDelivery(Model):
    """Objects of a bucket, gathered by Firehose. What is None is new, or Firehose's own way."""

    kind: Literal["firehose"] = Field(description="objects of a bucket, gathered by Amazon Data Firehose")
    delivery_stream_name: DeliveryStreamName | None = Field(
        default=None, description="an existing delivery stream; a new one when absent", examples=["clicks-to-s3"]
    )
    bucket_name: BucketName | None = Field(default=None, description="an existing bucket; a new one when absent")
    bucket: ResourceName | None = Field(default=None, description="one of `resources`")
    prefix: KeyPart | None = Field(
        default=None, description="how the keys begin; the hour of arrival follows", examples=["clicks/"]
    )
    error_prefix: KeyPart | None = Field(
        default=None,
        description="how the keys of failed records begin",
        examples=["failed/!{firehose:error-output-type}/"],
    )
    buffering_interval: BufferingInterval = Field(
        default=limits.DELIVERY_INTERVAL_SECONDS_DEFAULT,
        description="after which time an object is written",
        examples=["1m"],
        json_schema_extra={"default": "5m"},
    )
    buffering_size: BufferingSize = Field(
        default=limits.DELIVERY_SIZE_MIB_DEFAULT, description="at which size (MiB) an object is written sooner"
    )
    compression: Literal["uncompressed", "gzip", "zip", "snappy", "hadoop_snappy"] = Field(
        default="gzip", description="of the objects"
    )
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of a new bucket when it leaves the stack"
    )


class OpenSearchDelivery(Model):
    """Documents of an existing domain. index: None for every one."""

    kind: Literal["open_search"] = Field(description="documents of a domain of OpenSearch Service")
    domain_arn: DomainArn = Field(description="the domain")
    domain_endpoint: DomainEndpoint = Field(
        description="its host name", examples=["search-clicks-abc.eu-west-1.es.amazonaws.com"]
    )
    index: IndexName | None = Field(
        default=None, description="index that the function may write; every one when absent", examples=["clicks"]
    )


class TableDelivery(Table):
    """A new table, with the settings of every table."""

    kind: Literal["dynamodb"] = Field(description="items of a new table")
    access: Literal["write", "read_write"] = Field(default="write", description="what the function may do with items")


class SharedTableDelivery(Model):
    """A table of the document's `resources`."""

    kind: Literal["dynamodb"] = Field(description="items of a table")
    table: ResourceName = Field(description="one of `resources`", examples=["orders"])
    access: Literal["write", "read_write"] = Field(default="write", description="what the function may do with items")


class ExistingTableDelivery(Model):
    """A table that is there already."""

    kind: Literal["existing_table"] = Field(description="items of a table that is there already")
    table_name: TableName = Field(description="name of the table", examples=["orders"])
    access: Literal["write", "read_write"] = Field(default="write", description="what the function may do with items")


class StreamDelivery(NewStream):
    """Records of another Kinesis stream. stream, stream_arn: None for a new one."""

    kind: Literal["kinesis"] = Field(description="records of another Kinesis stream")
    stream_arn: StreamArn | None = Field(default=None, description="an existing stream; a new one when absent")
    stream: ResourceName | None = Field(default=None, description="one of `resources`")


def _table_tag(value: object) -> str:
    if isinstance(value, dict):
        return "shared" if "table" in value else "new"
    return "shared" if isinstance(value, SharedTableDelivery) else "new"


AnyTableDelivery = Annotated[
    Annotated[TableDelivery, Tag("new")] | Annotated[SharedTableDelivery, Tag("shared")], Discriminator(_table_tag)
]
AnyDelivery = Annotated[
    Annotated[FirehoseDelivery, Tag("firehose")]
    | Annotated[OpenSearchDelivery, Tag("open_search")]
    | Annotated[AnyTableDelivery, Tag("dynamodb")]
    | Annotated[ExistingTableDelivery, Tag("existing_table")]
    | Annotated[StreamDelivery, Tag("kinesis")],
    by_kind("firehose", "open_search", "dynamodb", "existing_table", "kinesis"),
]
Delivery = (
    FirehoseDelivery | OpenSearchDelivery | TableDelivery | SharedTableDelivery | ExistingTableDelivery | StreamDelivery
)
