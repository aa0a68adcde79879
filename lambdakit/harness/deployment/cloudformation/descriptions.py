"""Stacks as the CloudFormation API describes them.

Source: AWS CloudFormation API Reference, "Stack", "StackResource" and "StackEvent".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lambdakit.assembly.scalars import as_text
from lambdakit.assembly.template import Template
from lambdakit.harness.deployment.cloudformation.parameters import is_hidden, parameter_list
from lambdakit.harness.deployment.cloudformation.sources import required_capabilities
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.deployment.stack_record import StackEvent

Description = dict[str, Any]

# What was deleted on the way to these is not listed any more.
_SETTLED = re.compile(r"(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE")


def stack(described: DeployedStack) -> Description:
    """`Stack`."""
    record = described.record
    return {
        "StackId": described.stack_id,
        "StackName": described.name,
        "Description": record.description or None,
        "Parameters": []
        if record.template is None
        else parameter_list(record.template, record.given, record.parameters),
        "CreationTime": record.created_at,
        "LastUpdatedTime": record.updated_at,
        "DeletionTime": record.deleted_at,
        "StackStatus": described.status,
        "StackStatusReason": record.reason or None,
        "DisableRollback": record.disable_rollback,
        "NotificationARNs": list(record.notification_arns),
        "Capabilities": list(record.capabilities),
        "Outputs": _outputs(described),
        "RoleARN": record.role_arn or None,
        "Tags": [{"Key": key, "Value": value} for key, value in record.tags.items()],
        "EnableTerminationProtection": record.termination_protection,
        "ParentId": None if described.parent is None else described.parent.stack_id,
        "RootId": None if described.parent is None else described.root.stack_id,
        "RollbackConfiguration": dict(record.rollback),
        "TimeoutInMinutes": record.timeout_minutes,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def summary(described: DeployedStack) -> Description:
    """`StackSummary`."""
    names = (
        *("StackId", "StackName", "CreationTime", "LastUpdatedTime", "DeletionTime", "StackStatus"),
        *("StackStatusReason", "ParentId", "RootId", "DriftInformation"),
    )
    whole = stack(described)
    return {**{name: whole[name] for name in names}, "TemplateDescription": described.record.description or None}


def resources(owner: DeployedStack, doors: FrontDoors) -> Mapping[str, Description]:
    """`StackResource` by logical id, with the names that `StackResourceSummary` and `StackResourceDetail` share.

    doors: by which a URL is what `Ref` gives for it.

    What is no longer wanted is shown while it is being deleted, and what a stack held that is gone.
    """
    last = {event.logical_id: event for event in list(owner.record.events) if event.physical_id != owner.stack_id}
    there = dict(owner.resources)
    gone_too = not _SETTLED.fullmatch(owner.status)
    return {
        logical_id: _resource(owner, event, there.get(logical_id), doors)
        for logical_id, event in last.items()
        if logical_id in there or gone_too
    }


def _resource(owner: DeployedStack, event: StackEvent, created: Created | None, doors: FrontDoors) -> Description:
    physical_id = event.physical_id if created is None else created.provisioned.physical_id
    return {
        "StackName": owner.name,
        "StackId": owner.stack_id,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": doors.localize(physical_id) or None,
        "ResourceType": event.type,
        "Timestamp": event.at,
        "LastUpdatedTimestamp": event.at,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or None,
        "Metadata": None if created is None else json.dumps(created.resource.metadata),
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def events(owner: DeployedStack, doors: FrontDoors) -> Sequence[Description]:
    """`StackEvent`, the newest first. doors: see `resources`."""
    return [
        {
            "StackId": owner.stack_id,
            "EventId": owner.event_id(event),
            "StackName": owner.name,
            "LogicalResourceId": event.logical_id,
            "PhysicalResourceId": doors.localize(event.physical_id),
            "ResourceType": event.type,
            "Timestamp": event.at,
            "ResourceStatus": event.status,
            "ResourceStatusReason": event.reason or None,
            "ClientRequestToken": event.token or None,
        }
        for event in reversed(list(owner.record.events))
    ]


def template_summary(template: Template) -> Description:
    """What `GetTemplateSummary` and `ValidateTemplate` say of a template."""
    description = template.raw.get("Description")
    capabilities = required_capabilities(template)
    metadata = template.raw.get("Metadata")
    return {
        "Description": description if isinstance(description, str) else None,
        "Parameters": [_declared(name, declaration) for name, declaration in template.parameters.items()],
        "Capabilities": capabilities,
        "CapabilitiesReason": (
            f"The following resource(s) require capabilities: [{_iam_types(template)}]" if capabilities else None
        ),
        "ResourceTypes": sorted({declared.type for declared in template.resources.values()}),
        "Version": template.raw.get("AWSTemplateFormatVersion"),
        "Metadata": json.dumps(metadata) if metadata else None,
        "DeclaredTransforms": [transform.name for transform in template.transform],
    }


def exports(stacks: Sequence[DeployedStack]) -> Sequence[Description]:
    """`Export`, of the stacks of an account and region."""
    return [
        {"ExportingStackId": owner.stack_id, "Name": name, "Value": _shown(value)}
        for owner in stacks
        for name, value in owner.exports.items()
    ]


def _outputs(described: DeployedStack) -> Sequence[Description]:
    template = described.record.template
    declared = {} if template is None else template.outputs
    return [
        {
            "OutputKey": key,
            "OutputValue": _shown(value),
            "Description": (declared[key].description if key in declared else "") or None,
            "ExportName": described.export_names.get(key),
        }
        for key, value in described.outputs.items()
    ]


def _shown(value: object) -> str:
    text = as_text(value)
    return json.dumps(value) if text is None else text


def _declared(name: str, declaration: Mapping[str, object]) -> Description:
    return {
        "ParameterKey": name,
        "DefaultValue": as_text(declaration.get("Default")),
        "ParameterType": declaration.get("Type"),
        "NoEcho": is_hidden(declaration),
        "Description": declaration.get("Description"),
        "ParameterConstraints": {"AllowedValues": _allowed(declaration)},
    }


def _iam_types(template: Template) -> str:
    types = {item.type for item in template.resources.values() if item.type.startswith("AWS::IAM::")}
    return ", ".join(sorted(types or {transform.name for transform in template.transform}))


def _allowed(declaration: Mapping[str, object]) -> list[str] | None:
    values = declaration.get("AllowedValues")
    return [as_text(value) or "" for value in values] if isinstance(values, list) else None
