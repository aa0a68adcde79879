"""The webhooks of `patterns/webhook_to_queue` as CDK code: the same template as the document's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Stack

from lambdakit import ApiBackend, EventProcessing
from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.grants import Grant
from lambdakit.constructs.resources.queue import shared_queue
from lambdakit.constructs.resources.secret import GeneratedString, shared_secret
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TableProperties
from lambdakit.constructs.targets.dynamodb import DynamoDbTarget

if TYPE_CHECKING:
    from constructs import Construct

FUNCTIONS = Path(__file__).parents[1] / "patterns" / "webhook_to_queue" / "functions"


class WebhookToQueueStack(Stack):
    """API Gateway -> Lambda -> SQS -> Lambda -> DynamoDB."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.secret = shared_secret(
            self,
            "signing",
            description="What senders sign webhooks with: put the one here that the sender gave out",
            generated=GeneratedString(password_length=48, exclude_punctuation=True),
        )
        # Hidden for six time-outs of the function behind it.
        self.queue = shared_queue(self, "accepted", visibility_timeout=60)
        self.webhooks = ApiBackend(
            self,
            "webhooks",
            routes={
                "POST /webhooks": Route(
                    name="receive",
                    function=FunctionProperties(
                        code=FUNCTIONS / "receive",
                        handler="app.handler",
                        grants={"accepted": Grant(self.queue, "publish")},
                        secrets={"SIGNING_SECRET": self.secret},
                    ),
                )
            },
        )
        acknowledge(self.webhooks, {"AwsSolutions-APIG4": "The function refuses what is not signed with the secret."})
        self.deliveries = EventProcessing(
            self,
            "deliveries",
            # Five at once at most: a flood of webhooks waits in the queue and leaves the account's concurrency alone.
            source=SqsSource(queue=self.queue, batch_size=10, max_concurrency=5),
            function=FunctionProperties(code=FUNCTIONS / "record", handler="app.handler"),
            targets={
                "recorded": DynamoDbTarget(
                    table=TableProperties(partition_key="webhook_id", time_to_live_attribute="expires_at")
                )
            },
        )
