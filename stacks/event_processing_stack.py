"""The thumbnails of `patterns/event_processing` as CDK code: the same template as the document's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from lambdakit import EventProcessing, LambdaFunction
from lambdakit.constructs.code_asset import code_asset
from lambdakit.constructs.event_sources.s3 import S3Source
from lambdakit.constructs.failure_destinations import FailureQueue
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.targets.s3 import S3Target

if TYPE_CHECKING:
    from constructs import Construct

PATTERN = Path(__file__).parents[1] / "patterns" / "event_processing"


class Thumbnails(EventProcessing):
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


class EventProcessingStack(Stack):
    """S3 -> EventBridge -> Lambda -> S3, for thumbnails of pictures."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        shared = lambda_.LayerVersion(self, "layer:shared", code=code_asset(PATTERN / "layers" / "shared"))
        self.thumbnails = Thumbnails(
            self,
            "thumbnails",
            source=S3Source(events=["object_created"], prefix="incoming/"),
            function=FunctionProperties(
                code=PATTERN / "functions" / "thumbnails",
                handler="app.handler",
                layers=[shared],
                reserved_concurrent_executions=5,
            ),
            targets={"processed": S3Target()},
            on_failure=FailureQueue(),
        )
