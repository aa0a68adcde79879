"""`AWS::Route53`: hosted zones, records and health checks. No name is ever resolved by them.

Source: CloudFormation Template Reference, "AWS::Route53::HostedZone", "AWS::Route53::RecordSet" and the pages beside
them; Amazon Route 53 API Reference, "ChangeResourceRecordSets".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.provisioners.moto_backed import (
    Call,
    MotoBacked,
    call,
    is_gone,
    properties_of,
)

_REFERENCE: Final = "join('/', [account, stack, logical_id])"

HOSTED_ZONE: Final = MotoBacked(
    service="route53",
    properties=properties_of(
        read="DelegationSetId HostedZoneConfig HostedZoneTags Name VPCs",
        recorded="HostedZoneFeatures QueryLoggingConfig",
    ),
    defaults={"HostedZoneConfig": {}, "VPCs": []},
    made_by=Call(
        operation="create_hosted_zone",
        arguments={
            "CallerReference": _REFERENCE,
            "VPC": "p.VPCs[0]",
            "HostedZoneConfig": "{Comment: p.HostedZoneConfig.Comment, PrivateZone: p.VPCs[0] && `true`}",
        },
    ),
    reference="after(made.HostedZone.Id, '/hostedzone/')",
    completed_by=(
        call("associate_vpc_with_hosted_zone", when="p.VPCs[1]", HostedZoneId="ref", VPC="p.VPCs[1]"),
        call("associate_vpc_with_hosted_zone", when="p.VPCs[2]", HostedZoneId="ref", VPC="p.VPCs[2]"),
        call(
            "change_tags_for_resource",
            when="p.HostedZoneTags",
            ResourceType="'hostedzone'",
            ResourceId="ref",
            AddTags="p.HostedZoneTags",
        ),
    ),
    changed_by=(
        call("update_hosted_zone_comment", Id="ref", Comment="p.HostedZoneConfig.Comment || ''"),
        call("associate_vpc_with_hosted_zone", when="added.VPCs", HostedZoneId="ref", VPC="added.VPCs[0]"),
        call("disassociate_vpc_from_hosted_zone", when="removed.VPCs", HostedZoneId="ref", VPC="removed.VPCs[0]"),
        call(
            "change_tags_for_resource",
            ResourceType="'hostedzone'",
            ResourceId="ref",
            AddTags="added.HostedZoneTags || p.HostedZoneTags",
        ),
    ),
    tags="HostedZoneTags",
    deleted_by=(call("delete_hosted_zone", Id="ref"),),
    attributes={"Id": "ref", "NameServers": "made.DelegationSet.NameServers || `[]`"},
)

HEALTH_CHECK: Final = MotoBacked(
    service="route53",
    properties=properties_of(read="HealthCheckConfig HealthCheckTags"),
    made_by=Call(operation="create_health_check", arguments={"CallerReference": _REFERENCE}),
    reference="made.HealthCheck.Id",
    completed_by=(
        call(
            "change_tags_for_resource",
            when="p.HealthCheckTags",
            ResourceType="'healthcheck'",
            ResourceId="ref",
            AddTags="p.HealthCheckTags",
        ),
    ),
    changed_by=(
        call(
            "update_health_check",
            HealthCheckId="ref",
            IPAddress="p.HealthCheckConfig.IPAddress",
            Port="p.HealthCheckConfig.Port",
            ResourcePath="p.HealthCheckConfig.ResourcePath",
            FullyQualifiedDomainName="p.HealthCheckConfig.FullyQualifiedDomainName",
            FailureThreshold="p.HealthCheckConfig.FailureThreshold",
            Inverted="p.HealthCheckConfig.Inverted",
            Disabled="p.HealthCheckConfig.Disabled",
        ),
    ),
    tags="HealthCheckTags",
    deleted_by=(call("delete_health_check", HealthCheckId="ref"),),
    attributes={"HealthCheckId": "ref"},
)

_RECORD: PropertyTree = {
    **dict.fromkeys(
        "Failover GeoLocation HealthCheckId HostedZoneId HostedZoneName MultiValueAnswer Name Region ResourceRecords"
        " SetIdentifier TTL Type Weight".split(),
        READ,
    ),
    "AliasTarget": {"DNSName": READ, "EvaluateTargetHealth": READ, "HostedZoneId": READ},
    "CidrRoutingConfig": RECORDED,
    "GeoProximityLocation": RECORDED,
}


class RecordSet:
    """A record. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {**_RECORD, "Comment": RECORDED}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the record."""
        _change(context.client("route53", resource), resource.properties, "CREATE", [resource.properties])
        return Provisioned(physical_id=resource.properties["Name"])

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new record in the place of the old one."""
        route53 = context.client("route53", resource)
        old, new = created.resource.properties, resource.properties
        if (old["Name"], old["Type"]) != (new["Name"], new["Type"]):
            _change(route53, old, "DELETE", [old])
        _change(route53, new, "UPSERT", [new])
        return Provisioned(physical_id=new["Name"])

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the record."""
        _delete(context.client("route53", created.resource), created.resource.properties, [created.resource.properties])

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class RecordSetGroup:
    """Records of one zone together. `Ref` gives an id of its own."""

    properties: ClassVar[PropertyTree] = {
        "Comment": RECORDED,
        "HostedZoneId": READ,
        "HostedZoneName": READ,
        "RecordSets": _RECORD,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the records, all or none."""
        properties = resource.properties
        _change(context.client("route53", resource), properties, "CREATE", properties.get("RecordSets") or ())
        identity = resource.generated_name(length_max=64)
        return Provisioned(physical_id=identity, attributes={"Id": identity})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Deletes the records that are no more, and puts the others."""
        route53 = context.client("route53", resource)
        old = created.resource.properties.get("RecordSets") or ()
        new = resource.properties.get("RecordSets") or ()
        kept = {(record["Name"], record["Type"], record.get("SetIdentifier")) for record in new}
        _delete(
            route53,
            created.resource.properties,
            [record for record in old if (record["Name"], record["Type"], record.get("SetIdentifier")) not in kept],
        )
        _change(route53, resource.properties, "UPSERT", new)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the records."""
        properties = created.resource.properties
        _delete(context.client("route53", created.resource), properties, properties.get("RecordSets") or ())

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _change(route53: Any, properties: Mapping[str, Any], action: str, records: Sequence[Mapping[str, Any]]) -> None:
    changes = [{"Action": action, "ResourceRecordSet": _record(record)} for record in records]
    if changes:
        zone = _zone(route53, properties, records)
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def _delete(route53: Any, properties: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> None:
    try:
        _change(route53, properties, "DELETE", records)
    except ResourceRefused:  # its zone is gone already
        return
    except ClientError as error:
        if not is_gone(error) and error.response["Error"]["Code"] != "InvalidChangeBatch":
            raise


def _zone(route53: Any, properties: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> str:
    place = next((each for each in (properties, *records) if each.get("HostedZoneId")), None)
    if place is not None:
        return str(place["HostedZoneId"])
    name = next((each["HostedZoneName"] for each in (properties, *records) if each.get("HostedZoneName")), None)
    zones = route53.list_hosted_zones_by_name(DNSName=name)["HostedZones"] if name else []
    for zone in zones:
        if zone["Name"].rstrip(".") == str(name).rstrip("."):
            return str(zone["Id"]).removeprefix("/hostedzone/")
    raise ResourceRefused(f"there is no hosted zone {name}", property_pointer="HostedZoneName")


def _record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as the API writes it."""
    keys = ("Failover", "GeoLocation", "HealthCheckId", "Name", "Region", "SetIdentifier", "Type")
    wire: dict[str, Any] = {key: record[key] for key in keys if key in record}
    if "ResourceRecords" in record:
        wire["ResourceRecords"] = [{"Value": value} for value in record["ResourceRecords"]]
    wire |= {key: int(record[key]) for key in ("TTL", "Weight") if key in record}
    if "MultiValueAnswer" in record:
        wire["MultiValueAnswer"] = str(record["MultiValueAnswer"]).lower() == "true"
    if "AliasTarget" in record:
        health = str(record["AliasTarget"].get("EvaluateTargetHealth", False)).lower() == "true"
        wire["AliasTarget"] = {**record["AliasTarget"], "EvaluateTargetHealth": health}
    return wire
