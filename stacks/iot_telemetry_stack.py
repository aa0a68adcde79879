"""The telemetry of `patterns/iot_telemetry` as CDK code: the same template as the document's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack

from lambdakit import EventProcessing
from lambdakit.constructs.event_sources.iot_rule import IotRuleSource
from lambdakit.constructs.failure_destinations import FailureQueue
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.table import TableProperties
from lambdakit.constructs.targets.dynamodb import DynamoDbTarget

if TYPE_CHECKING:
    from constructs import Construct

TELEMETRY: Final = Path(__file__).parents[1] / "patterns" / "iot_telemetry" / "functions" / "telemetry"


class IotTelemetryStack(Stack):
    """AWS IoT -> Lambda -> DynamoDB."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.telemetry = EventProcessing(
            self,
            "telemetry",
            # Which device it is says the topic, on which a policy of AWS IoT lets it publish, and not the message.
            source=IotRuleSource(
                sql="SELECT *, topic(2) AS device_id, timestamp() AS received_at FROM 'devices/+/telemetry'"
            ),
            function=FunctionProperties(code=TELEMETRY, handler="app.handler", reserved_concurrent_executions=20),
            targets={
                "readings": DynamoDbTarget(
                    table=TableProperties(
                        partition_key="device_id", sort_key="measured_at", time_to_live_attribute="expires_at"
                    )
                )
            },
            on_failure=FailureQueue(),
        )
