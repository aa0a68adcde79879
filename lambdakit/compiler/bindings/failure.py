"""A document's failure path as the constructs'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambdakit.compiler.bindings.removal_policies import REMOVAL_POLICIES
from lambdakit.compiler.bindings.resources import shared
from lambdakit.constructs.failure_destinations import (
    FailureBucket,
    FailureBus,
    FailureQueue,
    FailureTopic,
    OnFailure,
)
from lambdakit.spec.failure import EventBridgeFailure, S3Failure, SnsFailure, SqsFailure

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope

# Of what is imported, below the stack: a pattern's key, which no colon can hold, and this.
_ID = "failure"


def failure_path(
    scope: BindingScope, key: str, settings: SqsFailure | SnsFailure | S3Failure | EventBridgeFailure
) -> OnFailure:
    """What `on_failure` of the pattern called `key` says: settings of something new, or what is there."""
    id = f"{key}:{_ID}"
    match settings:
        case (
            SqsFailure(queue=str() as shared_one)
            | SnsFailure(topic=str() as shared_one)
            | S3Failure(bucket=str() as shared_one)
            | EventBridgeFailure(event_bus=str() as shared_one)
        ):
            there: OnFailure = shared(scope, shared_one)
            return there
        case SqsFailure(queue_arn=None):
            return FailureQueue(
                retention_period=settings.retention_period, removal_policy=REMOVAL_POLICIES[settings.removal_policy]
            )
        case SqsFailure(queue_arn=str() as arn):
            return sqs.Queue.from_queue_arn(scope.stack, id, arn)
        case SnsFailure(topic_arn=str() as arn):
            return sns.Topic.from_topic_arn(scope.stack, id, arn)
        case SnsFailure():
            return FailureTopic()
        case S3Failure(bucket_name=str() as name):
            return s3.Bucket.from_bucket_name(scope.stack, id, name)
        case S3Failure():
            return FailureBucket(removal_policy=REMOVAL_POLICIES[settings.removal_policy])
        case EventBridgeFailure(event_bus_name=str() as name):
            return events.EventBus.from_event_bus_name(scope.stack, id, name)
        case _:
            return FailureBus()
