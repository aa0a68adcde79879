"""`AWS::CodeBuild::Project`, as the account shows it: a build of it has succeeded as soon as somebody asks.

Nothing is built, fetched or pushed, and no event tells of a build.
Source: CloudFormation Template Reference, "AWS::CodeBuild::Project" (Return values).
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of

_NAME_LENGTH_MAX: Final = 128
# The page speaks of an ARN; many templates that are deployed on AWS give the role's `Ref`, which is its name. No page
# says that it is taken.
_SERVICE_ROLE: Final = (
    "(starts_with(p.ServiceRole, 'arn:') && p.ServiceRole)"
    " || join('', ['arn:', partition, ':iam::', account, ':role/', p.ServiceRole])"
)

PROJECT: Final = MotoBacked(
    service="codebuild",
    properties=properties_of(
        read="Artifacts Cache Description Environment LogsConfig Name QueuedTimeoutInMinutes ServiceRole Source"
        " SourceVersion Tags TimeoutInMinutes VpcConfig",
        recorded="AutoRetryLimit BadgeEnabled BuildBatchConfig ConcurrentBuildLimit EncryptionKey FileSystemLocations"
        " ResourceAccessRole SecondaryArtifacts SecondarySourceVersions SecondarySources Triggers Visibility",
    ),
    named=("Name", _NAME_LENGTH_MAX),
    made_by=Call(
        operation="create_project",
        arguments={"serviceRole": _SERVICE_ROLE},
        renamed=dict.fromkeys(
            (
                *("AutoRetryLimit", "BadgeEnabled", "BuildBatchConfig", "ConcurrentBuildLimit", "EncryptionKey"),
                *("FileSystemLocations", "SecondaryArtifacts", "SecondarySourceVersions", "SecondarySources"),
            ),
            "",
        ),
    ),
    reference="name",
    deleted_by=(call("delete_project", name="name"),),
    attributes={"Arn": "made.project.arn"},
    remade=True,
)
