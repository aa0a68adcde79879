"""`AWS::EFS`: file systems with their files, access points and mount targets, as the account shows them.

Source: CloudFormation Template Reference, "AWS::EFS::FileSystem" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioner import Context, Created, ResourceRefused
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of
from lambdakit.records import dataclass

_TAGGING: Final = Tagging(tag="tag_resource", untag="untag_resource", target="ResourceId")
_LIFECYCLE: Final = call(
    "put_lifecycle_configuration",
    when="p.LifecyclePolicies || was.LifecyclePolicies",
    FileSystemId="ref",
    LifecyclePolicies="p.LifecyclePolicies || `[]`",
)
_POLICY: Final = call(
    "put_file_system_policy", when="p.FileSystemPolicy", FileSystemId="ref", Policy="p.FileSystemPolicy"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FileSystem(MotoBacked):
    """A file system: the files of functions are what it holds."""

    def capture(self, created: Created, context: Context) -> object:
        """The files that the deployment put there."""
        files = context.files
        return None if files is None else files.contents(created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Takes every file away but those captured."""
        if context.files is None:
            return
        try:
            context.files.bring_back(created.provisioned.physical_id, created.captured)
        except OSError as error:
            raise ResourceRefused(f"its files could not be taken away: {error}") from None

    def delete(self, created: Created, context: Context) -> None:
        """Deletes it, with its files."""
        MotoBacked.delete(self, created, context)
        if context.files is not None:
            context.files.remove(created.provisioned.physical_id)


FILE_SYSTEM: Final = _FileSystem(
    service="efs",
    properties=properties_of(
        read="AvailabilityZoneName Encrypted FileSystemPolicy FileSystemTags KmsKeyId LifecyclePolicies"
        " PerformanceMode",
        recorded="BackupPolicy BypassPolicyLockoutSafetyCheck FileSystemProtection ProvisionedThroughputInMibps"
        " ReplicationConfiguration ThroughputMode",
    ),
    made_by=Call(
        operation="create_file_system",
        arguments={"CreationToken": "join('-', [stack, logical_id])", "Tags": "p.FileSystemTags"},
    ),
    reference="made.FileSystemId",
    completed_by=(_LIFECYCLE, _POLICY),
    changed_by=(_LIFECYCLE, _POLICY),
    tags="FileSystemTags",
    tagged_by=_TAGGING,
    deleted_by=(call("delete_file_system", FileSystemId="ref"),),
    attributes={"FileSystemId": "ref", "Arn": "made.FileSystemArn"},
)

ACCESS_POINT: Final = MotoBacked(
    service="efs",
    properties=properties_of(read="AccessPointTags ClientToken FileSystemId PosixUser RootDirectory"),
    made_by=Call(
        operation="create_access_point",
        arguments={"ClientToken": "p.ClientToken || join('-', [stack, logical_id])"},
        renamed={"AccessPointTags": "Tags"},
    ),
    reference="made.AccessPointId",
    tags="AccessPointTags",
    tagged_by=_TAGGING,
    deleted_by=(call("delete_access_point", AccessPointId="ref"),),
    attributes={"AccessPointId": "ref", "Arn": "made.AccessPointArn"},
)

MOUNT_TARGET: Final = MotoBacked(
    service="efs",
    properties=properties_of(
        read="FileSystemId IpAddress SecurityGroups SubnetId", recorded="IpAddressType Ipv6Address"
    ),
    made_by=Call(operation="create_mount_target", renamed={"IpAddressType": "", "Ipv6Address": ""}),
    reference="made.MountTargetId",
    changed_by=(call("modify_mount_target_security_groups", MountTargetId="ref", SecurityGroups="p.SecurityGroups"),),
    deleted_by=(call("delete_mount_target", MountTargetId="ref"),),
    attributes={"Id": "ref", "IpAddress": "made.IpAddress"},
)
