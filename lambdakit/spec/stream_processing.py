"""The pattern of one function that handles a stream's records and delivers what it makes of them."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from lambdakit.spec.acknowledged import ACKNOWLEDGE_EXAMPLES, ACKNOWLEDGE_SAYS, Acknowledged
from lambdakit.spec.delivery import AnyDelivery
from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.event_sources.kinesis import KinesisSource
from lambdakit.spec.event_sources.msk import MskSource
from lambdakit.spec.failure import FAILURE_DEFAULT, S3Failure, SnsFailure, SqsFailure
from lambdakit.spec.function import FunctionSettings
from lambdakit.spec.kinds import by_kind
from lambdakit.spec.monitoring import Monitored

AnyStreamSource = Annotated[
    Annotated[KinesisSource, Tag("kinesis")]
    | Annotated[DynamoStreamSource, Tag("dynamo_stream")]
    | Annotated[MskSource, Tag("msk")],
    by_kind("kinesis", "dynamo_stream", "msk"),
]
# Source: Lambda Developer Guide, "Retain discarded batch records": an event bus is no destination of a stream.
StreamFailure = Annotated[
    Annotated[SqsFailure, Tag("sqs")] | Annotated[SnsFailure, Tag("sns")] | Annotated[S3Failure, Tag("s3")],
    by_kind("sqs", "sns", "s3"),
]


class StreamProcessing(Monitored):
    """Stream -> Lambda -> Firehose, OpenSearch, DynamoDB or another stream. delivery: None for none of ours."""

    kind: Literal["stream_processing"] = Field(
        description="which pattern it is: a stream, a function and where its results go"
    )
    source: AnyStreamSource = Field(description="the stream that the function handles")
    function: FunctionSettings = Field(description="the function, called by the pattern's key")
    delivery: AnyDelivery | None = Field(default=None, description="where the function delivers to")
    on_failure: StreamFailure = Field(
        default=FAILURE_DEFAULT,
        description="where records are told that nobody could handle; a bucket gets them whole",
        json_schema_extra={"default": {"kind": "sqs"}},
    )
    acknowledge: Acknowledged = Field(default_factory=dict, description=ACKNOWLEDGE_SAYS, examples=ACKNOWLEDGE_EXAMPLES)
