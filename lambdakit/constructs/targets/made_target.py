"""A target as it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_events as events
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from aws_cdk import aws_stepfunctions as stepfunctions


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeTarget:
    """What the function writes to, made here or existing; one of the resources is there, the others are None.

    suffix: ends the name of the function's variable, `BUCKET_NAME`. value: the variable's.
    is_new: made here, so that the stack has an output with its name.
    dead_letters: a queue made here for what readers of the queue fail to handle.
    """

    suffix: str
    value: str
    is_new: bool
    bucket: s3.IBucket | None = None
    table: dynamodb.ITable | None = None
    queue: sqs.IQueue | None = None
    dead_letters: sqs.IQueue | None = None
    topic: sns.ITopic | None = None
    event_bus: events.IEventBus | None = None
    state_machine: stepfunctions.IStateMachine | None = None
