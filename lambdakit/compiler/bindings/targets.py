"""A document's targets as the constructs'."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as stepfunctions

from lambdakit.compiler.bindings.removal_policies import REMOVAL_POLICIES
from lambdakit.compiler.bindings.table import table_properties
from lambdakit.constructs.targets.dynamodb import DynamoDbTarget
from lambdakit.constructs.targets.event_bridge import EventBridgeTarget
from lambdakit.constructs.targets.kinds import Target
from lambdakit.constructs.targets.s3 import S3Target
from lambdakit.constructs.targets.sns import SnsTarget
from lambdakit.constructs.targets.sqs import SqsTarget
from lambdakit.constructs.targets.step_functions import StepFunctionsTarget
from lambdakit.spec import targets as spec

if TYPE_CHECKING:
    from constructs import Construct


def event_target(scope: Construct, id: str, settings: spec.Target, *, directory: Path) -> Target:
    """What a target of the document says.

    id: for what it names, and others made, which is imported below `scope`. directory: the document's.
    """
    match settings:
        case spec.S3Target(bucket_name=name):
            return S3Target(
                bucket=None if name is None else s3.Bucket.from_bucket_name(scope, id, name),
                prefix=settings.prefix,
                access=settings.access,
                removal_policy=REMOVAL_POLICIES[settings.removal_policy],
            )
        case spec.DynamoDbTarget():
            return DynamoDbTarget(table=table_properties(settings), access=settings.access)
        case spec.ExistingTableTarget():
            table = dynamodb.Table.from_table_name(scope, id, settings.table_name)
            return DynamoDbTarget(table=table, access=settings.access)
        case spec.SqsTarget(queue_arn=arn):
            queue = None if arn is None else sqs.Queue.from_queue_arn(scope, id, arn)
            return SqsTarget(queue=queue, fifo=settings.fifo, retention_period=settings.retention_period)
        case spec.SnsTarget(topic_arn=arn):
            return SnsTarget(topic=None if arn is None else sns.Topic.from_topic_arn(scope, id, arn))
        case spec.EventBridgeTarget(event_bus_name=name):
            bus = None if name is None else events.EventBus.from_event_bus_name(scope, id, name)
            return EventBridgeTarget(event_bus=bus)
        case spec.StepFunctionsTarget(state_machine_arn=str() as arn):
            machine = stepfunctions.StateMachine.from_state_machine_arn(scope, id, arn)
            return StepFunctionsTarget(state_machine=machine)
    # A rule of the document has it that one of the two is written.
    assert settings.definition is not None
    return StepFunctionsTarget(state_machine=directory / settings.definition)
