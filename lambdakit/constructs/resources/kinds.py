"""What a shared resource can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_events as events
    from aws_cdk import aws_kinesis as kinesis
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from aws_cdk import aws_ssm as ssm
    from aws_cdk import aws_stepfunctions as stepfunctions

    Resource = (
        dynamodb.ITable
        | sqs.IQueue
        | sns.ITopic
        | s3.IBucket
        | kinesis.IStream
        | events.IEventBus
        | kms.IKey
        | secretsmanager.ISecret
        | ssm.IStringParameter
        | stepfunctions.IStateMachine
    )
