"""`AWS::DynamoDB::Table` and `AWS::DynamoDB::GlobalTable` (the CDK's `TableV2`).

Source: CloudFormation Template Reference, "AWS::DynamoDB::Table" and "AWS::DynamoDB::GlobalTable".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)

_THROUGHPUT: PropertyTree = {"ReadCapacityUnits": READ, "WriteCapacityUnits": READ}
_PROJECTION: PropertyTree = {"NonKeyAttributes": READ, "ProjectionType": READ}
_KEY: PropertyTree = {"AttributeName": READ, "KeyType": READ}
_RECOVERY: PropertyTree = {"PointInTimeRecoveryEnabled": READ, "RecoveryPeriodInDays": RECORDED}


class Table:
    """A table. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        "AttributeDefinitions": {"AttributeName": READ, "AttributeType": READ},
        "BillingMode": READ,
        "ContributorInsightsSpecification": RECORDED,
        "DeletionProtectionEnabled": READ,
        "GlobalSecondaryIndexes": {
            "ContributorInsightsSpecification": RECORDED,
            "IndexName": READ,
            "KeySchema": _KEY,
            "OnDemandThroughput": RECORDED,
            "Projection": _PROJECTION,
            "ProvisionedThroughput": _THROUGHPUT,
            "WarmThroughput": RECORDED,
        },
        "KeySchema": _KEY,
        "LocalSecondaryIndexes": {"IndexName": READ, "KeySchema": _KEY, "Projection": _PROJECTION},
        "OnDemandThroughput": RECORDED,
        "PointInTimeRecoverySpecification": _RECOVERY,
        "ProvisionedThroughput": _THROUGHPUT,
        "SSESpecification": {"KMSMasterKeyId": READ, "SSEEnabled": READ, "SSEType": READ},
        "StreamSpecification": {"StreamViewType": READ},
        "TableClass": READ,
        "TableName": READ,
        "Tags": READ,
        "TimeToLiveSpecification": {"AttributeName": READ, "Enabled": READ},
        "WarmThroughput": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the table with its indexes, stream, expiry and recovery."""
        properties = resource.properties
        arguments = {
            key: properties[key]
            for key in ("BillingMode", "DeletionProtectionEnabled", "TableClass", "Tags", "ProvisionedThroughput")
            if key in properties
        }
        encryption = properties.get("SSESpecification")
        if encryption:
            arguments["SSESpecification"] = _encryption(encryption)
        return _create(
            resource,
            context,
            arguments,
            recovery=properties.get("PointInTimeRecoverySpecification"),
            index_keys=("IndexName", "KeySchema", "Projection", "ProvisionedThroughput"),
        )

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the table."""
        _delete(context.account.client("dynamodb", created.resource.region), created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Deletes every item."""
        dynamodb = context.account.client("dynamodb", created.resource.region)
        name = created.provisioned.physical_id
        keys = [key["AttributeName"] for key in created.resource.properties["KeySchema"]]
        # Names may be reserved words, so each goes by a placeholder.
        names = {f"#k{index}": key for index, key in enumerate(keys)}
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=name, ProjectionExpression=",".join(names), ExpressionAttributeNames=names
        )
        for item in [item for page in pages for item in page["Items"]]:
            dynamodb.delete_item(TableName=name, Key={key: item[key] for key in keys})


class GlobalTable(Table):
    """A table with replicas; the one in the stack's own region is created, others are refused."""

    properties: ClassVar[PropertyTree] = {
        "AttributeDefinitions": {"AttributeName": READ, "AttributeType": READ},
        "BillingMode": READ,
        "GlobalSecondaryIndexes": {
            "IndexName": READ,
            "KeySchema": _KEY,
            "Projection": _PROJECTION,
            "ReadOnDemandThroughputSettings": RECORDED,
            "ReadProvisionedThroughputSettings": RECORDED,
            "WarmThroughput": RECORDED,
            "WriteOnDemandThroughputSettings": RECORDED,
            "WriteProvisionedThroughputSettings": RECORDED,
        },
        "KeySchema": _KEY,
        "LocalSecondaryIndexes": {"IndexName": READ, "KeySchema": _KEY, "Projection": _PROJECTION},
        "MultiRegionConsistency": RECORDED,
        "Replicas": {
            "ContributorInsightsSpecification": RECORDED,
            "DeletionProtectionEnabled": READ,
            "GlobalSecondaryIndexes": RECORDED,
            "PointInTimeRecoverySpecification": _RECOVERY,
            "ReadOnDemandThroughputSettings": RECORDED,
            "ReadProvisionedThroughputSettings": RECORDED,
            "Region": READ,
            "SSESpecification": {"KMSMasterKeyId": READ},
            "TableClass": READ,
            "Tags": READ,
        },
        "SSESpecification": {"SSEEnabled": READ, "SSEType": READ},
        "StreamSpecification": {"StreamViewType": READ},
        "TableName": READ,
        "TimeToLiveSpecification": {"AttributeName": READ, "Enabled": READ},
        "WarmThroughput": RECORDED,
        "WriteOnDemandThroughputSettings": RECORDED,
        "WriteProvisionedThroughputSettings": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the table in the stack's region."""
        properties = resource.properties
        replica = _own_replica(resource)
        billing = properties.get("BillingMode", "PROVISIONED")
        arguments: dict[str, Any] = {"BillingMode": billing}
        arguments |= {
            key: replica[key] for key in ("DeletionProtectionEnabled", "TableClass", "Tags") if key in replica
        }
        if billing == "PROVISIONED":
            # Its capacity scales by itself; moto asks for numbers, and nothing is throttled by them.
            arguments["ProvisionedThroughput"] = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
        encryption = {**(properties.get("SSESpecification") or {}), **(replica.get("SSESpecification") or {})}
        if encryption:
            arguments["SSESpecification"] = _encryption(encryption)
        return _create(
            resource,
            context,
            arguments,
            recovery=replica.get("PointInTimeRecoverySpecification"),
            index_keys=("IndexName", "KeySchema", "Projection"),
        )


def _own_replica(resource: Resource) -> Mapping[str, Any]:
    replicas = resource.properties.get("Replicas") or []
    others = sorted({str(replica.get("Region")) for replica in replicas} - {resource.region})
    if others:
        raise ResourceRefused(
            f"replicas in {', '.join(others)} are not kept by the harness",
            property_pointer="Replicas",
            hint=f"keep the replica in {resource.region} only when deploying into the harness",
        )
    return replicas[0] if replicas else {}


def _create(
    resource: Resource,
    context: Context,
    arguments: dict[str, Any],
    *,
    recovery: Mapping[str, Any] | None,
    index_keys: tuple[str, ...],
) -> Provisioned:
    properties = resource.properties
    dynamodb = context.account.client("dynamodb", resource.region)
    name = properties.get("TableName") or resource.generated_name(length_max=255)
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if properties.get(kind):
            arguments[kind] = [{key: index[key] for key in index_keys if key in index} for index in properties[kind]]
    stream = properties.get("StreamSpecification")
    if stream is not None:
        arguments["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
    table = dynamodb.create_table(
        TableName=name,
        KeySchema=properties.get("KeySchema"),
        AttributeDefinitions=properties.get("AttributeDefinitions"),
        **arguments,
    )["TableDescription"]
    with undone_on_failure(lambda: _delete(dynamodb, name)):
        expiry = properties.get("TimeToLiveSpecification")
        if expiry and expiry.get("Enabled"):
            dynamodb.update_time_to_live(
                TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": expiry["AttributeName"]}
            )
        if recovery and recovery.get("PointInTimeRecoveryEnabled"):
            dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
    attributes = {"Arn": table["TableArn"], "TableId": table.get("TableId", "")}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Provisioned(physical_id=name, attributes=attributes)


def _delete(dynamodb: Any, name: str) -> None:
    try:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=name)
    except dynamodb.exceptions.ResourceNotFoundException:
        return


def _encryption(specification: Mapping[str, Any]) -> dict[str, Any]:
    names = {"SSEEnabled": "Enabled", "SSEType": "SSEType", "KMSMasterKeyId": "KMSMasterKeyId"}
    return {names[key]: value for key, value in specification.items()}
