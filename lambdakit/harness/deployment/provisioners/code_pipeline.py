"""`AWS::CodePipeline::Pipeline`.

Source: CloudFormation Template Reference, "AWS::CodePipeline::Pipeline".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.service_call import as_flag, call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Setting,
    already_exists,
    change,
    is_there,
    tags_setting,
)

_GONE: Final = ("PipelineNotFoundException",)
_NAME_LENGTH_MAX: Final = 100
_STORE: Final = reads("Location Type", EncryptionKey=reads("Id Type"))
_ACTION: Final[PropertyTree] = {
    **reads(
        "Configuration Name Namespace Region RoleArn RunOrder TimeoutInMinutes",
        ActionTypeId=reads("Category Owner Provider Version"),
        InputArtifacts=reads("Name"),
        OutputArtifacts={**reads("Name"), **records("Files")},
    ),
    **records("Commands EnvironmentVariables OutputVariables"),
}
_PARTS: Final = (
    *("ArtifactStore", "ArtifactStores", "ExecutionMode", "PipelineType", "RoleArn", "Stages", "Triggers"),
    "Variables",
)


class Pipeline(HoldsNothing):
    """A pipeline. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "ExecutionMode Name PipelineType RestartExecutionOnUpdate RoleArn Tags",
            ArtifactStore=_STORE,
            ArtifactStores=reads("Region", ArtifactStore=_STORE),
            Stages={**reads("Name", Actions=_ACTION), **records("BeforeEntry Blockers OnFailure OnSuccess")},
            Variables=reads("DefaultValue Description Name"),
        ),
        **records("DisableInboundStageTransitions Triggers"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the pipeline, which runs at once where its source is there."""
        client = context.client("codepipeline", resource)
        name = str(resource.properties.get("Name") or resource.generated_name(length_max=_NAME_LENGTH_MAX))
        if resource.properties.get("Name") and is_there(lambda: client.get_pipeline(name=name), *_GONE):
            raise already_exists(resource, name, "Name")
        given = {"pipeline": _declaration(name, resource.properties), "tags": resource.properties.get("Tags")}
        made = call(client, "create_pipeline", given)["pipeline"]
        return _provisioned(resource, name, made["version"])

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs, and runs the pipeline where it is to be run then."""
        client = context.client("codepipeline", resource)
        name, old, new = created.provisioned.physical_id, created.resource.properties, resource.properties
        arn = _arn(resource, name)

        def declare(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
            del before
            call(client, "update_pipeline", {"pipeline": _declaration(name, after)})

        def tag(tags: Mapping[str, str]) -> None:
            client.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value} for key, value in tags.items()])

        tags = tags_setting(tag, lambda keys: client.untag_resource(resourceArn=arn, tagKeys=keys))
        change([Setting(_PARTS, declare), tags], old, new)
        is_changed = any(old.get(part) != new.get(part) for part in _PARTS)
        if is_changed and as_flag(new.get("RestartExecutionOnUpdate", False)):
            client.start_pipeline_execution(name=name)
        return _provisioned(resource, name, client.get_pipeline(name=name)["pipeline"]["version"])

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the pipeline; one that is gone is no error. Its runs end."""
        context.client("codepipeline", created.resource).delete_pipeline(name=created.provisioned.physical_id)


def _declaration(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What the API calls `PipelineDeclaration`, in CloudFormation's names."""
    declared = {part: properties[part] for part in _PARTS if part in properties} | {"Name": name}
    stores = declared.get("ArtifactStores")
    if isinstance(stores, list):
        declared["ArtifactStores"] = {str(one["Region"]): one["ArtifactStore"] for one in stores}
    return declared


def _provisioned(resource: Resource, name: str, version: int) -> Provisioned:
    return Provisioned(physical_id=name, attributes={"Arn": _arn(resource, name), "Version": str(version)})


def _arn(resource: Resource, name: str) -> str:
    return f"arn:{partition_of(resource.region)}:codepipeline:{resource.region}:{resource.account_id}:{name}"
