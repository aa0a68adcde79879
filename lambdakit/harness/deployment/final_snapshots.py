"""What `DeletionPolicy: Snapshot` asks for: a snapshot that stays when the resource goes.

Source: CloudFormation Template Reference, "DeletionPolicy attribute" (the types that support snapshots).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Context, Created

# Type -> service, and what takes the snapshot of a physical id under a name.
_TAKEN: Final[Mapping[str, tuple[str, Callable[[Any, str, str], object]]]] = {
    "AWS::RDS::DBInstance": (
        "rds",
        lambda rds, identity, name: rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=identity),
    ),
    "AWS::RDS::DBCluster": (
        "rds",
        lambda rds, identity, name: rds.create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=name, DBClusterIdentifier=identity
        ),
    ),
    "AWS::EC2::Volume": (
        "ec2",
        lambda ec2, identity, name: ec2.create_snapshot(VolumeId=identity, Description=name),
    ),
}
_NAME_LENGTH_MAX: Final = 200
_GONE: Final = frozenset({"DBInstanceNotFound", "DBClusterNotFoundFault", "InvalidVolume.NotFound"})


def default_deletion_policy(type_name: str, properties: Mapping[str, Any]) -> str:
    """What a resource without a policy has; empty for its deletion.

    Source: CloudFormation Template Reference, "DeletionPolicy attribute".
    """
    is_whole = type_name == "AWS::RDS::DBInstance" and not properties.get("DBClusterIdentifier")
    return "Snapshot" if type_name == "AWS::RDS::DBCluster" or is_whole else ""


def take_snapshot(created: Created, context: Context) -> None:
    """Takes the last snapshot of a resource, if it is still there; of what is only recorded there is none."""
    resource, identity = created.resource, created.provisioned.physical_id
    if resource.type not in _TAKEN:
        context.note(resource.logical_id, f"{resource.type} is deleted without a snapshot: there are none of it here")
        return
    service, take = _TAKEN[resource.type]
    name = f"{resource.stack}-snapshot-{resource.logical_id}".lower()[:_NAME_LENGTH_MAX]
    name = f"{name}-{secrets.token_hex(6)}"
    try:
        take(context.client(service, resource), identity, name)
    except ClientError as error:
        if error.response["Error"].get("Code") in _GONE:
            return
        raise
    context.note(resource.logical_id, f"the snapshot {name} of {identity} stays")
