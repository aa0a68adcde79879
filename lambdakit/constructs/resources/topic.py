"""A topic that patterns and functions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.constructs.encrypted_topic import make_topic
from lambdakit.constructs.resources.shared import shared_id, shared_output

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_sns as sns


def shared_topic(
    stack: Stack,
    name: str,
    *,
    display_name: str | None = None,
    fifo: bool = False,
    content_based_deduplication: bool = False,
    master_key: kms.IKey | None = None,
) -> sns.Topic:
    """The topic, encrypted and TLS only, and the output `<Name>TopicArn`.

    display_name: the sender's name in mails; absent, none. fifo: absent, standard.
    master_key: absent, the key that AWS manages for SNS, by which other services of AWS cannot publish.
    """
    topic = make_topic(
        stack,
        shared_id(name),
        display_name=display_name,
        fifo=fifo,
        content_based_deduplication=content_based_deduplication,
        master_key=master_key,
    )
    shared_output(stack, name, "TopicArn", topic.topic_arn)
    return topic
