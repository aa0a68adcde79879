"""`AWS::Lambda::EventSourceMapping`.

Source: CloudFormation Template Reference, "AWS::Lambda::EventSourceMapping".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.lambda_calls import call_lambda, gone_or, retag
from lambdakit.harness.lambda_service.event_source_rules import source_kind

# What UpdateEventSourceMapping takes, and what holds when the template says nothing any more.
_UPDATED: Mapping[str, Any] = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "KmsKeyArn": "",
    "LoggingConfig": {},
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "MetricsConfig": {},
    "ProvisionedPollerConfig": {},
    "ScalingConfig": {},
    "TumblingWindowInSeconds": 0,
}
# The same of those whose default differs from one kind of source to another.
_BY_SOURCE = ("BatchSize", "MaximumBatchingWindowInSeconds", "ParallelizationFactor")


class LambdaEventSourceMapping:
    """A mapping; what polls is told by the store. `Ref` gives its UUID."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "BatchSize BisectBatchOnFunctionError Enabled EventSourceArn FunctionName FunctionResponseTypes "
            "MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts ParallelizationFactor "
            "Queues StartingPosition StartingPositionTimestamp Tags Topics TumblingWindowInSeconds",
            DestinationConfig=reads(OnFailure=reads("Destination")),
            DocumentDBEventSourceConfig=reads("CollectionName DatabaseName FullDocument"),
            FilterCriteria=reads(Filters=reads("Pattern")),
            ScalingConfig=reads("MaximumConcurrency"),
            SelfManagedEventSource=reads(Endpoints=reads("KafkaBootstrapServers")),
        ),
        # Nobody connects to brokers and databases. Of a RabbitMQ broker the virtual host is told to the function.
        **records("AmazonManagedKafkaEventSourceConfig SelfManagedKafkaEventSourceConfig SourceAccessConfigurations"),
        **records("KmsKeyArn LoggingConfig MetricsConfig ProvisionedPollerConfig"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Makes the mapping."""
        made = call_lambda("CreateEventSourceMapping", _as_given_to_the_api(resource.properties), resource, context)
        attributes = {"Id": made["UUID"], "EventSourceMappingArn": made["EventSourceMappingArn"]}
        return Provisioned(physical_id=made["UUID"], attributes=attributes)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets what the template says now, and the defaults for what it says no more."""
        gone = created.resource.properties.keys() - resource.properties.keys()
        kind = source_kind(str(resource.properties.get("EventSourceArn", "")), resource.properties)
        of_source = {name: kind.defaults[name] for name in _BY_SOURCE if name in kind.defaults}
        defaults = {name: value for name, value in {**of_source, **_UPDATED}.items() if name in gone}
        call_lambda(
            "UpdateEventSourceMapping",
            {"Enabled": True, **defaults, **resource.properties},
            resource,
            context,
            UUID=created.provisioned.physical_id,
        )
        retag(created, resource, context, str(created.provisioned.attributes["EventSourceMappingArn"]))
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Removes the mapping."""
        gone_or("DeleteEventSourceMapping", created.resource, context, UUID=created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _as_given_to_the_api(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """The template calls the brokers of a cluster of one's own by another name than the API.

    Source: CloudFormation Template Reference, "AWS::Lambda::EventSourceMapping Endpoints"; Lambda API Reference,
    "SelfManagedEventSource".
    """
    endpoints = (properties.get("SelfManagedEventSource") or {}).get("Endpoints") or {}
    if "KafkaBootstrapServers" not in endpoints:
        return properties
    named = {"KAFKA_BOOTSTRAP_SERVERS": endpoints["KafkaBootstrapServers"]}
    return {**properties, "SelfManagedEventSource": {"Endpoints": named}}
