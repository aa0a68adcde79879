"""A file system that a function finds below /mnt: one of EFS, or a bucket by S3 Files, through an access point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

if TYPE_CHECKING:
    from collections.abc import Sequence

_NFS_PORT: Final = 2049
_S3_FILES: Final = "s3files"


def mounted_file_system(
    *,
    access_point_arn: str,
    mount_path: str,
    file_system_id: str | None = None,
    security_groups: Sequence[ec2.ISecurityGroup] = (),
) -> lambda_.FileSystem:
    """The file system of an access point that is there already, which the function may read and write.

    file_system_id: with EFS; an access point of S3 Files names its file system itself.
    security_groups: of the mount targets, which let the function in; absent, they do so already.
    """
    return lambda_.FileSystem(
        arn=access_point_arn,
        local_mount_path=mount_path,
        connections=ec2.Connections(security_groups=list(security_groups), default_port=ec2.Port.tcp(_NFS_PORT))
        if security_groups
        else None,
        policies=_statements(access_point_arn, file_system_id),
    )


def _statements(access_point_arn: str, file_system_id: str | None) -> list[iam.PolicyStatement]:
    """What mounting and writing needs, through this access point alone.

    Source: Service Authorization Reference, "Amazon Elastic File System" and "Amazon S3 Files": both actions are of
    the file system, and know the access point as a condition, or are of both.
    """
    start, _, rest = access_point_arn.partition(":access-point/")
    if f":{_S3_FILES}:" in access_point_arn:
        file_system = access_point_arn.partition("/access-point/")[0]
        return [
            iam.PolicyStatement(actions=["s3files:ClientMount"], resources=[access_point_arn]),
            iam.PolicyStatement(actions=["s3files:ClientMount", "s3files:ClientWrite"], resources=[file_system]),
        ]
    assert rest and file_system_id is not None
    return [
        iam.PolicyStatement(
            actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            resources=[f"{start}:file-system/{file_system_id}"],
            conditions={"StringEquals": {"elasticfilesystem:AccessPointArn": access_point_arn}},
        )
    ]
