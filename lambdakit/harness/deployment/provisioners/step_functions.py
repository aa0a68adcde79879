"""`AWS::StepFunctions::StateMachine`, `StateMachineVersion`, `StateMachineAlias` and `Activity`.

Source: CloudFormation Template Reference, "AWS::StepFunctions::StateMachine" and the pages beside it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.plain_yaml import json_or_yaml
from lambdakit.harness.deployment.property_tree import RECORDED, PropertyTree, reads
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
)
from lambdakit.harness.deployment.service_call import as_text, call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    already_exists,
    change,
    is_there,
    pairs,
    tags_setting,
    unless_gone,
    without,
)

_GONE: Final = ("StateMachineDoesNotExist", "ResourceNotFound", "ActivityDoesNotExist")
_ENCRYPTION: Final = reads("KmsDataKeyReusePeriodSeconds KmsKeyId Type")
_DEFINITION: Final = ("Definition", "DefinitionString", "DefinitionS3Location", "DefinitionSubstitutions")


class StateMachine(HoldsNothing):
    """A state machine. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = reads(
        "Definition DefinitionString DefinitionSubstitutions RoleArn StateMachineName StateMachineType Tags",
        DefinitionS3Location=reads("Bucket Key Version"),
        EncryptionConfiguration=_ENCRYPTION,
        LoggingConfiguration=reads(
            "IncludeExecutionData Level", Destinations=reads(CloudWatchLogsLogGroup=reads("LogGroupArn"))
        ),
        TracingConfiguration=reads("Enabled"),
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the state machine with its definition, in which the substitutions are made."""
        properties = resource.properties
        states = context.client("stepfunctions", resource)
        name = properties.get("StateMachineName") or resource.generated_name(length_max=80)
        arn = f"arn:{partition_of(resource.region)}:states:{resource.region}:{resource.account_id}:stateMachine:{name}"
        if properties.get("StateMachineName") and is_there(
            lambda: states.describe_state_machine(stateMachineArn=arn), *_GONE
        ):
            raise already_exists(resource, arn, "StateMachineName")
        definition = _definition(resource, context)
        call(
            states,
            "create_state_machine",
            without(properties, "Definition"),
            name=name,
            definition=definition,
            type=properties.get("StateMachineType"),
        )
        return _provisioned(arn, name, definition, properties)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new definition, role, logging, tracing and tags in place."""
        states = context.client("stepfunctions", resource)
        arn = created.provisioned.physical_id
        definitions = {id(item.properties): _definition(item, context) for item in (created.resource, resource)}
        off = {"LoggingConfiguration": {"level": "OFF"}, "TracingConfiguration": {"enabled": False}}

        def fields(_: Properties, new: Properties) -> None:
            call(
                states,
                "update_state_machine",
                {**off, **without(new, "Definition")},
                stateMachineArn=arn,
                definition=definitions[id(new)],
            )

        names = (*_DEFINITION, "RoleArn", "EncryptionConfiguration", "LoggingConfiguration", "TracingConfiguration")
        tags = tags_setting(
            lambda tags: states.tag_resource(resourceArn=arn, tags=_lower(tags)),
            lambda keys: states.untag_resource(resourceArn=arn, tagKeys=keys),
        )
        change([Setting(names, fields), tags], created.resource.properties, resource.properties)
        name = created.provisioned.attributes["Name"]
        return _provisioned(arn, name, definitions[id(resource.properties)], resource.properties)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the state machine with its versions and aliases."""
        with unless_gone(*_GONE):
            context.client("stepfunctions", created.resource).delete_state_machine(
                stateMachineArn=created.provisioned.physical_id
            )


class StateMachineVersion(HoldsNothing):
    """A published version. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        **reads("Description StateMachineArn"),
        "StateMachineRevisionId": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Publishes what the state machine is now.

        As a version of its own, be there another one of the same revision: two resources that shared one would delete
        it under each other. What CloudFormation does then is not confirmed by a page.
        """
        states, machine = context.client("stepfunctions", resource), resource.properties["StateMachineArn"]
        arn = call(
            states,
            "update_state_machine",
            stateMachineArn=machine,
            definition=states.describe_state_machine(stateMachineArn=machine)["definition"],
            publish=True,
            versionDescription=resource.properties.get("Description"),
        )["stateMachineVersionArn"]
        return Provisioned(physical_id=arn, attributes={"Arn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Every property of a version takes a new one: nothing to change."""
        del resource, context
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the version, which no alias may name any more."""
        context.client("stepfunctions", created.resource).delete_state_machine_version(
            stateMachineVersionArn=created.provisioned.physical_id
        )


class StateMachineAlias(HoldsNothing):
    """A name for one or two versions. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        **reads("Description Name StateMachineArn", RoutingConfiguration=reads("StateMachineVersionArn Weight")),
        "DeploymentPreference": reads("Alarms Interval Percentage StateMachineVersionArn Type"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the alias."""
        arn = call(
            context.client("stepfunctions", resource),
            "create_state_machine_alias",
            name=resource.properties.get("Name") or resource.generated_name(length_max=80),
            description=resource.properties.get("Description", ""),
            routingConfiguration=_routing(resource.properties),
        )["stateMachineAliasArn"]
        return Provisioned(physical_id=arn, attributes={"Arn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Routes to other versions at once, whatever the deployment preference."""
        states = context.client("stepfunctions", resource)
        setting = Setting(
            ("Description", "RoutingConfiguration", "DeploymentPreference"),
            lambda _, new: call(
                states,
                "update_state_machine_alias",
                stateMachineAliasArn=created.provisioned.physical_id,
                description=new.get("Description", ""),
                routingConfiguration=_routing(new),
            ),
        )
        change([setting], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the alias."""
        with unless_gone(*_GONE):
            context.client("stepfunctions", created.resource).delete_state_machine_alias(
                stateMachineAliasArn=created.provisioned.physical_id
            )


class Activity(HoldsNothing):
    """An activity. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = reads("Name Tags", EncryptionConfiguration=_ENCRYPTION)

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the activity."""
        properties = resource.properties
        arn = call(context.client("stepfunctions", resource), "create_activity", properties)["activityArn"]
        return Provisioned(physical_id=arn, attributes={"Arn": arn, "Name": properties["Name"]})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes the tags."""
        states, arn = context.client("stepfunctions", resource), created.provisioned.physical_id
        tags = tags_setting(
            lambda tags: states.tag_resource(resourceArn=arn, tags=_lower(tags)),
            lambda keys: states.untag_resource(resourceArn=arn, tagKeys=keys),
        )
        change([tags], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the activity."""
        with unless_gone(*_GONE):
            context.client("stepfunctions", created.resource).delete_activity(
                activityArn=created.provisioned.physical_id
            )


def _definition(resource: Resource, context: Context) -> str:
    """The definition's text, `${name}` replaced by the substitution of that name."""
    properties = resource.properties
    if "DefinitionString" in properties:
        text = as_text(properties["DefinitionString"])
    elif "Definition" in properties:
        text = json.dumps(properties["Definition"])
    elif "DefinitionS3Location" in properties:
        text = _stored_definition(resource, context)
    else:
        raise ResourceRefused("One of Definition, DefinitionString and DefinitionS3Location is required")
    for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
        text = text.replace(f"${{{name}}}", as_text(value))
    try:
        # CloudFormation Template Reference, "AWS::StepFunctions::StateMachine S3Location": a JSON or YAML file.
        if "DefinitionS3Location" in properties and not text.lstrip().startswith("{"):
            text = json.dumps(json_or_yaml(text))
        json.loads(text)
    except ValueError as error:
        # Step Functions API Reference, "CreateStateMachine": InvalidDefinition.
        raise ResourceRefused(f"Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: {error}'") from None
    return text


def _stored_definition(resource: Resource, context: Context) -> str:
    location = resource.properties["DefinitionS3Location"]
    asset = context.asset(location["Bucket"], location["Key"])
    if asset is not None:
        return asset.read_text(encoding="utf-8")
    version = {"VersionId": location["Version"]} if location.get("Version") else {}
    stored = context.client("s3", resource).get_object(Bucket=location["Bucket"], Key=location["Key"], **version)
    return str(stored["Body"].read().decode())


def _provisioned(arn: str, name: str, definition: str, properties: Properties) -> Provisioned:
    digest = hashlib.sha256(f"{definition}\0{properties.get('RoleArn')}".encode()).digest()
    revision = str(uuid.UUID(bytes=digest[:16], version=4))
    return Provisioned(physical_id=arn, attributes={"Arn": arn, "Name": name, "StateMachineRevisionId": revision})


def _routing(properties: Properties) -> list[Any]:
    """The versions by weight; a deployment preference names the one that gets everything in the end."""
    routing = properties.get("RoutingConfiguration")
    if routing:
        return list(routing)
    version = (properties.get("DeploymentPreference") or {}).get("StateMachineVersionArn")
    if version is None:
        raise ResourceRefused("One of RoutingConfiguration and DeploymentPreference is required")
    return [{"StateMachineVersionArn": version, "Weight": 100}]


def _lower(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as Step Functions takes them."""
    return [{name.lower(): value for name, value in tag.items()} for tag in pairs(tags)]
