"""`AWS::DynamoDB::Table` and `AWS::DynamoDB::GlobalTable` (the CDK's `TableV2`).

Source: CloudFormation Template Reference, "AWS::DynamoDB::Table" and "AWS::DynamoDB::GlobalTable".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.provisioners import dynamodb_changes as changes
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import Properties, change, given, unless_gone
from lambdakit.harness.moto_state import contents

_THROUGHPUT: Final = reads("ReadCapacityUnits WriteCapacityUnits")
_PROJECTION: Final = reads("NonKeyAttributes ProjectionType")
_KEY: Final = reads("AttributeName KeyType")
_RECOVERY: Final = {**reads("PointInTimeRecoveryEnabled"), **records("RecoveryPeriodInDays")}
_MADE_WITH: Final = (
    *("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexes", "KeySchema"),
    *(
        "LocalSecondaryIndexes",
        "ProvisionedThroughput",
        "SSESpecification",
        "StreamSpecification",
        "TableClass",
        "Tags",
    ),
)


class Table:
    """A table. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "BillingMode DeletionProtectionEnabled TableName Tags",
            AttributeDefinitions=reads("AttributeName AttributeType"),
            GlobalSecondaryIndexes={
                **reads("IndexName", KeySchema=_KEY, Projection=_PROJECTION, ProvisionedThroughput=_THROUGHPUT),
                **records("ContributorInsightsSpecification OnDemandThroughput WarmThroughput"),
            },
            KeySchema=_KEY,
            LocalSecondaryIndexes=reads("IndexName", KeySchema=_KEY, Projection=_PROJECTION),
            PointInTimeRecoverySpecification=_RECOVERY,
            ProvisionedThroughput=_THROUGHPUT,
            ResourcePolicy=reads("PolicyDocument"),
            SSESpecification=reads("KMSMasterKeyId SSEEnabled SSEType"),
            StreamSpecification={**reads("StreamViewType"), **records("ResourcePolicy Tags")},
            TimeToLiveSpecification=reads("AttributeName Enabled"),
        ),
        **records("ContributorInsightsSpecification ImportSourceSpecification KinesisStreamSpecification"),
        **records("OnDemandThroughput TableClass VectorIndexes WarmThroughput"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the table with its indexes, stream, expiry and recovery."""
        table = self._table(resource, context)
        dynamodb = context.client("dynamodb", resource)
        name = table.get("TableName") or resource.generated_name(length_max=255)
        made = call(dynamodb, "create_table", _request(table), TableName=name)["TableDescription"]
        with undone_on_failure(lambda: _delete(dynamodb, name)):
            place = changes.Place(resource.account_id, resource.region, name, made["TableArn"])
            change(changes.TableChanges(dynamodb, place).settings(), given(table, *_MADE_WITH), table)
        return _provisioned(made)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes capacity, indexes, stream, encryption, expiry, recovery, policy and tags in place."""
        dynamodb = context.client("dynamodb", resource)
        name = created.provisioned.physical_id
        old, new = self._table(created.resource, context), self._table(resource, context)
        changes.check(old, new)
        place = changes.Place(resource.account_id, resource.region, name, created.provisioned.attributes["Arn"])
        change(changes.TableChanges(dynamodb, place).settings(), old, new)
        return _provisioned(dynamodb.describe_table(TableName=name)["Table"])

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the table with its items; DynamoDB refuses while it is protected."""
        dynamodb, name = context.client("dynamodb", created.resource), created.provisioned.physical_id
        with unless_gone("ResourceNotFoundException"):
            if dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
                # DynamoDB API Reference, "DeleteTable": ValidationException.
                raise ResourceRefused(
                    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                    "protection first.",
                    property_pointer="DeletionProtectionEnabled",
                )
            dynamodb.delete_table(TableName=name)

    def capture(self, created: Created, context: Context) -> object:
        """The items that a custom resource put."""
        del context
        return contents.items(*_place(created))

    def reset(self, created: Created, context: Context) -> None:
        """Takes every item away but those captured."""
        del context
        if not contents.restore_items(*_place(created), created.captured):
            raise ResourceRefused("somebody deleted it")

    def _table(self, resource: Resource, context: Context) -> Mapping[str, Any]:
        return resource.properties


class GlobalTable(Table):
    """A table with replicas; the one in the stack's own region is created, others are refused."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "BillingMode TableName",
            AttributeDefinitions=reads("AttributeName AttributeType"),
            GlobalSecondaryIndexes={
                **reads("IndexName", KeySchema=_KEY, Projection=_PROJECTION),
                **records("ReadOnDemandThroughputSettings ReadProvisionedThroughputSettings WarmThroughput"),
                **records("WriteOnDemandThroughputSettings WriteProvisionedThroughputSettings"),
            },
            KeySchema=_KEY,
            LocalSecondaryIndexes=reads("IndexName", KeySchema=_KEY, Projection=_PROJECTION),
            Replicas={
                **reads(
                    "DeletionProtectionEnabled Region Tags",
                    PointInTimeRecoverySpecification=_RECOVERY,
                    ResourcePolicy=reads("PolicyDocument"),
                    SSESpecification=reads("KMSMasterKeyId"),
                ),
                **records("ContributorInsightsSpecification DisassociationProtectionEnabled GlobalSecondaryIndexes"),
                **records("GlobalTableSettingsReplicationMode KinesisStreamSpecification ReplicaStreamSpecification"),
                **records("ReadOnDemandThroughputSettings ReadProvisionedThroughputSettings TableClass"),
            },
            SSESpecification=reads("SSEEnabled SSEType"),
            StreamSpecification=reads("StreamViewType"),
            TimeToLiveSpecification=reads("AttributeName Enabled"),
        ),
        **records("GlobalTableSourceArn GlobalTableWitnesses MultiRegionConsistency ReadOnDemandThroughputSettings"),
        **records("ReadProvisionedThroughputSettings TableType VectorIndexes WarmThroughput"),
        **records("WriteOnDemandThroughputSettings WriteProvisionedThroughputSettings"),
    }

    def _table(self, resource: Resource, context: Context) -> Mapping[str, Any]:
        """The properties of a table that is as the replica in the stack's region."""
        properties = resource.properties
        replica = _own_replica(resource, context)
        own = ("DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "ResourcePolicy", "TableClass", "Tags")
        table = {**given(properties, *Table.properties), **given(replica, *own)}
        if table.setdefault("BillingMode", "PROVISIONED") == "PROVISIONED":
            # Its capacity scales by itself; moto asks for numbers, and nothing is throttled by them.
            table["ProvisionedThroughput"] = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
        encryption = {**(properties.get("SSESpecification") or {}), **(replica.get("SSESpecification") or {})}
        if encryption:
            table["SSESpecification"] = encryption
        return table


def _own_replica(resource: Resource, context: Context) -> Mapping[str, Any]:
    replicas: dict[str, Mapping[str, Any]] = {
        str(replica.get("Region")): replica for replica in resource.properties.get("Replicas") or []
    }
    own = replicas.pop(resource.region, {})
    if replicas:
        context.note(resource.logical_id, f"its replicas in {', '.join(sorted(replicas))} are not kept")
    return own


def _request(table: Properties) -> dict[str, Any]:
    request = given(table, *_MADE_WITH)
    # CloudFormation takes a list without indexes, such as one of `Fn::If` and `AWS::NoValue`, for none; the table's own
    # API does not. No page says so; templates that are deployed on AWS have such lists (widdix/aws-cf-templates).
    for name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if request.get(name) == []:
            del request[name]
    if "GlobalSecondaryIndexes" in request:
        request["GlobalSecondaryIndexes"] = [changes.index(given) for given in request["GlobalSecondaryIndexes"]]
    if "SSESpecification" in request:
        request["SSESpecification"] = changes.encryption(request["SSESpecification"])
    if "StreamSpecification" in request:
        request["StreamSpecification"] = changes.stream(request["StreamSpecification"])
    return request


def _provisioned(table: Mapping[str, Any]) -> Provisioned:
    attributes = {"Arn": table["TableArn"], "TableId": table.get("TableId", "")}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Provisioned(physical_id=table["TableName"], attributes=attributes)


def _delete(dynamodb: Any, name: str) -> None:
    """Undoes a creation, protected or not."""
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)


def _place(created: Created) -> tuple[str, str, str]:
    return created.resource.account_id, created.resource.region, created.provisioned.physical_id
