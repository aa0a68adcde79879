"""What state machines do in their tasks: functions are called and services asked, with the machine's role.

Source: AWS Step Functions Developer Guide, "Invoke an AWS Lambda function with Step Functions", "How Step Functions
generates IAM policies for integrated services".
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.harness.delivery.alarm_actions import PutAwsEvent
from lambdakit.harness.delivery.delivery import NotDelivered
from lambdakit.harness.delivery.execution_events import put_execution_event
from lambdakit.harness.delivery.function_calls import Caller, CallRefused, FunctionCalls
from lambdakit.harness.invocation.shipment import Clients
from lambdakit.harness.moto_state.state_machines import ExecutionChange
from lambdakit.trace import StateMachineEnded, TraceLog

_SESSION: Final = "states"


class StateMachineTasks:
    """Clients for tasks. clients: in a session of a role. put_event: absence drops what is meant for EventBridge."""

    def __init__(
        self, calls: FunctionCalls, clients: Clients, trace: TraceLog, put_event: PutAwsEvent | None = None
    ) -> None:
        self._calls = calls
        self._clients = clients
        self._trace = trace
        self._put_event = put_event

    def client(self, service: str, region: str, role_arn: str) -> Any:
        """A client of a service for the machine with this role."""
        client = self._clients(service, region, role=role_arn)
        if service == "lambda":
            return FunctionClient(self._calls, Caller(role_arn=role_arn, session=_SESSION), client)
        return client

    def begun(self, execution: ExecutionChange) -> None:
        """Tells EventBridge of an execution that begins."""
        if self._put_event is not None:
            put_execution_event(self._put_event, execution)

    def ended(self, execution: ExecutionChange) -> None:
        """Tells of an execution that has ended."""
        self._trace.append(
            StateMachineEnded(
                execution=execution.arn,
                machine=execution.machine_arn,
                status=execution.status,
                error=execution.error,
                cause=execution.cause,
            )
        )
        if self._put_event is not None:
            put_execution_event(self._put_event, execution)


class ExpressMachines:
    """Runs express state machines to their end. clients: in a session of a role."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def run(self, machine: str, payload: bytes, role_arn: str) -> bytes:
        """The machine's output. NotDelivered when it is refused or fails."""
        region = machine.split(":")[3]
        client = self._clients("stepfunctions", region, role=role_arn)
        try:
            ended = client.start_sync_execution(stateMachineArn=machine, input=payload.decode())
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            raise NotDelivered(code, message, is_final=True) from None
        if ended["status"] != "SUCCEEDED":
            raise NotDelivered(str(ended.get("error", ended["status"])), str(ended.get("cause", "")), is_final=True)
        return str(ended["output"]).encode()


class FunctionClient:
    """What a Lambda task asks of boto3's client, in the client's own words: `invoke` here, the rest of `client`."""

    def __init__(self, calls: FunctionCalls, caller: Caller, client: Any) -> None:
        self._calls = calls
        self._caller = caller
        self._client = client

    def __getattr__(self, name: str) -> Any:
        """An operation of the Lambda API that runs no function."""
        return getattr(self._client, name)

    def invoke(self, **given: Any) -> dict[str, Any]:
        """Runs a function and waits, or hands it an event. ClientError when it is refused."""
        function, qualifier = str(given["FunctionName"]), str(given.get("Qualifier") or "")
        payload: bytes = given.get("Payload") or b"{}"
        kind = str(given.get("InvocationType") or "RequestResponse")
        operations: dict[str, Callable[[], dict[str, Any]]] = {
            "RequestResponse": lambda: self._run(function, qualifier, payload, given.get("ClientContext")),
            "Event": lambda: self._send(function, qualifier, payload),
        }
        if kind not in operations:
            raise _error(400, "InvalidParameterValueException", f"InvocationType {kind} is not served in a task")
        try:
            return operations[kind]()
        except CallRefused as refused:
            raise _error(refused.status, refused.code, refused.message) from None

    def _run(self, function: str, qualifier: str, payload: bytes, context: str | None) -> dict[str, Any]:
        answer = self._calls.call(function, payload, self._caller, qualifier=qualifier, client_context=context)
        told = {"StatusCode": 200, "ExecutedVersion": answer.version, "Payload": io.BytesIO(answer.payload or b"null")}
        return {**told, "FunctionError": "Unhandled"} if answer.failed else told

    def _send(self, function: str, qualifier: str, payload: bytes) -> dict[str, Any]:
        self._calls.send(function, payload, self._caller, qualifier=qualifier)
        return {"StatusCode": 202, "Payload": io.BytesIO(b"{}")}


def _error(status: int, code: str, message: str) -> ClientError:
    metadata = {"HTTPStatusCode": status, "RequestId": str(uuid.uuid4()), "HTTPHeaders": {}, "RetryAttempts": 0}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "Invoke")
