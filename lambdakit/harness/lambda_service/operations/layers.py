"""Layers and who may use them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lambdakit.arn import partition_of
from lambdakit.harness.lambda_service.code_source import read_code
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_output import time_text
from lambdakit.harness.lambda_service.function_table import check_revision
from lambdakit.harness.lambda_service.layers import LayerDetails, LayerVersion
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.paging import page_of
from lambdakit.harness.lambda_service.resource_policies import (
    add_statement,
    document_of,
    layer_statement,
    remove_statement,
)


def _publish(given: Input, context: OperationContext) -> Output:
    content = read_code(given["Content"], client=context.client, code=context.code)
    assert content is not None, "a layer is never a container image"
    arn = context.layers.publish(
        _layer_arn(given, context),
        content.directory,
        unzipped_bytes=content.unzipped_bytes,
        details=LayerDetails(
            description=given.get("Description") or "",
            license_info=given.get("LicenseInfo") or "",
            runtimes=tuple(given.get("CompatibleRuntimes") or ()),
            architectures=tuple(given.get("CompatibleArchitectures") or ()),
            code_sha256=content.sha256,
            code_size=content.size,
            created=context.clock.now(),
        ),
    )
    return _output(context.layers.used(arn), context)


def _get(given: Input, context: OperationContext) -> Output:
    return _output(_found(given, context), context)


def _get_by_arn(given: Input, context: OperationContext) -> Output:
    found = context.layers.find(given["Arn"])
    if found is None:
        raise _missing()
    return _output(found, context)


def _list(given: Input, context: OperationContext) -> Output:
    layers = []
    for layer_arn in context.layers.layer_arns(context.functions.account_id, context.region):
        matching = [version for version in context.layers.versions(layer_arn) if _matches(version, given)]
        if matching:
            layers.append(
                {
                    "LayerName": layer_arn.rpartition(":")[2],
                    "LayerArn": layer_arn,
                    "LatestMatchingVersion": _item(matching[0]),
                }
            )
    page, marker = page_of(layers, given, key=lambda layer: str(layer["LayerArn"]))
    return {"Layers": page, "NextMarker": marker}


def _list_versions(given: Input, context: OperationContext) -> Output:
    versions = context.layers.versions(_layer_arn(given, context))
    page, marker = page_of(
        [version for version in versions if _matches(version, given)],
        given,
        key=lambda version: f"{10**9 - version.number}",
    )
    return {"LayerVersions": [_item(version) for version in page], "NextMarker": marker}


def _delete(given: Input, context: OperationContext) -> Output:
    """API DeleteLayerVersion; one that is not there is deleted already."""
    context.layers.delete(f"{_layer_arn(given, context)}:{given['VersionNumber']}")
    return {}


def _allow(given: Input, context: OperationContext) -> Output:
    version = _found(given, context)
    statement = layer_statement(given["StatementId"], version.arn, given)
    with context.layers.policies:
        check_revision(given.get("RevisionId"), version.policy.revision_id, read_with="GetLayerVersionPolicy")
        add_statement(version.policy, given["StatementId"], statement)
        revision = version.policy.revision_id
    return {"Statement": json.dumps(statement, separators=(",", ":")), "RevisionId": revision}


def _disallow(given: Input, context: OperationContext) -> Output:
    version = _found(given, context)
    with context.layers.policies:
        check_revision(given.get("RevisionId"), version.policy.revision_id, read_with="GetLayerVersionPolicy")
        remove_statement(version.policy, given["StatementId"])
    return {}


def _policy(given: Input, context: OperationContext) -> Output:
    version = _found(given, context)
    with context.layers.policies:
        if not version.policy.statements:
            raise ServiceFault("ResourceNotFoundException", "No policy is associated with the given resource.")
        return {"Policy": document_of(version.policy), "RevisionId": version.policy.revision_id}


OPERATIONS: Mapping[str, Operation] = {
    "AddLayerVersionPermission": _allow,
    "DeleteLayerVersion": _delete,
    "GetLayerVersion": _get,
    "GetLayerVersionByArn": _get_by_arn,
    "GetLayerVersionPolicy": _policy,
    "ListLayerVersions": _list_versions,
    "ListLayers": _list,
    "PublishLayerVersion": _publish,
    "RemoveLayerVersionPermission": _disallow,
}


def _layer_arn(given: Input, context: OperationContext) -> str:
    name: str = given["LayerName"]
    if name.startswith("arn:"):
        return name
    return f"arn:{partition_of(context.region)}:lambda:{context.region}:{context.functions.account_id}:layer:{name}"


def _found(given: Input, context: OperationContext) -> LayerVersion:
    found = context.layers.find(f"{_layer_arn(given, context)}:{given['VersionNumber']}")
    if found is None:
        raise _missing()
    return found


def _missing() -> ServiceFault:
    return ServiceFault("ResourceNotFoundException", "The resource you requested does not exist.")


def _matches(version: LayerVersion, given: Input) -> bool:
    runtime, architecture = given.get("CompatibleRuntime"), given.get("CompatibleArchitecture")
    details = version.details
    return (runtime is None or runtime in details.runtimes) and (
        architecture is None or architecture in details.architectures
    )


def _item(version: LayerVersion) -> Output:
    details = version.details
    return {
        "LayerVersionArn": version.arn,
        "Version": version.number,
        "Description": details.description,
        "CreatedDate": time_text(details.created),
        "CompatibleRuntimes": list(details.runtimes) or None,
        "CompatibleArchitectures": list(details.architectures) or None,
        "LicenseInfo": details.license_info or None,
    }


def _output(version: LayerVersion, context: OperationContext) -> Output:
    details = version.details
    return {
        **_item(version),
        "LayerArn": version.layer_arn,
        "Content": {
            "Location": context.code_link(version.directory) or None,
            "CodeSha256": details.code_sha256,
            "CodeSize": details.code_size,
        },
    }
