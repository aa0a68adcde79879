"""Capacity providers, which are stored and returned.

Source: AWS Lambda API Reference, "CreateCapacityProvider" and the pages beside it; Developer Guide, "Capacity
providers" (the defaults).
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.harness.lambda_service.capacity_providers import CapacityProvider
from lambdakit.harness.lambda_service.function_output import time_text
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.operations.tags import check_tags
from lambdakit.harness.lambda_service.paging import page_of

_MEMBERS = (
    *("VpcConfig", "PermissionsConfig", "InstanceRequirements", "CapacityProviderScalingConfig", "KmsKeyArn"),
    *("PropagateTags", "TelemetryConfig"),
)
_CHANGEABLE = ("CapacityProviderScalingConfig", "PropagateTags", "TelemetryConfig")
_SCALING = {"ScalingMode": "Auto", "MaxVCpuCount": 400}


def _create(given: Input, context: OperationContext) -> Output:
    tags = dict(given.get("Tags") or {})
    check_tags(tags)
    members = {name: given[name] for name in _MEMBERS if given.get(name) is not None}
    requirements = {"Architectures": ["x86_64"], **members.get("InstanceRequirements", {})}
    scaling = {**_SCALING, **members.get("CapacityProviderScalingConfig", {})}
    provider = context.functions.capacity_providers.create(
        given["CapacityProviderName"],
        context.region,
        {**members, "InstanceRequirements": requirements, "CapacityProviderScalingConfig": scaling},
        tags,
    )
    return {"CapacityProvider": _output(provider)}


def _get(given: Input, context: OperationContext) -> Output:
    return {"CapacityProvider": _output(_named(given, context))}


def _update(given: Input, context: OperationContext) -> Output:
    provider = _named(given, context)
    changed = {name: given[name] for name in _CHANGEABLE if given.get(name) is not None}
    if "CapacityProviderScalingConfig" in changed:
        changed["CapacityProviderScalingConfig"] = {**_SCALING, **changed["CapacityProviderScalingConfig"]}
    after = context.functions.capacity_providers.put(provider, members={**provider.members, **changed})
    return {"CapacityProvider": _output(after)}


def _delete(given: Input, context: OperationContext) -> Output:
    gone = context.functions.capacity_providers.delete(given["CapacityProviderName"], context.region)
    return {"CapacityProvider": {**_output(gone), "State": "Deleting"}}


def _list(given: Input, context: OperationContext) -> Output:
    state = given.get("State")
    there = [] if state not in (None, "Active") else context.functions.capacity_providers.in_region(context.region)
    page, marker = page_of(there, given, key=lambda provider: provider.arn)
    return {"CapacityProviders": [_output(provider) for provider in page], "NextMarker": marker}


def _versions_of(given: Input, context: OperationContext) -> Output:
    arn = _named(given, context).arn
    page, marker = page_of(context.functions.capacity_providers.versions_of(arn), given, key=str)
    versions = [{"FunctionArn": version, "State": "Active"} for version in page]
    return {"CapacityProviderArn": arn, "FunctionVersions": versions, "NextMarker": marker}


OPERATIONS: Mapping[str, Operation] = {
    "CreateCapacityProvider": _create,
    "DeleteCapacityProvider": _delete,
    "GetCapacityProvider": _get,
    "ListCapacityProviders": _list,
    "ListFunctionVersionsByCapacityProvider": _versions_of,
    "UpdateCapacityProvider": _update,
}


def _named(given: Input, context: OperationContext) -> CapacityProvider:
    return context.functions.capacity_providers.get(given["CapacityProviderName"], context.region)


def _output(provider: CapacityProvider) -> Output:
    return {
        "CapacityProviderArn": provider.arn,
        "State": "Active",
        **provider.members,
        "LastModified": time_text(provider.last_modified),
    }
