"""Webhooks: an HTTP API takes what is signed into a queue, from which a function records it in a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from lambdakit import ApiBackend, EventProcessing
from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.output_names import stack_output
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TableProperties
from lambdakit.constructs.targets.dynamodb import DynamoDbTarget

if TYPE_CHECKING:
    from constructs import Construct

FUNCTIONS = Path(__file__).parent / "webhook_to_queue" / "functions"


class WebhookToQueueStack(Stack):
    """API Gateway -> Lambda -> SQS -> Lambda -> DynamoDB."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.secret = secretsmanager.Secret(
            self,
            "SigningSecret",
            description="What senders sign webhooks with: put the one here that the sender gave out",
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=48, exclude_punctuation=True),
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.deliveries = EventProcessing(
            self,
            "deliveries",
            # Five at once at most: a flood of webhooks waits in the queue and leaves the account's concurrency alone.
            source=SqsSource(batch_size=10, max_concurrency=5),
            function=FunctionProperties(code=FUNCTIONS / "record", handler="app.handler"),
            targets={
                "recorded": DynamoDbTarget(
                    table=TableProperties(partition_key="webhook_id", time_to_live_attribute="expires_at")
                )
            },
        )
        queue = self.deliveries.source.queue
        assert queue is not None
        self.webhooks = ApiBackend(
            self,
            "webhooks",
            routes={
                "POST /webhooks": Route(
                    name="receive",
                    function=FunctionProperties(
                        code=FUNCTIONS / "receive",
                        handler="app.handler",
                        environment={"QUEUE_URL": queue.queue_url},
                        secrets={"SIGNING_SECRET": self.secret},
                        initial_policy=[iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn])],
                    ),
                )
            },
        )
        acknowledge(
            self.secret,
            {"AwsSolutions-SMG4": "Whoever sends the webhooks gives the secret out, and gives out a new one."},
        )
        acknowledge(self.webhooks, {"AwsSolutions-APIG4": "The function refuses what is not signed with the secret."})
        stack_output(
            self.webhooks, "SecretArn", value=self.secret.secret_arn, description="What senders sign webhooks with"
        )
