"""What is there already that a function works with: its role, security groups, a file system, versions, alarms."""

from typing import Annotated, Final

from pydantic import Field

from lambdakit.spec.model import Model
from lambdakit.spec.refusal import number, patterned_text

# Source: API lambda SecurityGroupIds
_GROUPS_MAX: Final = 5

# Source: API iam CreateRole, RoleName; API lambda CreateFunction.Role
RoleName = Annotated[
    str,
    patterned_text(
        "^(arn:[a-z-]+:iam::[0-9]{12}:role/([!-.0-~]+/)*)?[A-Za-z0-9_+=,.@-]{1,64}$",
        allowed="a name of a role, or its ARN such as arn:aws:iam::123456789012:role/orders",
        longest=576,
    ),
]
SecurityGroupId = Annotated[
    str, patterned_text("^sg-[0-9a-f]+$", allowed="an id of a security group such as sg-0123456789abcdef0", longest=32)
]
SecurityGroups = Annotated[list[SecurityGroupId], Field(min_length=1, max_length=_GROUPS_MAX)]
# Source: API lambda FileSystemConfig.Arn, of either service
AccessPointArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:(elasticfilesystem:[a-z0-9-]+:[0-9]{12}:|s3files:[a-z0-9-]+:[0-9]{12}:file-system/"
        "fs-[0-9a-f]{17,40}/)access-point/fsap-[0-9a-f]{17,40}$",
        allowed="an ARN of an access point of EFS or S3 Files such as "
        "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0",
        longest=256,
    ),
]
# Source: API efs FileSystemId
FileSystemId = Annotated[
    str,
    patterned_text("^fs-[0-9a-f]{8,40}$", allowed="an id of a file system such as fs-0123456789abcdef0", longest=43),
]
# Source: API lambda FileSystemConfig.LocalMountPath
MountPath = Annotated[
    str,
    patterned_text(
        "^/mnt/[A-Za-z0-9_.-]+$",
        allowed="a path such as /mnt/files: one name below /mnt",
        longest=160,
        mend=lambda text: f"/mnt/{text.strip('/').rsplit('/', maxsplit=1)[-1]}",
    ),
]
# Source: API lambda FunctionArn, with a version
VersionArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}:[0-9]+$",
        allowed="an ARN of a published version such as arn:aws:lambda:eu-west-1:123456789012:function:orders:7",
        longest=256,
    ),
]
# Source: API cloudwatch PutMetricAlarm.AlarmName
AlarmArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:[^\\u0000-\\u001f\\u007f]{1,255}$",
        allowed="an ARN of an alarm such as arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders-fail",
        longest=512,
    ),
]
Weight = Annotated[float, number(minimum=0, maximum=1, what="share of an alias's traffic")]


class Filesystem(Model):
    """A file system below /mnt. file_system_id: None with S3 Files, whose access points name theirs.

    A rule checks that EFS has one. security_group_id: None where the mount targets let the function in already.
    """

    access_point_arn: AccessPointArn = Field(
        description="the access point, of EFS or S3 Files",
        examples=["arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0"],
    )
    file_system_id: FileSystemId | None = Field(
        default=None, description="the access point's file system, with EFS", examples=["fs-0123456789abcdef0"]
    )
    mount_path: MountPath = Field(description="where the function finds it", examples=["/mnt/files"])
    security_group_id: SecurityGroupId | None = Field(
        default=None, description="of the mount targets, which then let the function in"
    )


class VersionWeight(Model):
    """Another published version, and its part of an alias's traffic."""

    version: VersionArn = Field(
        description="a published version", examples=["arn:aws:lambda:eu-west-1:123456789012:function:orders:7"]
    )
    weight: Weight = Field(description="its share of the traffic, 0 to 1", examples=[0.1])
