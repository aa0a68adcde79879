"""The tables, by the name of botocore's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.harness.iam.actions.api_gateway import API_GATEWAY, API_GATEWAY_CALLS
from lambdakit.harness.iam.actions.containers import ECS, EKS
from lambdakit.harness.iam.actions.data_apis import ATHENA, ELASTICSEARCH, KAFKA, MQ, OPENSEARCH, RDS_DATA
from lambdakit.harness.iam.actions.developers import (
    CLOUDFORMATION,
    CODEBUILD,
    CODECOMMIT,
    CODEDEPLOY,
    CODEPIPELINE,
    CONFIG,
)
from lambdakit.harness.iam.actions.dynamodb import DYNAMODB, STREAMS
from lambdakit.harness.iam.actions.email import SES, SES_V2
from lambdakit.harness.iam.actions.events import EVENTS
from lambdakit.harness.iam.actions.graphql import APPSYNC
from lambdakit.harness.iam.actions.iam import IAM
from lambdakit.harness.iam.actions.kinesis import KINESIS
from lambdakit.harness.iam.actions.kms import KMS
from lambdakit.harness.iam.actions.lambda_api import LAMBDA
from lambdakit.harness.iam.actions.logs import LOGS
from lambdakit.harness.iam.actions.metrics import CLOUDWATCH, XRAY
from lambdakit.harness.iam.actions.models import BEDROCK_RUNTIME, SAGEMAKER_RUNTIME
from lambdakit.harness.iam.actions.networks import EC2
from lambdakit.harness.iam.actions.s3 import S3
from lambdakit.harness.iam.actions.secretsmanager import SECRETS_MANAGER
from lambdakit.harness.iam.actions.sns import SNS
from lambdakit.harness.iam.actions.sqs import SQS
from lambdakit.harness.iam.actions.ssm import SSM
from lambdakit.harness.iam.actions.sts import STS
from lambdakit.harness.iam.actions.things import IOT, IOT_DATA
from lambdakit.harness.iam.actions.users import COGNITO_IDP
from lambdakit.harness.iam.actions.workflows import FIREHOSE, PIPES, SCHEDULER, STATES
from lambdakit.harness.iam.rules import NO_RULES, Rules

RULES: Final[Mapping[str, Rules]] = {
    "apigateway": API_GATEWAY,
    "apigatewaymanagementapi": API_GATEWAY_CALLS,
    "apigatewayv2": API_GATEWAY,
    "appsync": APPSYNC,
    "athena": ATHENA,
    "bedrock-runtime": BEDROCK_RUNTIME,
    "cloudformation": CLOUDFORMATION,
    "cloudwatch": CLOUDWATCH,
    "codebuild": CODEBUILD,
    "codecommit": CODECOMMIT,
    "codedeploy": CODEDEPLOY,
    "codepipeline": CODEPIPELINE,
    "cognito-idp": COGNITO_IDP,
    "config": CONFIG,
    "dynamodb": DYNAMODB,
    "dynamodbstreams": STREAMS,
    "ec2": EC2,
    "ecs": ECS,
    "eks": EKS,
    "es": ELASTICSEARCH,
    "events": EVENTS,
    "firehose": FIREHOSE,
    "iam": IAM,
    "iot": IOT,
    "iot-data": IOT_DATA,
    "kafka": KAFKA,
    "kinesis": KINESIS,
    "kms": KMS,
    "lambda": LAMBDA,
    "logs": LOGS,
    "mq": MQ,
    "opensearch": OPENSEARCH,
    "pipes": PIPES,
    "rds-data": RDS_DATA,
    "s3": S3,
    "sagemaker-runtime": SAGEMAKER_RUNTIME,
    "scheduler": SCHEDULER,
    "secretsmanager": SECRETS_MANAGER,
    "ses": SES,
    "sesv2": SES_V2,
    "sns": SNS,
    "sqs": SQS,
    "ssm": SSM,
    "stepfunctions": STATES,
    "sts": STS,
    "xray": XRAY,
}


def rules_of(api: str) -> Rules:
    """The table of an API; an empty one for those that need none."""
    return RULES.get(api, NO_RULES)
