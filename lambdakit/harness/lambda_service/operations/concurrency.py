"""Reserved and provisioned concurrency, and what the account has of both."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_output import time_text
from lambdakit.harness.lambda_service.function_record import ProvisionedConcurrency
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.paging import page_of
from lambdakit.limits import (
    CODE_STORAGE_BYTES_MAX,
    CONCURRENT_EXECUTIONS,
    PACKAGE_UNZIPPED_BYTES_MAX,
    PACKAGE_UPLOADED_BYTES_MAX,
)


def _reserve(given: Input, context: OperationContext) -> Output:
    named = context.name_of(given)
    _refuse_qualifier(named.qualifier)
    context.functions.concurrency.reserve(named, given["ReservedConcurrentExecutions"])
    return {"ReservedConcurrentExecutions": given["ReservedConcurrentExecutions"]}


def _reserved(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    return {"ReservedConcurrentExecutions": context.functions.stored(named).reserved_concurrency}


def _take_back(given: Input, context: OperationContext) -> Output:
    named = context.name_of(given)
    _refuse_qualifier(named.qualifier)
    context.functions.concurrency.reserve(named, None)
    return {}


def _provision(given: Input, context: OperationContext) -> Output:
    named = context.name_of(given)
    config = context.functions.concurrency.provision(named, given["ProvisionedConcurrentExecutions"])
    return _config(config)


def _provisioned(given: Input, context: OperationContext) -> Output:
    return _config(context.functions.concurrency.config(context.name_of(given)))


def _unprovision(given: Input, context: OperationContext) -> Output:
    context.functions.concurrency.unprovision(context.name_of(given))
    return {}


def _list_provisioned(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    arn = dataclasses.replace(named, qualifier="").arn
    configs = context.functions.concurrency.provisioned_of(arn).items()
    page, marker = page_of(configs, given, key=lambda config: config[0])
    return {
        "ProvisionedConcurrencyConfigs": [
            {"FunctionArn": f"{arn}:{qualifier}", **_config(config)} for qualifier, config in page
        ],
        "NextMarker": marker,
    }


def _account_settings(given: Input, context: OperationContext) -> Output:
    del given
    functions = context.functions.functions(context.region)
    sizes = [
        record.configuration.code_size
        for function in functions
        for record in context.functions.versions(function.name, context.region)
    ]
    return {
        "AccountLimit": {
            "TotalCodeSize": CODE_STORAGE_BYTES_MAX,
            "CodeSizeUnzipped": PACKAGE_UNZIPPED_BYTES_MAX,
            "CodeSizeZipped": PACKAGE_UPLOADED_BYTES_MAX,
            "ConcurrentExecutions": CONCURRENT_EXECUTIONS,
            "UnreservedConcurrentExecutions": context.functions.concurrency.unreserved(context.region),
        },
        "AccountUsage": {"TotalCodeSize": sum(sizes), "FunctionCount": len(functions)},
    }


OPERATIONS: Mapping[str, Operation] = {
    "DeleteFunctionConcurrency": _take_back,
    "DeleteProvisionedConcurrencyConfig": _unprovision,
    "GetAccountSettings": _account_settings,
    "GetFunctionConcurrency": _reserved,
    "GetProvisionedConcurrencyConfig": _provisioned,
    "ListProvisionedConcurrencyConfigs": _list_provisioned,
    "PutFunctionConcurrency": _reserve,
    "PutProvisionedConcurrencyConfig": _provision,
}


def _config(config: ProvisionedConcurrency) -> Output:
    return {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": config.available,
        "AllocatedProvisionedConcurrentExecutions": config.allocated,
        "Status": config.status,
        "StatusReason": config.reason or None,
        "LastModified": time_text(config.last_modified),
    }


def _refuse_qualifier(qualifier: str) -> None:
    """Guide: a reservation is the function's, for all versions together."""
    if qualifier:
        raise ServiceFault(
            "InvalidParameterValueException",
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
            "Please specify either a function name or an unqualified function ARN.",
        )
