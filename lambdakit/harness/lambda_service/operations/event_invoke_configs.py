"""How asynchronous events of a function, version or alias are treated.

Source: AWS Lambda API Reference, "PutFunctionEventInvokeConfig" and "UpdateFunctionEventInvokeConfig".
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from lambdakit.harness.lambda_service.event_invoke_configs import EventInvokeConfig
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.lambda_service.function_record import LATEST
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.paging import page_of
from lambdakit.harness.lambda_service.store import FunctionStore

# Guide "Capturing records of Lambda asynchronous invocations": standard queues and topics, functions, buses; S3 for
# failures.
_DESTINATION = re.compile(
    r"arn:aws[a-z-]*:(?:(?:sqs|sns):[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+"
    r"|lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(?::[A-Za-z0-9$_-]+)?"
    r"|events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9_./-]+)"
)
_BUCKET = re.compile(r"arn:aws[a-z-]*:s3:::[a-z0-9.-]+")


def event_invoke_config(
    functions: FunctionStore, named: FunctionName, given: Mapping[str, object], base: EventInvokeConfig
) -> EventInvokeConfig:
    """`base` with the members that are given. InvalidParameterValueException for a destination that cannot be one."""
    destinations = given.get("DestinationConfig")
    fields: dict[str, object] = {}
    if given.get("MaximumRetryAttempts") is not None:
        fields["maximum_retry_attempts"] = given["MaximumRetryAttempts"]
    if given.get("MaximumEventAgeInSeconds") is not None:
        fields["maximum_event_age_seconds"] = given["MaximumEventAgeInSeconds"]
    if isinstance(destinations, Mapping):
        for member, field in (("OnSuccess", "on_success"), ("OnFailure", "on_failure")):
            if member in destinations:
                arn = str((destinations[member] or {}).get("Destination") or "")
                _check_destination(functions, named, arn, failure=member == "OnFailure")
                fields[field] = arn
    return dataclasses.replace(base, **fields)  # type: ignore[arg-type]  # the members' types are the shape's


def _put(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    _refuse_nothing(given)
    return _store(named, event_invoke_config(context.functions, named, given, EventInvokeConfig()), context)


def _update(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    _refuse_nothing(given)
    base = _find(named, context)
    return _store(named, event_invoke_config(context.functions, named, given, base), context)


def _get(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    return _output(named, _find(named, context))


def _delete(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    context.functions.event_invoke_configs.delete(_arn(named), named.qualifier)
    return {}


def _list(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    configs = context.functions.event_invoke_configs.of_function(_arn(named)).items()
    page, marker = page_of(configs, given, key=lambda config: config[0])
    return {
        "FunctionEventInvokeConfigs": [
            _output(dataclasses.replace(named, qualifier=qualifier), config) for qualifier, config in page
        ],
        "NextMarker": marker,
    }


OPERATIONS: Mapping[str, Operation] = {
    "DeleteFunctionEventInvokeConfig": _delete,
    "GetFunctionEventInvokeConfig": _get,
    "ListFunctionEventInvokeConfigs": _list,
    "PutFunctionEventInvokeConfig": _put,
    "UpdateFunctionEventInvokeConfig": _update,
}


def _refuse_nothing(given: Input) -> None:
    settings = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    if not any(given.get(name) is not None for name in settings):
        raise ServiceFault(
            "InvalidParameterValueException", "You must specify at least one of error handling or destination setting."
        )


def _check_destination(functions: FunctionStore, named: FunctionName, arn: str, *, failure: bool) -> None:
    if not arn:
        return
    if not _DESTINATION.fullmatch(arn) and not (failure and _BUCKET.fullmatch(arn)):
        raise ServiceFault("InvalidParameterValueException", f"The destination ARN {arn} is invalid.")
    if ":lambda:" in arn and arn.split(":")[2] == "lambda":
        target = functions.parse(arn)
        if target.name == named.name and target.region == named.region:
            raise ServiceFault(
                "InvalidParameterValueException", "You can't specify the function as a destination for itself."
            )


def _store(named: FunctionName, config: EventInvokeConfig, context: OperationContext) -> Output:
    stored = dataclasses.replace(config, last_modified=context.clock.now())
    context.functions.event_invoke_configs.put(_arn(named), named.qualifier, stored)
    return _output(named, stored)


def _find(named: FunctionName, context: OperationContext) -> EventInvokeConfig:
    found = context.functions.event_invoke_configs.find(_arn(named), named.qualifier)
    if found is None:
        raise ServiceFault(
            "ResourceNotFoundException",
            f"The function {_arn(named)}:{named.qualifier or LATEST} doesn't have an EventInvokeConfig",
        )
    return found


def _output(named: FunctionName, config: EventInvokeConfig) -> Output:
    return {
        "LastModified": config.last_modified,
        "FunctionArn": f"{_arn(named)}:{named.qualifier or LATEST}",
        "MaximumRetryAttempts": config.maximum_retry_attempts,
        "MaximumEventAgeInSeconds": config.maximum_event_age_seconds,
        "DestinationConfig": {
            "OnSuccess": {"Destination": config.on_success or None},
            "OnFailure": {"Destination": config.on_failure or None},
        },
    }


def _arn(named: FunctionName) -> str:
    return dataclasses.replace(named, qualifier="").arn
