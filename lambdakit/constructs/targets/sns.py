"""A topic that the function publishes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from lambdakit.constructs.encrypted_topic import make_topic
from lambdakit.constructs.targets.made_target import MadeTarget

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct


# Source: SNS Developer Guide, "Key management", permissions of a publisher
_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsTarget:
    """Messages of a topic.

    topic: an existing one; absent, a new one, encrypted and TLS only.
    """

    topic: sns.ITopic | None = None


def make_sns_target(scope: Construct, id: str, target: SnsTarget) -> MadeTarget:
    """The topic, known to the function by `<NAME>_TOPIC_ARN`."""
    topic = make_topic(scope, id) if target.topic is None else target.topic
    return MadeTarget(suffix="TOPIC_ARN", value=topic.topic_arn, is_new=target.topic is None, topic=topic)


def grant_sns_target(target: SnsTarget, made: MadeTarget, handler: lambda_.IFunction) -> None:
    """Allows the function to publish."""
    topic = made.topic
    assert topic is not None
    handler.add_to_role_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn]))
    if (key := topic.master_key) is not None:
        key.grant(handler, *_KEY_ACTIONS)
