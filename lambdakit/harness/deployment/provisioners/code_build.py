"""`AWS::CodeBuild::Project`, as the account shows it: a build of it has succeeded as soon as somebody asks.

Nothing is built, fetched or pushed, and no event tells of a build.
Source: CloudFormation Template Reference, "AWS::CodeBuild::Project" (Return values).
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of

_NAME_LENGTH_MAX: Final = 128

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
