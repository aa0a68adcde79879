"""A queue that patterns and functions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_sqs as sqs

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.encrypted_queue import make_queue
from lambdakit.constructs.failure_destinations import END_OF_THE_PATH
from lambdakit.constructs.resources.shared import shared_id, shared_output

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_kms as kms

_RETENTION_SECONDS: Final = 4 * 24 * 60 * 60
_MAX_RECEIVE_COUNT: Final = 5


def shared_queue(
    stack: Stack,
    name: str,
    *,
    fifo: bool = False,
    content_based_deduplication: bool = False,
    visibility_timeout: Duration | int | None = None,
    retention_period: Duration | int = _RETENTION_SECONDS,
    max_receive_count: int = _MAX_RECEIVE_COUNT,
    dead_letter_queue: sqs.IQueue | None = None,
    is_last: bool = False,
    removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    encryption_master_key: kms.IKey | None = None,
) -> sqs.Queue:
    """The queue, encrypted and TLS only, and the output `<Name>QueueUrl`.

    fifo: absent, standard. visibility_timeout: a `Duration` or seconds; absent, SQS's 30 seconds.
    retention_period: likewise; absent, 4 days. max_receive_count: after which a message is put aside; absent, 5.
    dead_letter_queue: absent, a new one, which keeps messages for 14 days, with the output `<Name>DeadLetterQueueUrl`.
    is_last: nothing is put aside: the queue has no dead-letter queue.
    encryption_master_key: of the queue and of a new dead-letter queue; absent, SQS's own.
    """
    if dead_letter_queue is None and not is_last:
        put_aside = make_queue(
            stack, f"{shared_id(name)}:dead-letters", fifo=fifo, encryption_master_key=encryption_master_key
        )
        acknowledge(put_aside, END_OF_THE_PATH)
        shared_output(stack, name, "DeadLetterQueueUrl", put_aside.queue_url)
        dead_letter_queue = put_aside
    queue = make_queue(
        stack,
        shared_id(name),
        retention_period=retention_period,
        visibility_timeout=visibility_timeout,
        fifo=fifo,
        content_based_deduplication=content_based_deduplication or None,
        dead_letter_queue=None
        if dead_letter_queue is None
        else sqs.DeadLetterQueue(queue=dead_letter_queue, max_receive_count=max_receive_count),
        removal_policy=removal_policy,
        encryption_master_key=encryption_master_key,
    )
    if is_last:
        acknowledge(queue, END_OF_THE_PATH)
    shared_output(stack, name, "QueueUrl", queue.queue_url)
    return queue
