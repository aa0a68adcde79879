"""What CloudFormation's provider schemas say of each resource type: its properties, what it gives, what replaces it.

The file beside this one is made from the schemas that AWS publishes, by `tests/documentation/provider_schemas.py`.
Source: CloudFormation CLI User Guide, "Resource type schema".
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

from lambdakit.records import dataclass

# What the schemas call create-only under some condition, and what the types' pages in the CloudFormation Template
# Reference say is updated with no or some interruption. Where a page says "Replacement", where the new value decides
# (another engine, a snapshot to restore), and where moto has no operation for it, it stays what replaces.
_IN_PLACE: Mapping[str, frozenset[str]] = {
    "AWS::AppSync::GraphQLApi": frozenset({"LambdaAuthorizerConfig", "OpenIDConnectConfig", "UserPoolConfig"}),
    "AWS::AutoScaling::AutoScalingGroup": frozenset(
        {"LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy", "VPCZoneIdentifier"}
    ),
    "AWS::EC2::Instance": frozenset({"InstanceType", "SecurityGroupIds"}),
    "AWS::ElasticLoadBalancing::LoadBalancer": frozenset({"HealthCheck", "Subnets"}),
    "AWS::OpenSearchService::Domain": frozenset({"AdvancedSecurityOptions", "EncryptionAtRestOptions"}),
    "AWS::RDS::DBInstance": frozenset(
        {
            *("AutoMinorVersionUpgrade", "BackupRetentionPeriod", "DBParameterGroupName", "MultiAZ"),
            "PreferredMaintenanceWindow",
        }
    ),
}

DATA = Path(__file__).with_name("provider_schemas.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One type.

    service: the prefix of its ARNs. properties: the top-level names.
    read_only: path of what `Fn::GetAtt` gives (`Endpoint.Address`) -> its JSON type.
    create_only: paths whose change takes a new resource. identifier: the paths that name it together.
    length_max: how long those names may be, where the schema says so.
    tags: the property that holds its tags; empty when it has none, or none that can be changed.
    tags_are_object: whether that is an object of them, not a list of `Key` and `Value`.
    """

    name: str
    service: str
    properties: tuple[str, ...]
    read_only: Mapping[str, str]
    create_only: tuple[str, ...]
    identifier: tuple[str, ...]
    length_max: Mapping[str, int]
    tags: str
    tags_are_object: bool


def resource_type(name: str) -> ResourceType | None:
    """What the schemas say of a type; None when AWS publishes none for it."""
    line = _lines().get(name)
    if line is None:
        return None
    row, in_place = json.loads(line), _IN_PLACE.get(name, frozenset())
    return ResourceType(
        name=name,
        service=row["service"],
        properties=tuple(row["properties"]),
        read_only=row.get("read_only", {}),
        create_only=tuple(path for path in row.get("create_only", ()) if path.partition(".")[0] not in in_place),
        identifier=tuple(row.get("identifier", ())),
        length_max=row.get("length_max", {}),
        tags=row.get("tags", ""),
        tags_are_object=row.get("tag_map", False),
    )


@functools.cache
def _lines() -> Mapping[str, str]:
    """The JSON of each type. A template needs few of 1,800: they are parsed one by one."""
    lines = (line.rstrip(",").partition(":{") for line in DATA.read_text().splitlines() if line.startswith('"'))
    return {name.strip('"'): "{" + row for name, _, row in lines}
