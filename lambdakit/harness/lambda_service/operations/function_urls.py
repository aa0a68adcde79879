"""Function URLs."""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.lambda_service.function_record import LATEST
from lambdakit.harness.lambda_service.function_urls import FunctionUrl
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.paging import page_of


def _create(given: Input, context: OperationContext) -> Output:
    url = context.functions.urls.create(
        _named(given, context),
        auth_type=given["AuthType"],
        cors=given.get("Cors") or {},
        invoke_mode=given.get("InvokeMode") or "BUFFERED",
    )
    output = {**_output(url)}
    del output["LastModifiedTime"]
    return output


def _update(given: Input, context: OperationContext) -> Output:
    url = context.functions.urls.update(
        _named(given, context),
        auth_type=given.get("AuthType"),
        cors=given.get("Cors"),
        invoke_mode=given.get("InvokeMode"),
    )
    return _output(url)


def _get(given: Input, context: OperationContext) -> Output:
    return _output(context.functions.urls.get(_named(given, context)))


def _delete(given: Input, context: OperationContext) -> Output:
    context.functions.urls.delete(_named(given, context))
    return {}


def _list(given: Input, context: OperationContext) -> Output:
    page, marker = page_of(
        context.functions.urls.of_function(_named(given, context)), given, key=lambda url: url.qualifier
    )
    return {"FunctionUrlConfigs": [_output(url) for url in page], "NextMarker": marker}


OPERATIONS: Mapping[str, Operation] = {
    "CreateFunctionUrlConfig": _create,
    "DeleteFunctionUrlConfig": _delete,
    "GetFunctionUrlConfig": _get,
    "ListFunctionUrlConfigs": _list,
    "UpdateFunctionUrlConfig": _update,
}


def _named(given: Input, context: OperationContext) -> FunctionName:
    named = context.name_of(given)
    if named.qualifier.isdigit() or named.qualifier == LATEST:  # Guide: an alias, or no qualifier at all
        raise ServiceFault(
            "InvalidParameterValueException",
            f"A function URL belongs to a function or an alias, not to {named.qualifier}",
        )
    return named


def _output(url: FunctionUrl) -> dict[str, object]:
    return {
        "FunctionUrl": url.url,
        "FunctionArn": url.target_arn,
        "AuthType": url.auth_type,
        "Cors": dict(url.cors) or None,
        "CreationTime": url.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "LastModifiedTime": url.last_modified.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "InvokeMode": url.invoke_mode,
    }
