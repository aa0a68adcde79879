"""Who hears of what happens to stacks: the rules of the default bus, and the topics that a stack names.

Both are told while the stack is changed, in the order of the events; what they set off runs meanwhile.
Source: CloudFormation User Guide, "Stack Status Change event detail" and "Resource Status Change event detail"; API
Reference, "CreateStack" (`NotificationARNs`). No page shows a notification: its lines are those that users' functions
read, in the order in which they were published.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lambdakit.arn import Arn
from lambdakit.clock import iso_milliseconds
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.deployment.stack_record import StackEvent
from lambdakit.trace import EventNotDelivered, TraceLog

_SOURCE: Final = "aws.cloudformation"
_SUBJECT: Final = "AWS CloudFormation Notification"
# The caller is not kept with a stack.
_PRINCIPAL: Final = "AIDAUNKNOWN"


class StackEvents:
    """Tells of each event of a stack. put_aws_event: puts an event of an AWS service on the default bus."""

    def __init__(
        self, account: Account, doors: FrontDoors, put_aws_event: Callable[..., None], trace: TraceLog
    ) -> None:
        self._account = account
        self._doors = doors
        self._put_aws_event = put_aws_event
        self._trace = trace
        self._deaf: set[tuple[str, str]] = set()  # stacks with their topics that did not take the last notification

    def tell(self, stack: DeployedStack, event: StackEvent) -> None:
        """Tells of an event. A topic that takes none is noted in the trace, once, and keeps nobody from anything."""
        self._put(stack, event)
        for topic in stack.record.notification_arns:
            self._publish(stack, event, topic)

    def _put(self, stack: DeployedStack, event: StackEvent) -> None:
        if event.physical_id == stack.stack_id:
            kind, named = "Stack", {}
        else:
            kind = "Resource"
            named = {
                "logical-resource-id": event.logical_id,
                "physical-resource-id": self._doors.localize(event.physical_id),
                "resource-type": event.type,
            }
        detail = {
            "stack-id": stack.stack_id,
            **named,
            "status-details": {"status": event.status, "status-reason": event.reason},
            "client-request-token": event.token,
        }
        name = f"CloudFormation {kind} Status Change"
        self._put_aws_event(stack.account_id, stack.region, _SOURCE, name, detail, [stack.stack_id], event.at)

    def _publish(self, stack: DeployedStack, event: StackEvent, topic: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # the harness answers before they are loaded

        told = {
            "StackId": stack.stack_id,
            "Timestamp": iso_milliseconds(event.at),
            "EventId": stack.event_id(event),
            "LogicalResourceId": event.logical_id,
            "Namespace": stack.account_id,
            "PhysicalResourceId": self._doors.localize(event.physical_id),
            "PrincipalId": _PRINCIPAL,
            "ResourceProperties": "null",  # of resources too: their values may be secrets
            "ResourceStatus": event.status,
            "ResourceStatusReason": event.reason,
            "ResourceType": event.type,
            "StackName": stack.name,
            "ClientRequestToken": event.token or "null",
        }
        message = "".join(f"{name}='{value}'\n" for name, value in told.items())
        try:
            arn = Arn.parse(topic)
            client = self._account.client("sns", arn.region, arn.account)
            client.publish(TopicArn=topic, Subject=_SUBJECT, Message=message)
        except (BotoCoreError, ClientError, ValueError) as error:
            self._note(stack, topic, str(error))
        else:
            self._deaf.discard((stack.stack_id, topic))

    def _note(self, stack: DeployedStack, topic: str, reason: str) -> None:
        if (stack.stack_id, topic) not in self._deaf:
            self._deaf.add((stack.stack_id, topic))
            what = f"events of the stack {stack.name}"
            self._trace.append(
                EventNotDelivered(
                    source=stack.stack_id, target=topic, what=what, reason=reason, attempts=1, settled="dropped"
                )
            )
