"""First-class integrations of HTTP APIs with AWS services: a request becomes a call of a service, made with a role.

Source: API Gateway Developer Guide, "Create AWS service integrations for HTTP APIs", "Integration subtype reference".
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError, ParamValidationError

from lambdakit.harness.moto_state.http_apis import Integration
from lambdakit.harness.routing.exchange import Exchange, OwnAnswer
from lambdakit.harness.routing.integrations import Integrated
from lambdakit.harness.routing.parameter_mapping import request_reader, resolved
from lambdakit.harness.routing.sqs_xml import sqs_answer, sqs_error
from lambdakit.harness.wire import Response
from lambdakit.records import dataclass

_JSON: Final = ("content-type", "application/x-amz-json-1.1")
_SESSION: Final = "BackplaneAssumeRoleSession"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtype:
    """An operation of a service, and the parameters that an integration may set. `Region` goes with all of them."""

    service: str
    operation: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


SUBTYPES: Final[Mapping[str, Subtype]] = {
    "EventBridge-PutEvents": Subtype(
        service="events",
        operation="put_events",
        required=("Detail", "DetailType", "Source"),
        optional=("Time", "EventBusName", "Resources", "TraceHeader"),
    ),
    "SQS-SendMessage": Subtype(
        service="sqs",
        operation="send_message",
        required=("QueueUrl", "MessageBody"),
        optional=(
            *("DelaySeconds", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId"),
            "MessageSystemAttributes",
        ),
    ),
    "SQS-ReceiveMessage": Subtype(
        service="sqs",
        operation="receive_message",
        required=("QueueUrl",),
        optional=(
            *("AttributeNames", "MaxNumberOfMessages", "MessageAttributeNames", "ReceiveRequestAttemptId"),
            *("VisibilityTimeout", "WaitTimeSeconds"),
        ),
    ),
    "SQS-DeleteMessage": Subtype(service="sqs", operation="delete_message", required=("QueueUrl", "ReceiptHandle")),
    "SQS-PurgeQueue": Subtype(service="sqs", operation="purge_queue", required=("QueueUrl",)),
    "Kinesis-PutRecord": Subtype(
        service="kinesis",
        operation="put_record",
        required=("StreamName", "Data", "PartitionKey"),
        optional=("SequenceNumberForOrdering", "ExplicitHashKey"),
    ),
    "StepFunctions-StartExecution": Subtype(
        service="stepfunctions",
        operation="start_execution",
        required=("StateMachineArn",),
        optional=("Name", "Input"),
    ),
    "StepFunctions-StartSyncExecution": Subtype(
        service="stepfunctions",
        operation="start_sync_execution",
        required=("StateMachineArn",),
        optional=("Name", "Input", "TraceHeader"),
    ),
    "StepFunctions-StopExecution": Subtype(
        service="stepfunctions",
        operation="stop_execution",
        required=("ExecutionArn",),
        optional=("Cause", "Error"),
    ),
}


class Clients(Protocol):
    """Makes clients that act in a session of a role."""

    def __call__(self, service: str, region: str, *, role: str, session: str) -> Any:
        """A boto3 client."""


class Assumption(Protocol):
    """Whether API Gateway may act as a role."""

    def __call__(self, role_arn: str) -> str | None:
        """Why not; None when it may."""


class ServiceIntegration:
    """Calls the service that an integration's subtype names, as its role."""

    def __init__(self, clients: Clients, assumption_refusal: Assumption) -> None:
        self._clients = clients
        self._assumption_refusal = assumption_refusal

    def __call__(self, exchange: Exchange, integration: Integration) -> Integrated:
        """The service's answer, its errors included; see `Integrate`."""
        subtype = SUBTYPES.get(integration.subtype)
        if subtype is None:
            raise OwnAnswer(500, "Internal Server Error", f"there is no integration subtype {integration.subtype}")
        refused = self._assumption_refusal(integration.credentials_arn)
        if refused is not None:
            raise OwnAnswer(500, "Internal Server Error", refused)
        read = request_reader(exchange)
        values = {name: resolved(value, read) for name, value in integration.request_parameters.items()}
        given = {name: value for name, value in values.items() if value != ""}
        missing = [name for name in subtype.required if name not in given]
        if missing:
            raise OwnAnswer(400, "Bad Request", f"the request gives nothing for {', '.join(missing)}")
        region = given.pop("Region", "") or exchange.region
        client = self._clients(subtype.service, region, role=integration.credentials_arn, session=_SESSION)
        try:
            arguments = _arguments(client, subtype, given)
        except (ValueError, RecursionError) as error:
            raise OwnAnswer(400, "Bad Request", str(error)) from None
        return _called(client, subtype, arguments)


def _called(client: Any, subtype: Subtype, arguments: Mapping[str, Any]) -> Integrated:
    try:
        output = getattr(client, subtype.operation)(**arguments)
    except ParamValidationError as error:
        raise OwnAnswer(400, "Bad Request", str(error)) from None
    except ClientError as error:
        said = error.response["Error"]
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
        code, message = str(said.get("Code", "")), str(said.get("Message", ""))
        if subtype.service == "sqs":
            return Integrated(response=sqs_error(status, code, message))
        body = json.dumps({"__type": code, "message": message}).encode()
        return Integrated(response=Response(status=status, headers=[_JSON], body=body))
    metadata = output.pop("ResponseMetadata", {})
    request_id = str(metadata.get("RequestId", ""))
    if subtype.service == "sqs":
        name = client.meta.method_to_api_mapping[subtype.operation]
        return Integrated(response=sqs_answer(name, output, request_id), request_id=request_id)
    body = json.dumps(output, default=_wire, separators=(",", ":")).encode()
    return Integrated(response=Response(status=200, headers=[_JSON], body=body), request_id=request_id)


def _arguments(client: Any, subtype: Subtype, given: Mapping[str, str]) -> dict[str, Any]:
    """The parameters, each in the form that the operation has for it. ValueError for what cannot be one."""
    operation = client.meta.method_to_api_mapping[subtype.operation]
    shape = client.meta.service_model.operation_model(operation).input_shape
    if subtype.operation == "put_events":
        entry = {name: _converted(name, value, shape.members["Entries"].member) for name, value in given.items()}
        return {"Entries": [entry]}
    members = {member.lower(): member for member in shape.members}
    return {
        members[name.lower()]: _converted(members[name.lower()], value, shape)
        for name, value in given.items()
        if name.lower() in members
    }


def _converted(name: str, value: str, shape: Any) -> Any:
    member = shape.members[name]
    match member.type_name:
        case "integer" | "long":
            return int(value)
        case "list" | "map" | "structure":
            return _document(name, value, is_list=member.type_name == "list")
        case "blob":
            try:  # the service's JSON has it in base64, and the value is passed on as it is
                return base64.b64decode(value, validate=True)
            except binascii.Error:
                raise ValueError(f"{name} is not base64") from None
    return value


def _document(name: str, value: str, *, is_list: bool) -> Any:
    try:
        document = json.loads(value)
    except ValueError:
        if is_list:
            return [item.strip() for item in value.split(",")]
        raise ValueError(f"{name} is no JSON") from None
    return [document] if is_list and not isinstance(document, list) else document


def _wire(value: object) -> object:
    """A value of an answer as the service's JSON has it."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
