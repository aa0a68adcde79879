"""`AWS::SSM::Parameter` and `AWS::SSM::Document`.

Source: CloudFormation Template Reference, "AWS::SSM::Parameter" and "AWS::SSM::Document".
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.service_call import as_text, call, tag_map
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    pairs,
    tags_setting,
    unless_gone,
    without,
)

_GONE: Final = ("ParameterNotFound", "InvalidDocument")


class Parameter:
    """A parameter of the types String and StringList. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("AllowedPattern DataType Description Name Tags Type Value"),
        **records("Policies Tier"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the parameter."""
        properties = resource.properties
        _check(properties)
        name = properties.get("Name") or resource.generated_name(length_max=1011)
        # moto takes no tags as a list of pairs only.
        tags = pairs(tag_map(properties.get("Tags"))) or None
        call(context.client("ssm", resource), "put_parameter", without(properties, "Policies"), Name=name, Tags=tags)
        return _provisioned(resource, name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts a new version of the parameter, and its tags."""
        ssm, name = context.client("ssm", resource), created.provisioned.physical_id

        def fields(_: Properties, new: Properties) -> None:
            _check(new)
            wanted = {"Description": "", "AllowedPattern": "", **without(new, "Policies", "Tags")}
            call(ssm, "put_parameter", wanted, Name=name, Overwrite=True)

        settings = [
            Setting(("AllowedPattern", "DataType", "Description", "Tier", "Type", "Value"), fields),
            tags_setting(
                lambda tags: ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=pairs(tags)),
                lambda keys: ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId=name, TagKeys=keys),
            ),
        ]
        change(settings, created.resource.properties, resource.properties)
        return _provisioned(resource, name)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the parameter."""
        with unless_gone(*_GONE):
            context.client("ssm", created.resource).delete_parameter(Name=created.provisioned.physical_id)

    def capture(self, created: Created, context: Context) -> object:
        """The value, which a custom resource may have changed."""
        return _current(context.client("ssm", created.resource), created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Puts the captured value when another stands there."""
        ssm, name = context.client("ssm", created.resource), created.provisioned.physical_id
        wanted = as_text(created.resource.properties["Value"]) if created.captured is None else created.captured
        if _current(ssm, name) != wanted:
            ssm.put_parameter(Name=name, Value=wanted, Type=created.resource.properties["Type"], Overwrite=True)


class Document(HoldsNothing):
    """A Systems Manager document. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("Content DocumentFormat DocumentType Name Tags TargetType VersionName"),
        **records("Attachments Requires UpdateMethod"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the document."""
        properties = resource.properties
        name = properties.get("Name") or resource.generated_name(length_max=128)
        call(
            context.client("ssm", resource),
            "create_document",
            {"DocumentType": "Command", "DocumentFormat": "JSON", **without(properties, "Attachments", "Requires")},
            Name=name,
            Content=as_text(properties["Content"]),
        )
        return Provisioned(physical_id=name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Adds a version and makes it the default one, where `UpdateMethod` asks for it."""
        ssm, name = context.client("ssm", resource), created.provisioned.physical_id

        def content(_: Properties, new: Properties) -> None:
            version = _version_with(ssm, name, as_text(new["Content"]))
            if version is None:
                version = call(
                    ssm,
                    "update_document",
                    {"DocumentFormat": "JSON", **without(new, "Attachments")},
                    Name=name,
                    Content=as_text(new["Content"]),
                    DocumentVersion="$LATEST",
                )["DocumentDescription"]["DocumentVersion"]
            ssm.update_document_default_version(Name=name, DocumentVersion=version)

        settings = [
            Setting(("Content", "DocumentFormat", "TargetType", "VersionName"), content),
            tags_setting(
                lambda tags: ssm.add_tags_to_resource(ResourceType="Document", ResourceId=name, Tags=pairs(tags)),
                lambda keys: ssm.remove_tags_from_resource(ResourceType="Document", ResourceId=name, TagKeys=keys),
            ),
        ]
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the document with its versions."""
        with unless_gone(*_GONE):
            context.client("ssm", created.resource).delete_document(Name=created.provisioned.physical_id)


def _check(properties: Properties) -> None:
    kind = properties.get("Type")
    if kind not in ("String", "StringList"):
        raise ResourceRefused(
            f"parameters of type {kind} cannot be made by CloudFormation: String and StringList can",
            property_pointer="Type",
        )
    pattern, value = properties.get("AllowedPattern"), as_text(properties["Value"])
    if pattern and not re.search(pattern, value):
        # Systems Manager API Reference, "PutParameter": ParameterPatternMismatchException.
        raise ResourceRefused(
            f"Parameter value, cannot be validated against allowedPattern: {pattern}", property_pointer="Value"
        )


def _provisioned(resource: Resource, name: str) -> Provisioned:
    path = name if name.startswith("/") else f"/{name}"
    return Provisioned(
        physical_id=name,
        attributes={
            "Arn": f"arn:{partition_of(resource.region)}:ssm:{resource.region}:{resource.account_id}:parameter{path}",
            "Type": resource.properties["Type"],
            "Value": as_text(resource.properties["Value"]),
        },
    )


def _version_with(ssm: Any, name: str, content: str) -> str | None:
    """The document's version with this content, which may not be added again; None without one."""
    latest = int(ssm.describe_document(Name=name)["Document"]["LatestVersion"])
    for number in range(latest, 0, -1):
        held = ssm.get_document(Name=name, DocumentVersion=str(number))["Content"]
        if held == content:
            return str(number)
    return None


def _current(ssm: Any, name: str) -> str | None:
    try:
        return str(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None
