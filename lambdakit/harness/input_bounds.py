"""What the bounds of a service's model say of a request that makes something, before moto is asked, which takes it.

Only operations whose services look at their input by these bounds, and that applications are set up with: a value that
AWS takes and the model does not know yet would be refused here. The form is that of services which check them so.

What the models lack stands beside them: DynamoDB's for the name of a table is that of an ARN, and retention is a
number. IAM is held to lengths and ranges alone: it has other words for characters that it does not take.

Source: botocore's service models; Amazon CloudWatch Logs API Reference, "PutRetentionPolicy" (the numbers) and "Common
errors" (`InvalidParameterException`); Amazon DynamoDB API Reference, "CreateTable"; Amazon DynamoDB Developer Guide,
"Supported data types and naming rules". No page confirms the texts of CloudWatch Logs and that for a table's name.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from lambdakit.harness.account import Account
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.input_validation import check_input
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.harness.wire import Request, Response
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounded:
    """A service. client: as boto3 names it. code: of its error."""

    client: str
    operations: frozenset[str]
    code: str = "ValidationException"


# By what `X-Amz-Target` begins with.
_SERVICES: Final[Mapping[str, _Bounded]] = {
    "DynamoDB_20120810": _Bounded(
        client="dynamodb", operations=frozenset({"CreateTable", "UpdateTable", "UpdateTimeToLive"})
    ),
    "AWSEvents": _Bounded(
        client="events",
        operations=frozenset(
            {"CreateApiDestination", "CreateArchive", "CreateConnection", "CreateEventBus", "PutRule", "PutTargets"}
        ),
    ),
    "Kinesis_20131202": _Bounded(
        client="kinesis", operations=frozenset({"CreateStream", "RegisterStreamConsumer", "StartStreamEncryption"})
    ),
    "Logs_20140328": _Bounded(
        client="logs",
        operations=frozenset({"CreateLogGroup", "PutMetricFilter", "PutRetentionPolicy", "PutSubscriptionFilter"}),
        code="InvalidParameterException",
    ),
}
_TABLE: Final = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_TABLE_PROBLEM: Final = (
    "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the "
    "characters a-z, A-Z, 0-9, '_', '-', and '.'"
)
_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
_IAM: Final = "iam"
_IAM_OPERATIONS: Final = frozenset(
    {"CreateGroup", "CreateInstanceProfile", "CreatePolicy", "CreateRole", "CreateUser", "PutGroupPolicy"}
    | {"PutRolePolicy", "PutUserPolicy", "UpdateRole"}
)


def bound_inputs(account: Account) -> None:
    """From now on requests beyond the bounds are refused."""
    for target, service in _SERVICES.items():
        account.stand_before(target, functools.partial(_serve, account, service))
    account.stand_before(_IAM, functools.partial(_serve_iam, account))


def _serve(
    account: Account, service: _Bounded, request: Request, account_id: str, pass_on: Callable[[Request], Response]
) -> Response:
    operation = request.headers.get("x-amz-target").partition(".")[2]
    if operation in service.operations and "json" in request.headers.get("content-type"):
        problem = _problem(account, service, operation, request.body)
        if problem:
            body = json.dumps({"__type": service.code, "message": problem}).encode()
            headers = [("Content-Type", request.headers.get("content-type")), ("x-amzn-ErrorType", service.code)]
            return Response(status=400, headers=headers, body=body)
    return pass_on(request)


def _problem(account: Account, service: _Bounded, operation: str, body: bytes) -> str:
    """Why a request is refused; empty where it is not, or is no JSON of the form, which moto refuses itself."""
    model: Any = account.client(service.client, account.region, account.account_id).meta.service_model
    try:
        given = json.loads(body or b"{}")
        check_input(model.operation_model(operation).input_shape, given)
    except ServiceFault as fault:
        return fault.message
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ""
    return _further(operation, given)


def _further(operation: str, given: Mapping[str, Any]) -> str:
    """What no model says."""
    if operation == "CreateTable" and not str(given["TableName"]).startswith("arn:"):
        return "" if _TABLE.fullmatch(given["TableName"]) else _TABLE_PROBLEM
    if operation == "PutRetentionPolicy" and given["retentionInDays"] not in _DAYS:
        return (
            f"1 validation error detected: Value '{given['retentionInDays']}' at 'retentionInDays' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(map(str, _DAYS))}]"
        )
    return ""


def _serve_iam(account: Account, request: Request, account_id: str, pass_on: Callable[[Request], Response]) -> Response:
    """IAM takes forms. Source: IAM API Reference, "Common errors" (`ValidationError`)."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    operation = form.get("Action", "")
    if operation not in _IAM_OPERATIONS:
        return pass_on(request)
    model: Any = account.client(_IAM, account.region, account.account_id).meta.service_model
    problems = list(_lengths(model.operation_model(operation).input_shape, form))
    if not problems:
        return pass_on(request)
    text = f"{len(problems)} validation error{'s' * (len(problems) > 1)} detected: {'; '.join(problems)}"
    body = (
        f'<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>'
        f"<Code>ValidationError</Code><Message>{escape(text)}</Message></Error><RequestId>{random_uuid()}</RequestId>"
        "</ErrorResponse>"
    )
    return Response(status=400, headers=[("Content-Type", "text/xml")], body=body.encode())


def _lengths(shape: Any, form: Mapping[str, str]) -> Iterator[str]:
    """The members, texts and numbers, that are too long or too large, or the opposite."""
    for name, member in shape.members.items():
        value = form.get(name)
        if value is None or member.type_name not in ("string", "integer"):
            continue
        is_number = member.type_name == "integer"
        if is_number and re.fullmatch(r"-?[0-9]{1,9}", value) is None:
            continue
        size, what = (int(value), "value") if is_number else (len(value), "length")
        bounds, shown = (
            member.metadata,
            f"Value '{value}' at '{name[:1].lower()}{name[1:]}' failed to satisfy constraint: ",
        )
        if size > bounds.get("max", size):
            yield f"{shown}Member must have {what} less than or equal to {bounds['max']}"
        if size < bounds.get("min", size):
            yield f"{shown}Member must have {what} greater than or equal to {bounds['min']}"
