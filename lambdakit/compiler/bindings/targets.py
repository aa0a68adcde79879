"""A document's targets as the constructs'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as stepfunctions

from lambdakit.compiler.bindings.removal_policies import REMOVAL_POLICIES
from lambdakit.compiler.bindings.resources import shared
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
    from lambdakit.compiler.bindings.scope import BindingScope


def event_target(scope: BindingScope, id: str, settings: spec.Target) -> Target:
    """What a target of the document says. id: for what it names, and others made, which is imported into the stack."""
    match settings:
        case spec.S3Target(bucket_name=name):
            return S3Target(
                bucket=shared(scope, settings.bucket)
                if name is None
                else s3.Bucket.from_bucket_name(scope.stack, id, name),
                prefix=settings.prefix,
                access=settings.access,
                removal_policy=REMOVAL_POLICIES[settings.removal_policy],
            )
        case spec.DynamoDbTarget():
            return DynamoDbTarget(table=table_properties(settings, scope.resources), access=settings.access)
        case spec.SharedTableTarget():
            return DynamoDbTarget(table=shared(scope, settings.table), access=settings.access)
        case spec.ExistingTableTarget():
            existing = dynamodb.Table.from_table_name(scope.stack, id, settings.table_name)
            return DynamoDbTarget(table=existing, access=settings.access)
        case spec.SqsTarget(queue_arn=arn):
            queue = shared(scope, settings.queue) if arn is None else sqs.Queue.from_queue_arn(scope.stack, id, arn)
            return SqsTarget(
                queue=queue,
                fifo=settings.fifo,
                retention_period=settings.retention_period,
                max_receive_count=settings.max_receive_count,
            )
        case spec.SnsTarget(topic_arn=arn):
            topic = shared(scope, settings.topic) if arn is None else sns.Topic.from_topic_arn(scope.stack, id, arn)
            return SnsTarget(topic=topic)
        case spec.EventBridgeTarget(event_bus_name=name):
            if name is None:
                return EventBridgeTarget(event_bus=shared(scope, settings.event_bus))
            return EventBridgeTarget(event_bus=events.EventBus.from_event_bus_name(scope.stack, id, name))
        case spec.StepFunctionsTarget():
            return _state_machine(scope, id, settings)


def _state_machine(scope: BindingScope, id: str, settings: spec.StepFunctionsTarget) -> StepFunctionsTarget:
    if settings.state_machine_arn is not None:
        machine = stepfunctions.StateMachine.from_state_machine_arn(scope.stack, id, settings.state_machine_arn)
        return StepFunctionsTarget(state_machine=machine)
    if settings.state_machine is not None:
        return StepFunctionsTarget(state_machine=shared(scope, settings.state_machine))
    # A rule of the document has it that one of the three is written.
    assert settings.definition is not None
    return StepFunctionsTarget(state_machine=scope.directory / settings.definition)
