"""What changes in a table that is there, piece by piece, as DynamoDB's operations change it.

Source: CloudFormation Template Reference, "AWS::DynamoDB::Table"; DynamoDB API Reference, "UpdateTable".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdakit.harness.deployment.provisioner import ResourceRefused
from lambdakit.harness.deployment.service_call import as_flag, as_text, call
from lambdakit.harness.deployment.settings import Properties, Setting, pairs, tags_setting, unless_gone
from lambdakit.harness.moto_state import unserved
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table is."""

    account_id: str
    region: str
    name: str
    arn: str


def check(old: Properties, new: Properties) -> None:
    """ResourceRefused for a change that takes another table, or more than one update."""
    if (old.get("LocalSecondaryIndexes") or []) != (new.get("LocalSecondaryIndexes") or []):
        raise ResourceRefused(
            "Local secondary indexes cannot be changed on an existing table", property_pointer="LocalSecondaryIndexes"
        )
    before, after = _indexes(old), _indexes(new)
    for name in before.keys() & after.keys():
        if any(before[name].get(part) != after[name].get(part) for part in ("KeySchema", "Projection")):
            raise ResourceRefused(
                "CloudFormation cannot update a GSI's properties other than Provisioned Throughput and Contributor "
                "Insights Specification. You can create a new GSI with a different name.",
                property_pointer="GlobalSecondaryIndexes",
            )
    if len(before.keys() ^ after.keys()) > 1:
        raise ResourceRefused(
            "Cannot perform more than one GSI creation or deletion in a single update",
            property_pointer="GlobalSecondaryIndexes",
        )


class TableChanges:
    """The operations that change one table."""

    def __init__(self, dynamodb: Any, place: Place) -> None:
        self._dynamodb = dynamodb
        self._place = place

    def settings(self) -> list[Setting]:
        """Every part of a table that changes in place."""
        dynamodb, arn = self._dynamodb, self._place.arn
        return [
            Setting(("BillingMode", "ProvisionedThroughput"), self._capacity),
            Setting(("GlobalSecondaryIndexes", "AttributeDefinitions"), self._indexes),
            Setting(("StreamSpecification",), self._streaming),
            Setting(("DeletionProtectionEnabled",), self._protection),
            Setting(("SSESpecification",), self._encrypting),
            Setting(("TimeToLiveSpecification",), self._expiry),
            Setting(("PointInTimeRecoverySpecification",), self._recovery),
            Setting(("ResourcePolicy",), self._policy),
            tags_setting(
                lambda tags: dynamodb.tag_resource(ResourceArn=arn, Tags=pairs(tags)),
                lambda keys: dynamodb.untag_resource(ResourceArn=arn, TagKeys=keys),
            ),
        ]

    def _update(self, **arguments: Any) -> None:
        call(self._dynamodb, "update_table", TableName=self._place.name, **arguments)

    def _capacity(self, _: Properties, new: Properties) -> None:
        throughput = new.get("ProvisionedThroughput")
        self._update(BillingMode=new.get("BillingMode", "PROVISIONED"), ProvisionedThroughput=throughput)

    def _indexes(self, old: Properties, new: Properties) -> None:
        updates = _index_updates(_indexes(old), _indexes(new))
        if updates:
            self._update(AttributeDefinitions=new.get("AttributeDefinitions"), GlobalSecondaryIndexUpdates=updates)

    def _streaming(self, old: Properties, new: Properties) -> None:
        if old.get("StreamSpecification"):
            self._update(StreamSpecification={"StreamEnabled": False})
            unserved.forget_table_stream(self._place.account_id, self._place.region, self._place.name)
        if new.get("StreamSpecification"):
            self._update(StreamSpecification=stream(new["StreamSpecification"]))

    def _protection(self, _: Properties, new: Properties) -> None:
        self._update(DeletionProtectionEnabled=as_flag(new.get("DeletionProtectionEnabled")))

    def _encrypting(self, _: Properties, new: Properties) -> None:
        given = new.get("SSESpecification")
        wanted = encryption(given) if given else None
        unserved.set_table_encryption(self._place.account_id, self._place.region, self._place.name, wanted)

    def _expiry(self, old: Properties, new: Properties) -> None:
        before, after = _expiry(old), _expiry(new)
        for attribute, enabled in ((before, False), (after, True)):
            if attribute is not None:
                self._dynamodb.update_time_to_live(
                    TableName=self._place.name,
                    TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute},
                )

    def _recovery(self, _: Properties, new: Properties) -> None:
        enabled = as_flag((new.get("PointInTimeRecoverySpecification") or {}).get("PointInTimeRecoveryEnabled"))
        self._dynamodb.update_continuous_backups(
            TableName=self._place.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )

    def _policy(self, _: Properties, new: Properties) -> None:
        document = (new.get("ResourcePolicy") or {}).get("PolicyDocument")
        if document:
            self._dynamodb.put_resource_policy(ResourceArn=self._place.arn, Policy=as_text(document))
            return
        with unless_gone("PolicyNotFoundException"):
            self._dynamodb.delete_resource_policy(ResourceArn=self._place.arn)


def index(given: Mapping[str, Any]) -> dict[str, Any]:
    """A global index as the API creates it."""
    names = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")
    return {key: given[key] for key in names if key in given}


def stream(specification: Mapping[str, Any]) -> dict[str, Any]:
    """A stream as the API takes it."""
    return {"StreamEnabled": True, "StreamViewType": specification["StreamViewType"]}


def encryption(specification: Mapping[str, Any]) -> dict[str, Any]:
    """Encryption as the API takes it."""
    given = {key: value for key, value in specification.items() if key != "SSEEnabled"}
    return {**given, "Enabled": as_flag(specification.get("SSEEnabled", True))}


def _indexes(properties: Properties) -> dict[str, Mapping[str, Any]]:
    return {given["IndexName"]: given for given in properties.get("GlobalSecondaryIndexes") or ()}


def _index_updates(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    updates: list[dict[str, Any]] = [{"Delete": {"IndexName": name}} for name in before if name not in after]
    for name, given in after.items():
        if name not in before:
            updates.append({"Create": index(given)})
        elif before[name].get("ProvisionedThroughput") != given.get("ProvisionedThroughput"):
            throughput = given.get("ProvisionedThroughput")
            if throughput:
                updates.append({"Update": {"IndexName": name, "ProvisionedThroughput": throughput}})
    return updates


def _expiry(properties: Properties) -> str | None:
    """The attribute that says when an item expires; None when items do not."""
    given = properties.get("TimeToLiveSpecification")
    return str(given["AttributeName"]) if given and as_flag(given.get("Enabled")) else None
