"""A topic as every pattern makes it: encrypted and TLS only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_sns as sns

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from constructs import Construct

# Every principal of the account that may use SNS may use this key through SNS, so nobody needs a grant for it. Services
# of AWS may not: a topic that CloudWatch, EventBridge or S3 publishes to needs a key of the account's own.
# Source: SNS Developer Guide, "Key management": AWS managed key, and "Enable compatibility between event sources"
_MANAGED_KEY: Final = "alias/aws/sns"


def make_topic(
    scope: Construct,
    id: str,
    *,
    display_name: str | None = None,
    fifo: bool = False,
    content_based_deduplication: bool = False,
    master_key: kms.IKey | None = None,
) -> sns.Topic:
    """The topic.

    display_name: the sender's name in mails; absent, none. fifo: absent, a standard topic.
    master_key: absent, the key that AWS manages for SNS.
    """
    topic = sns.Topic(
        scope,
        id,
        enforce_ssl=True,
        display_name=display_name,
        # The CDK takes false for a mistake in a standard topic.
        fifo=fifo or None,
        content_based_deduplication=content_based_deduplication or None,
        master_key=master_key,
    )
    if master_key is not None:
        return topic
    # Not the CDK's `master_key`: its grants would then also allow the use of a key, by `key/*`.
    template = topic.node.default_child
    assert isinstance(template, sns.CfnTopic)
    template.kms_master_key_id = _MANAGED_KEY
    return topic
