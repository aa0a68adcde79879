"""A topic that patterns and functions share."""

from typing import Annotated, Literal

from pydantic import Field

from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.resource_name import KEY_SAYS, KeyName
from lambdakit.spec.stacked import Stacked

AnyTopicArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\\.fifo)?$",
        allowed="an ARN of a topic such as arn:aws:sns:eu-west-1:123456789012:news",
        longest=320,
    ),
]
# Source: API sns SetTopicAttributes, DisplayName
DisplayName = Annotated[
    str, patterned_text("^[^\\u0000-\\u001f\\u007f]+$", allowed="text without control characters", longest=100)
]


class TopicResource(Stacked):
    """A topic. topic_arn: None for a new one. display_name: None for none."""

    kind: Literal["topic"] = Field(description="an SNS topic")
    topic_arn: AnyTopicArn | None = Field(default=None, description="an existing one; a new one when absent")
    fifo: bool = Field(default=False, description="whether messages of one group keep their order, on to FIFO queues")
    content_based_deduplication: bool = Field(
        default=False, description="whether a FIFO topic tells equal messages by their body"
    )
    display_name: DisplayName | None = Field(
        default=None, description="the sender's name in mails and text messages", examples=["Shop"]
    )
    master_key: KeyName | None = Field(default=None, description=KEY_SAYS, examples=["master"])
