"""A topic whose messages start the function, one by one."""

from typing import Literal

from pydantic import Field

from lambdakit.spec.function import Model
from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.resource_name import ResourceName
from lambdakit.spec.topic_arn import TopicArn as TopicArn


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
