"""A queue as every pattern makes it: encrypted and TLS only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_sqs as sqs

from lambdakit.limits import QUEUE_RETENTION_SECONDS_MAX

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from constructs import Construct


def make_queue(
    scope: Construct,
    id: str,
    *,
    retention_period: Duration | int = QUEUE_RETENTION_SECONDS_MAX,
    visibility_timeout: Duration | int | None = None,
    fifo: bool = False,
    content_based_deduplication: bool | None = None,
    dead_letter_queue: sqs.DeadLetterQueue | None = None,
    removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    encryption_master_key: kms.IKey | None = None,
) -> sqs.Queue:
    """The queue.

    retention_period: a `Duration` or seconds; absent, 14 days.
    visibility_timeout: likewise; absent, SQS's 30 seconds.
    encryption_master_key: absent, SQS's own keys, which cost nothing and need no grants.
    """
    return sqs.Queue(
        scope,
        id,
        encryption=sqs.QueueEncryption.SQS_MANAGED if encryption_master_key is None else sqs.QueueEncryption.KMS,
        encryption_master_key=encryption_master_key,
        enforce_ssl=True,
        retention_period=_duration(retention_period),
        visibility_timeout=None if visibility_timeout is None else _duration(visibility_timeout),
        # The CDK takes false for a mistake: a queue without it is a standard one.
        fifo=fifo or None,
        content_based_deduplication=content_based_deduplication,
        dead_letter_queue=dead_letter_queue,
        removal_policy=removal_policy,
    )


def _duration(value: Duration | int) -> Duration:
    return Duration.seconds(value) if isinstance(value, int) else value
