"""A document's failure path as the constructs'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambdakit.constructs.failure_destinations import (
    FailureBucket,
    FailureBus,
    FailureQueue,
    FailureTopic,
    OnFailure,
)
from lambdakit.spec.failure import EventBridgeFailure, S3Failure, SnsFailure, SqsFailure

if TYPE_CHECKING:
    from constructs import Construct

# Of what is imported, below the stack: a pattern's key, which no colon can hold, and this.
_ID = "failure"


def failure_path(
    scope: Construct, key: str, settings: SqsFailure | SnsFailure | S3Failure | EventBridgeFailure
) -> OnFailure:
    """What `on_failure` of the pattern called `key` says: settings of something new, or something imported."""
    id = f"{key}:{_ID}"
    match settings:
        case SqsFailure(queue_arn=None):
            return FailureQueue(retention_period=settings.retention_period)
        case SqsFailure(queue_arn=str() as arn):
            return sqs.Queue.from_queue_arn(scope, id, arn)
        case SnsFailure(topic_arn=str() as arn):
            return sns.Topic.from_topic_arn(scope, id, arn)
        case SnsFailure():
            return FailureTopic()
        case S3Failure(bucket_name=str() as name):
            return s3.Bucket.from_bucket_name(scope, id, name)
        case S3Failure():
            return FailureBucket()
        case EventBridgeFailure(event_bus_name=str() as name):
            return events.EventBus.from_event_bus_name(scope, id, name)
        case _:
            return FailureBus()
