"""Systems Manager. A parameter's name begins with a slash that its ARN has once.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Systems Manager"; Systems
Manager User Guide, "Restricting access to Parameter Store parameters using IAM policies" and "Working with parameter
versions" (`name:3`, `name:label`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall, listed
from lambdakit.harness.iam.rules import Need, Rules

_NAMES_MAX: Final = 1000


def parameter_arn(call: ApiCall, name: str) -> str:
    """The ARN of a parameter by its name, with or without a selector, or its ARN."""
    if name.startswith("arn:"):
        head, _, own = name.partition(":parameter/")
        return f"{head}:parameter/{own.partition(':')[0]}"
    return call.arn("ssm", f"parameter/{name.partition(':')[0].removeprefix('/')}")


def _parameter(call: ApiCall) -> Sequence[str]:
    if call.operation == "GetParametersByPath":
        names = [call.text("Path")]
    else:
        names = [*listed(call.members.get("Names")), *listed(call.members.get("Name"))]
    return [parameter_arn(call, name) for name in names[:_NAMES_MAX] if isinstance(name, str) and name]


def _tagged(call: ApiCall, kind: str) -> Sequence[str]:
    """The resource of the tagging operations, which name its kind and its id."""
    resource = call.text("ResourceId")
    if kind == "parameter":
        return [parameter_arn(call, resource)]
    return [resource if resource.startswith("arn:") else call.arn("ssm", f"{kind}/{resource}")]


# `ResourceType` of the tagging operations -> what stands before the id in the ARN.
# Source: Systems Manager API Reference, "AddTagsToResource".
_TAGGED: Final = {
    "Association": "association",
    "Automation": "automation-execution",
    "Document": "document",
    "MaintenanceWindow": "maintenancewindow",
    "ManagedInstance": "managed-instance",
    "OpsItem": "opsitem",
    "OpsMetadata": "opsmetadata",
    "Parameter": "parameter",
    "PatchBaseline": "patchbaseline",
}


def _tags(call: ApiCall) -> Sequence[Need] | None:
    kind = _TAGGED.get(call.text("ResourceType"))
    if kind is None or not call.text("ResourceId"):
        return None
    return [Need(action=f"ssm:{call.operation}", resources=tuple(_tagged(call, kind)))]


SSM: Final = Rules(
    resources={"parameter": _parameter},
    members={
        "document.DocumentName": ("DocumentName", "Name", "CalendarNames"),
        "maintenancewindow.ResourceId": ("WindowId",),
        "windowtarget.WindowTargetId": ("WindowTargetId",),
        "patchbaseline.PatchBaselineIdResourceId": ("BaselineId",),
        "opsmetadata.ResourceId": ("OpsMetadataArn",),
        "opsitem.ResourceId": ("OpsItemId",),
        "servicesetting.ResourceId": ("SettingId",),
        "iam-role.RoleName": ("IamRole",),
    },
    opaque=frozenset({"CancelMaintenanceWindowExecution", "GetAccessToken", "GetDefaultPatchBaseline"}),
    readers=dict.fromkeys(("AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"), _tags),
)
