"""Code signing configurations, which are stored and returned."""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.harness.lambda_service.code_signing import CodeSigningConfig
from lambdakit.harness.lambda_service.function_output import time_text
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.operations.tags import check_tags
from lambdakit.harness.lambda_service.paging import page_of


def _create(given: Input, context: OperationContext) -> Output:
    check_tags(given.get("Tags") or {})
    config = context.functions.code_signing.create(
        context.region,
        publishers=tuple(given["AllowedPublishers"]["SigningProfileVersionArns"]),
        policies={"UntrustedArtifactOnDeployment": "Warn", **(given.get("CodeSigningPolicies") or {})},
        description=given.get("Description") or "",
        tags=dict(given.get("Tags") or {}),
    )
    return {"CodeSigningConfig": _output(config)}


def _get(given: Input, context: OperationContext) -> Output:
    return {"CodeSigningConfig": _output(context.functions.code_signing.get(given["CodeSigningConfigArn"]))}


def _update(given: Input, context: OperationContext) -> Output:
    values: dict[str, object] = {}
    if "AllowedPublishers" in given:
        values["publishers"] = tuple(given["AllowedPublishers"]["SigningProfileVersionArns"])
    if "CodeSigningPolicies" in given:
        values["policies"] = {"UntrustedArtifactOnDeployment": "Warn", **given["CodeSigningPolicies"]}
    if "Description" in given:
        values["description"] = given["Description"]
    return {
        "CodeSigningConfig": _output(context.functions.code_signing.update(given["CodeSigningConfigArn"], **values))
    }


def _delete(given: Input, context: OperationContext) -> Output:
    context.functions.code_signing.delete(given["CodeSigningConfigArn"])
    return {}


def _list(given: Input, context: OperationContext) -> Output:
    page, marker = page_of(
        context.functions.code_signing.in_region(context.region), given, key=lambda config: config.arn
    )
    return {"CodeSigningConfigs": [_output(config) for config in page], "NextMarker": marker}


def _functions_of(given: Input, context: OperationContext) -> Output:
    page, marker = page_of(context.functions.code_signing.functions_of(given["CodeSigningConfigArn"]), given, key=str)
    return {"FunctionArns": page, "NextMarker": marker}


def _put_of_function(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    arn = given["CodeSigningConfigArn"]
    context.functions.code_signing.get(arn, code="CodeSigningConfigNotFoundException")
    context.functions.change(named, lambda function: setattr(function, "code_signing_config", arn))
    return {"CodeSigningConfigArn": arn, "FunctionName": named.name}


def _get_of_function(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    arn = context.functions.stored(named).code_signing_config
    # Without one, AWS answers with the name alone, although its model requires both.
    return {"CodeSigningConfigArn": arn or None, "FunctionName": named.name}


def _delete_of_function(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    context.functions.change(named, lambda function: setattr(function, "code_signing_config", ""))
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreateCodeSigningConfig": _create,
    "DeleteCodeSigningConfig": _delete,
    "DeleteFunctionCodeSigningConfig": _delete_of_function,
    "GetCodeSigningConfig": _get,
    "GetFunctionCodeSigningConfig": _get_of_function,
    "ListCodeSigningConfigs": _list,
    "ListFunctionsByCodeSigningConfig": _functions_of,
    "PutFunctionCodeSigningConfig": _put_of_function,
    "UpdateCodeSigningConfig": _update,
}


def _output(config: CodeSigningConfig) -> Output:
    return {
        "CodeSigningConfigId": config.config_id,
        "CodeSigningConfigArn": config.arn,
        "Description": config.description,
        "AllowedPublishers": {"SigningProfileVersionArns": list(config.publishers)},
        "CodeSigningPolicies": dict(config.policies),
        "LastModified": time_text(config.last_modified),
    }
