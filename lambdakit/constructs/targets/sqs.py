"""A queue that the function sends messages to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.encrypted_queue import make_queue
from lambdakit.constructs.failure_destinations import END_OF_THE_PATH
from lambdakit.constructs.targets.made_target import MadeTarget

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

_RETENTION_SECONDS: Final = 4 * 24 * 60 * 60
_MAX_RECEIVE_COUNT: Final = 5
# Source: SQS Developer Guide, "Key management", permissions of a producer
_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class SqsTarget:
    """Messages of a queue.

    queue: an existing one; absent, a new one, encrypted and TLS only, with a queue for what its readers fail to handle.
    fifo: of a new queue; absent, standard.
    retention_period: of a new queue, a `Duration` or seconds; absent, 4 days.
    max_receive_count: after how many receptions a message of a new queue is put aside; absent, 5.
    """

    queue: sqs.IQueue | None = None
    fifo: bool = False
    retention_period: Duration | int = _RETENTION_SECONDS
    max_receive_count: int = _MAX_RECEIVE_COUNT


def make_sqs_target(scope: Construct, id: str, target: SqsTarget) -> MadeTarget:
    """The queue, known to the function by `<NAME>_QUEUE_URL`."""
    if target.queue is not None:
        return MadeTarget(suffix="QUEUE_URL", value=target.queue.queue_url, is_new=False, queue=target.queue)
    put_aside = make_queue(scope, dead_letters_id(id), fifo=target.fifo)
    acknowledge(put_aside, END_OF_THE_PATH)
    queue = make_queue(
        scope,
        id,
        retention_period=target.retention_period,
        fifo=target.fifo,
        dead_letter_queue=sqs.DeadLetterQueue(queue=put_aside, max_receive_count=target.max_receive_count),
    )
    return MadeTarget(suffix="QUEUE_URL", value=queue.queue_url, is_new=True, queue=queue, dead_letters=put_aside)


def dead_letters_id(id: str) -> str:
    """The construct id of the queue beside the target called `id`."""
    return f"{id}-dead-letters"


def grant_sqs_target(target: SqsTarget, made: MadeTarget, handler: lambda_.IFunction) -> None:
    """Allows the function to send messages."""
    queue = made.queue
    assert queue is not None
    handler.add_to_role_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn]))
    if (key := queue.encryption_master_key) is not None:
        key.grant(handler, *_KEY_ACTIONS)
