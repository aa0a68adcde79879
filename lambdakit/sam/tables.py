"""A table of the template as the table of a pattern.

Source: AWS SAM Developer Guide, "AWS::Serverless::SimpleTable"; CloudFormation Template Reference,
"AWS::DynamoDB::Table".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lambdakit.sam.function_settings import Settings
from lambdakit.sam.properties import Properties

SIMPLE_TABLE: Final = "AWS::Serverless::SimpleTable"
TABLE: Final = "AWS::DynamoDB::Table"
_TYPES: Final = {
    "S": "string",
    "N": "number",
    "B": "binary",
    "String": "string",
    "Number": "number",
    "Binary": "binary",
}
# Policy template of SAM -> what it lets a function do. Source: SAM Developer Guide, "AWS SAM policy templates".
ACCESS: Final = {
    "DynamoDBCrudPolicy": "read_write",
    "DynamoDBReadPolicy": "read",
    "DynamoDBWritePolicy": "write",
}


def table_settings(kind: str, properties: Properties) -> Settings | None:
    """The table; None with a gap when its keys are not known."""
    found = _simple(properties) if kind == SIMPLE_TABLE else _full(properties)
    if found is not None:
        # New tables are encrypted, billed by request and backed up.
        properties.leave("BillingMode", "PointInTimeRecoverySpecification", "ProvisionedThroughput")
        if "KMSMasterKeyId" not in properties.below("SSESpecification"):
            properties.leave("SSESpecification")
        else:
            hint = "write the key below resources, and name it as the table's encryption_key"
            properties.gap("SSESpecification", "the table is encrypted with the key that AWS manages", hint)
        if properties.truth("DeletionProtectionEnabled"):
            found["deletion_protection"] = True
    return found


def _simple(properties: Properties) -> Settings:
    # Source: "AWS::Serverless::SimpleTable", PrimaryKey: id of the type String when absent.
    key = properties.below("PrimaryKey")
    name, kind = key.text("Name") or "id", key.text("Type") or "String"
    return {"partition_key": _key(name, kind)}


def _full(properties: Properties) -> Settings | None:
    kinds: dict[str, str] = {}
    attributes = properties.value("AttributeDefinitions")
    for item in attributes if isinstance(attributes, list) else ():
        if isinstance(item, Mapping):
            kinds[str(item.get("AttributeName"))] = str(item.get("AttributeType"))
    found: Settings = {}
    schema = properties.value("KeySchema")
    for item in schema if isinstance(schema, list) else ():
        if isinstance(item, Mapping):
            name = str(item.get("AttributeName"))
            key = "partition_key" if item.get("KeyType") == "HASH" else "sort_key"
            found[key] = _key(name, kinds.get(name, "S"))
    expiry = properties.below("TimeToLiveSpecification")
    if (attribute := expiry.text("AttributeName")) is not None and expiry.truth("Enabled"):
        found["time_to_live_attribute"] = attribute
    if indexes := [each for each in _indexes(properties, kinds) if "partition_key" in each]:
        found["global_secondary_indexes"] = indexes
    return found if "partition_key" in found else None


def _indexes(properties: Properties, kinds: Mapping[str, str]) -> Iterator[Settings]:
    written = properties.value("GlobalSecondaryIndexes")
    for item in written if isinstance(written, list) else ():
        if not isinstance(item, Mapping):
            continue
        index: Settings = {"index_name": str(item.get("IndexName"))}
        schema, projection = item.get("KeySchema"), item.get("Projection")
        for part in schema if isinstance(schema, list) else ():
            if isinstance(part, Mapping):
                name = str(part.get("AttributeName"))
                key = "partition_key" if part.get("KeyType") == "HASH" else "sort_key"
                index[key] = _key(name, kinds.get(name, "S"))
        if isinstance(projection, Mapping) and (kind := str(projection.get("ProjectionType", "ALL"))) != "ALL":
            index["projection_type"] = kind.lower()
            if attributes := projection.get("NonKeyAttributes"):
                index["non_key_attributes"] = attributes
        yield index


def _key(name: str, kind: str) -> object:
    word = _TYPES.get(kind, "string")
    return name if word == "string" else {"name": name, "type": word}
