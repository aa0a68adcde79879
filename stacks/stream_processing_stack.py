"""The clicks of `patterns/stream_processing` as CDK code: the same template as the document's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from lambdakit import LambdaFunction, StreamProcessing
from lambdakit.constructs.delivery.firehose import FirehoseDelivery
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.function_properties import FunctionProperties

if TYPE_CHECKING:
    from constructs import Construct

PATTERN = Path(__file__).parents[1] / "patterns" / "stream_processing"


class Clicks(StreamProcessing):
    """The pattern with this team's settings for its function: what `defaults` says in the document."""

    def make_function(self, properties: FunctionProperties) -> LambdaFunction:
        """The function with the team's settings."""
        return super().make_function(
            replace(
                properties,
                runtime=lambda_.Runtime.PYTHON_3_13,
                architecture=lambda_.Architecture.ARM_64,
                memory_size=512,
                timeout=10,
                tracing=lambda_.Tracing.ACTIVE,
            )
        )


class StreamProcessingStack(Stack):
    """Kinesis -> Lambda -> Firehose -> S3, for clicks."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.clicks = Clicks(
            self,
            "clicks",
            source=KinesisSource(shard_count=2, batch_size=500, parallelization_factor=4, bisect_batch_on_error=True),
            function=FunctionProperties(
                code=PATTERN / "functions" / "clicks",
                handler="app.handler",
                alias_name="live",
                provisioned_concurrent_executions=2,
            ),
            delivery=FirehoseDelivery(),
        )
