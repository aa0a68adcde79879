"""What takes events: one sender for each kind of target.

A sender asks for the permission that AWS would ask for, and makes the call that AWS would make.
Source: Amazon EventBridge User Guide, "Event bus targets in Amazon EventBridge"; AWS Lambda Developer Guide, "Viewing
resource-based IAM policies in Lambda".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import ClientError, ParamValidationError

from lambdakit.arn import Arn
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.lambda_service.invoke_request import check_payload
from lambdakit.harness.moto_state import queue_sends
from lambdakit.harness.moto_state.state_versions import unqualified
from lambdakit.limits import ASYNC_REQUEST_BYTES_MAX

# Errors after which a service is asked again.
_TRANSIENT = ("Throttl", "TooManyRequests", "ServiceUnavailable", "InternalFailure", "ProvisionedThroughputExceeded")


class Permissions(Protocol):
    """Who says whether a delivery is allowed."""

    def service_refusal(
        self, service: str, action: str, resource: str, *, source_arn: str = "", source_account: str = ""
    ) -> str | None:
        """Why an AWS service may not do something to a resource; None when it may."""

    def role_refusal(self, role_arn: str, session: str, action: str, resource: str) -> str | None:
        """Why a session of a role may not; None when it may."""

    def user_id(self, access_key_id: str) -> str:
        """The unique id of who signs with a key; empty for nobody known."""


# A client of the account's administrator: service, region, account.
Clients = Callable[[str, str, str], Any]
# Sends a delivery to its target. NotDelivered when the target does not take it.
Sender = Callable[[Delivery, Arn], None]


class Targets:
    """Sends deliveries."""

    def __init__(
        self, *, stores: FunctionStores, invocations: Invocations, clients: Clients, permissions: Permissions
    ) -> None:
        self._stores = stores
        self._invocations = invocations
        self._clients = clients
        self._permissions = permissions
        self._senders: dict[str, Sender] = {
            "lambda": self._to_function,
            "sqs": self._to_queue,
            "sns": self._to_topic,
            "kinesis": self._to_stream,
            "firehose": self._to_delivery_stream,
            "states": self._to_state_machine,
            "logs": self._to_log_group,
            "events": self._to_bus,
        }

    def serve(self, service: str, sender: Sender) -> None:
        """From now on `sender` sends to targets of a service, named as in their ARNs."""
        self._senders[service] = sender

    def serves(self, target: str) -> bool:
        """Whether anything is sent to targets of this kind. target: an ARN."""
        parts = target.split(":")
        return len(parts) > 5 and parts[2] in self._senders

    def send(self, delivery: Delivery) -> None:
        """Sends it once. NotDelivered with the reason when the target does not take it."""
        try:
            target = Arn.parse(delivery.target)
        except ValueError as error:
            raise NotDelivered("InvalidParameterValue", str(error), is_final=True) from None
        sender = self._senders.get(target.service)
        if sender is None:
            raise NotDelivered("NOT_SERVED", f"nothing runs behind {delivery.target} here", is_final=True)
        try:
            sender(delivery, target)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            raise NotDelivered(code, message, is_final=not code.startswith(_TRANSIENT)) from None
        except ParamValidationError as error:
            raise NotDelivered("InvalidParameterValue", str(error), is_final=True) from None

    def permit(self, delivery: Delivery, action: str, resource: str) -> None:
        """Returns when a delivery may do something to a resource, and is NotDelivered when it may not."""
        if delivery.role_arn:
            session = delivery.source.rpartition("/")[2].rpartition(":")[2]
            reason = self._permissions.role_refusal(delivery.role_arn, session, action, resource)
        elif delivery.service:
            reason = self._permissions.service_refusal(
                delivery.service, action, resource, source_arn=delivery.source, source_account=delivery.account_id
            )
        else:
            reason = None
        if reason is not None:
            raise NotDelivered("NO_PERMISSIONS", reason, is_final=True)

    def _to_function(self, delivery: Delivery, target: Arn) -> None:
        self.permit(delivery, "lambda:InvokeFunction", delivery.target)
        del target
        try:
            found = self._stores.resolve(delivery.target)
            check_payload(delivery.payload, bytes_max=ASYNC_REQUEST_BYTES_MAX)
            event = Event(payload=delivery.payload, qualifier=found.qualifier, trace_id=delivery.trace_id)
            self._invocations.invoke_later(found, event)
        except ServiceFault as fault:
            raise NotDelivered(fault.code, str(fault), is_final=True) from None

    def _to_queue(self, delivery: Delivery, target: Arn) -> None:
        self.permit(delivery, "sqs:SendMessage", delivery.target)
        body, system = delivery.payload.decode(), None
        if delivery.trace_id:
            system = {"AWSTraceHeader": {"DataType": "String", "StringValue": delivery.trace_id}}
        if queue_sends.send(delivery.target, body, delivery.parameters, system):
            return
        client = self._clients("sqs", target.region, target.account)
        url = f"https://sqs.{target.region}.amazonaws.com/{target.account}/{target.resource}"
        request: dict[str, Any] = {"QueueUrl": url, "MessageBody": body, **delivery.parameters}
        client.send_message(**request, **({} if system is None else {"MessageSystemAttributes": system}))

    def _to_topic(self, delivery: Delivery, target: Arn) -> None:
        self.permit(delivery, "sns:Publish", delivery.target)
        client = self._clients("sns", target.region, target.account)
        client.publish(TopicArn=delivery.target, Message=delivery.payload.decode(), **delivery.parameters)

    def _to_stream(self, delivery: Delivery, target: Arn) -> None:
        self.permit(delivery, "kinesis:PutRecord", delivery.target)
        client = self._clients("kinesis", target.region, target.account)
        client.put_record(StreamARN=delivery.target, Data=delivery.payload, **delivery.parameters)

    def _to_delivery_stream(self, delivery: Delivery, target: Arn) -> None:
        self.permit(delivery, "firehose:PutRecord", delivery.target)
        client = self._clients("firehose", target.region, target.account)
        name = target.resource.partition("/")[2]
        client.put_record(DeliveryStreamName=name, Record={"Data": delivery.payload})

    def _to_state_machine(self, delivery: Delivery, target: Arn) -> None:
        # Step Functions Developer Guide, "Authorization for versions and aliases in Step Functions workflows".
        self.permit(delivery, "states:StartExecution", unqualified(delivery.target))
        client = self._clients("stepfunctions", target.region, target.account)
        client.start_execution(stateMachineArn=delivery.target, input=delivery.payload.decode(), **delivery.parameters)

    def _to_log_group(self, delivery: Delivery, target: Arn) -> None:
        group = target.resource.removeprefix("log-group:").removesuffix(":*")
        self.permit(delivery, "logs:PutLogEvents", f"{delivery.target.removesuffix(':*')}:*")
        client = self._clients("logs", target.region, target.account)
        stream = str(delivery.parameters["logStreamName"])
        try:
            client.create_log_stream(logGroupName=group, logStreamName=stream)
        except client.exceptions.ResourceAlreadyExistsException:
            pass
        entry = {"timestamp": delivery.parameters["timestamp"], "message": delivery.payload.decode()}
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[entry])

    def _to_bus(self, delivery: Delivery, target: Arn) -> None:
        self.permit(delivery, "events:PutEvents", delivery.target)
        client = self._clients("events", target.region, target.account)
        event = json.loads(delivery.payload)
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
            "Resources": event.get("resources", []),
            "EventBusName": delivery.target,
        }
        client.put_events(Entries=[entry])
