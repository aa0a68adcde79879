"""What services of AWS may do with topics and keys that are the application's own: publish, encrypt what they keep.

The key that AWS manages for a service is of no use to another service, and a topic's own policy takes the place of the
usual one, which would let alarms in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs

# Source: SQS Developer Guide, "Enable compatibility between event sources from AWS services and encrypted queues"; SNS
# Developer Guide, the same of topics
_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")
_ALARMS: Final = "cloudwatch.amazonaws.com"


def let_service_encrypt(key: kms.IKey | None, service: str) -> None:
    """Lets a service use the key for what it puts into an encrypted queue or topic on behalf of this account.

    key: None where nothing of the account's own encrypts. service: its principal, `events.amazonaws.com`.
    """
    if key is not None:
        key.add_to_resource_policy(_statement(service, _KEY_ACTIONS, "*"))


def sending_statements(queue: sqs.IQueue) -> list[iam.PolicyStatement]:
    """What the role of a service needs to send to the queue, to its key as well where it has one of the account's."""
    statements = [iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn])]
    if (key := queue.encryption_master_key) is not None:
        statements.append(iam.PolicyStatement(actions=list(_KEY_ACTIONS), resources=[key.key_arn]))
    return statements


def let_alarms_publish(topic: sns.ITopic) -> None:
    """Lets the account's alarms tell the topic. The policy of one that is imported is left as it is.

    Source: CloudWatch User Guide, "Notifying users on alarm changes", the topic's policy and its key's
    """
    topic.add_to_resource_policy(_statement(_ALARMS, ("sns:Publish",), topic.topic_arn))
    let_service_encrypt(topic.master_key, _ALARMS)


def _statement(service: str, actions: tuple[str, ...], resource: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal(service)],
        actions=list(actions),
        resources=[resource],
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )
