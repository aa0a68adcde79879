"""When a function's runtime is updated, and whether it may call itself: stored and returned.

Source: AWS Lambda API Reference, "PutRuntimeManagementConfig" and "PutFunctionRecursionConfig".
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_record import LATEST
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output


def _put_management(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    mode, version = given["UpdateRuntimeOn"], given.get("RuntimeVersionArn")
    if mode == "Manual" and not version:
        raise _invalid("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.")
    if mode != "Manual" and version:
        raise _invalid(f"RuntimeVersionArn can only be given when UpdateRuntimeOn is Manual, not {mode}.")
    config = {"UpdateRuntimeOn": mode, **({"RuntimeVersionArn": version} if version else {})}
    key = named.qualifier or LATEST
    context.functions.change(named, lambda function: function.runtime_management.update({key: config}))
    return {**config, "FunctionArn": named.arn}


def _get_management(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    stored = context.functions.stored(named).runtime_management
    config = stored.get(named.qualifier or LATEST, {"UpdateRuntimeOn": "Auto"})
    return {**config, "FunctionArn": named.arn}


def _put_recursion(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    context.functions.change(named, lambda function: setattr(function, "recursive_loop", given["RecursiveLoop"]))
    return {"RecursiveLoop": given["RecursiveLoop"]}


def _get_recursion(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    return {"RecursiveLoop": context.functions.stored(named).recursive_loop}


OPERATIONS: Mapping[str, Operation] = {
    "GetFunctionRecursionConfig": _get_recursion,
    "GetRuntimeManagementConfig": _get_management,
    "PutFunctionRecursionConfig": _put_recursion,
    "PutRuntimeManagementConfig": _put_management,
}


def _invalid(problem: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValueException", problem)
