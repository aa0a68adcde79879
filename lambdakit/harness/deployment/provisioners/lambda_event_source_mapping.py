"""`AWS::Lambda::EventSourceMapping`.

Source: CloudFormation Template Reference, "AWS::Lambda::EventSourceMapping".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.lambda_calls import call_lambda, gone_or

# What UpdateEventSourceMapping takes, and what holds when the template says nothing any more.
_UPDATED: Mapping[str, Any] = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ScalingConfig": {},
    "TumblingWindowInSeconds": 0,
}


class LambdaEventSourceMapping:
    """A mapping; what polls is told by the store. `Ref` gives its UUID."""

    properties: ClassVar[PropertyTree] = dict.fromkeys(
        (
            *("AmazonManagedKafkaEventSourceConfig", "BatchSize", "BisectBatchOnFunctionError", "DestinationConfig"),
            *("DocumentDBEventSourceConfig", "Enabled", "EventSourceArn", "FilterCriteria", "FunctionName"),
            *("FunctionResponseTypes", "KmsKeyArn", "LoggingConfig", "MaximumBatchingWindowInSeconds"),
            *("MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "MetricsConfig", "ParallelizationFactor"),
            *("ProvisionedPollerConfig", "Queues", "ScalingConfig", "SelfManagedEventSource"),
            *("SelfManagedKafkaEventSourceConfig", "SourceAccessConfigurations", "StartingPosition"),
            *("StartingPositionTimestamp", "Tags", "Topics", "TumblingWindowInSeconds"),
        ),
        RECORDED,
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Makes the mapping."""
        made = call_lambda("CreateEventSourceMapping", resource.properties, resource, context)
        attributes = {"Id": made["UUID"], "EventSourceMappingArn": made["EventSourceMappingArn"]}
        return Provisioned(physical_id=made["UUID"], attributes=attributes)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets what the template says now, and the defaults for what it says no more."""
        gone = created.resource.properties.keys() - resource.properties.keys()
        defaults = {name: value for name, value in _UPDATED.items() if name in gone}
        call_lambda(
            "UpdateEventSourceMapping",
            {"Enabled": True, **defaults, **resource.properties},
            resource,
            context,
            UUID=created.provisioned.physical_id,
        )
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Removes the mapping."""
        gone_or("DeleteEventSourceMapping", created.resource, context, UUID=created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""
