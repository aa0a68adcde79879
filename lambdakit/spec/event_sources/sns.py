"""A topic whose messages start the function, one by one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lambdakit.spec.function import Model
from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.resource_name import ResourceName

# Source: SNS Developer Guide, "Message delivery for FIFO topics": not to Lambda, but through a queue
TopicArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
        allowed="an ARN of a standard topic such as arn:aws:sns:eu-west-1:123456789012:news",
        longest=320,
    ),
]


class SnsSource(Model):
    """Messages of a topic. topic, topic_arn: None for a new topic. filter_policy: None for every message."""

    kind: Literal["sns"] = Field(description="messages of a topic")
    topic_arn: TopicArn | None = Field(
        default=None,
        description="an existing topic; a new one when absent",
        examples=["arn:aws:sns:eu-west-1:123456789012:news"],
    )
    topic: ResourceName | None = Field(default=None, description="one of `resources`", examples=["notices"])
    filter_policy: JsonObject | None = Field(
        default=None,
        description="what a message has to match; every one does when absent",
        examples=[{"store": ["berlin"], "price": [{"numeric": [">=", 100]}]}],
    )
    filter_policy_scope: Literal["message_attributes", "message_body"] = Field(
        default="message_attributes", description="what the policy looks at"
    )
