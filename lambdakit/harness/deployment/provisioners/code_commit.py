"""`AWS::CodeCommit::Repository`, as the account shows it: without any commit.

Source: CloudFormation Template Reference, "AWS::CodeCommit::Repository".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of

REPOSITORY: Final = MotoBacked(
    service="codecommit",
    properties=properties_of(read="RepositoryDescription RepositoryName", recorded="Code KmsKeyId Tags Triggers"),
    defaults={"RepositoryDescription": ""},
    made_by=Call(operation="create_repository", renamed={"Tags": "", "KmsKeyId": ""}),
    reference="made.repositoryMetadata.repositoryId",
    deleted_by=(call("delete_repository", repositoryName="p.RepositoryName"),),
    attributes={
        "Arn": "made.repositoryMetadata.Arn",
        "CloneUrlHttp": "made.repositoryMetadata.cloneUrlHttp",
        "CloneUrlSsh": "made.repositoryMetadata.cloneUrlSsh",
        "Name": "p.RepositoryName",
        "RepositoryId": "made.repositoryMetadata.repositoryId",
    },
)
