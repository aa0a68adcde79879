"""`Custom::…` and `AWS::CloudFormation::CustomResource`: a function is asked to create, update and delete something.

The function is invoked with the documented event, or told of it by the topic that the service token names, and answers
at the event's `ResponseURL`. Where CloudFormation would invoke it again after an error and then wait up to an hour, the
failure is told at once: nothing here gets better by waiting, unless something the function set off is still under way.
A function that failed and had called an operation which nothing here serves did what it could: its resource is
recorded, like one of a type that nobody makes.
Source: CloudFormation Template Reference, "Custom resource request objects" and "Custom resource response objects".
"""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lambdakit.arn import Arn
from lambdakit.clock import Clock
from lambdakit.harness.deployment.custom_resource_responses import PendingResponse
from lambdakit.harness.deployment.property_tree import READ, Leaf, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.provisioners.custom_resource_look_ups import with_look_ups
from lambdakit.harness.deployment.waiting_execution import find_waiting_execution, run_waiting_execution
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.records import dataclass

RESPONSE_BYTES_MAX: Final = 4096
PHYSICAL_ID_BYTES_MAX: Final = 1024
_TIMEOUT_SECONDS: Final = 3600
_LOOK_SECONDS: Final = 0.02
_TELL_SECONDS: Final = 5.0
# Lambda API Reference, "Invoke": the word `function` may be missing from an ARN, and some templates leave it out.
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:(?:function:)?[^:]+(?::[^:]+)?")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
# No page says it; published requests have it, and what listens to topics tells them by it.
_SUBJECT: Final = "AWS CloudFormation custom resource request"


class _AnyProperty(Mapping[str, "PropertyTree | Leaf"]):
    """Every name is read: the function gets all of them."""

    def __getitem__(self, name: str) -> Leaf:
        return READ

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _NothingMade(Mapping[str, Any]):
    """What `Fn::GetAtt` gives of a resource that is only recorded: nothing, as its function did not say."""

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What the function said."""

    physical_id: str
    data: Mapping[str, Any]


class CustomResource:
    """A resource that a function of the account stands for."""

    properties: PropertyTree = _AnyProperty()

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Asks the function to create it. When that fails it is asked to delete what there is of it."""
        request = _Request(resource, context)
        try:
            answer = request.send("Create", {})
        except _Failed as failed:
            unserved = request.unserved()
            name = failed.physical_id or resource.generated_name(length_max=PHYSICAL_ID_BYTES_MAX)
            _clean_up(request, name)
            if unserved:
                request.note_unserved("is only recorded", unserved, failed)
                return Provisioned(physical_id=name, attributes=_NothingMade())
            raise
        return Provisioned(physical_id=answer.physical_id, attributes=answer.data)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Asks for the change. Another physical id in the answer means that the old one is to be deleted later."""
        if isinstance(created.provisioned.attributes, _NothingMade):
            return self.create(resource, context)
        answer = _Request(resource, context).send(
            "Update",
            {
                "PhysicalResourceId": created.provisioned.physical_id,
                "OldResourceProperties": _as_texts(created.resource.properties),
            },
        )
        return Provisioned(physical_id=answer.physical_id, attributes=answer.data)

    def delete(self, created: Created, context: Context) -> None:
        """Asks the function to delete it; not where there is nothing but the record."""
        if isinstance(created.provisioned.attributes, _NothingMade):
            return
        request = _Request(created.resource, context)
        try:
            request.send("Delete", {"PhysicalResourceId": created.provisioned.physical_id})
        except _Failed as failed:
            unserved = request.unserved()
            if not unserved:
                raise
            request.note_unserved("leaves what it made", unserved, failed)

    def reset(self, created: Created, context: Context) -> None:
        """What the function made is other resources' to bring back."""


class _Failed(ResourceRefused):
    """The function said FAILED, or nothing. physical_id: what it called the resource; empty when it did not."""

    def __init__(self, problem: str, *, physical_id: str = "", hint: str = "") -> None:
        super().__init__(problem, hint=hint)
        self.physical_id = physical_id


class _Request:
    """One resource's requests to its function."""

    def __init__(self, resource: Resource, context: Context) -> None:
        self._resource = resource
        self._context = context
        self._id = str(uuid.uuid4())
        self._token = str(resource.properties.get("ServiceToken", ""))

    def send(self, kind: str, more: Mapping[str, Any]) -> _Answer:
        """The function's answer. ResourceRefused when it failed or did not answer."""
        function = self._function()
        seconds = _seconds(self._resource.properties.get("ServiceTimeout"))
        resource = self._resource
        properties, note = with_look_ups(resource.type, resource.properties)
        if note and kind != "Delete":
            self._context.note(_function_name(function) if function else self._resource.logical_id, note)
        pending = self._context.custom_resources.expect(function)
        event = {
            "RequestType": kind,
            "ServiceToken": self._token,
            "ResponseURL": pending.url,
            "StackId": resource.stack_id,
            "RequestId": self._id,
            "LogicalResourceId": resource.logical_id,
            "ResourceType": resource.type,
            "ResourceProperties": _as_texts(properties),
            **more,
        }
        try:
            self._wait(pending, self._ask(json.dumps(event)), seconds)
        except ServiceFault as refused:
            raise ResourceRefused(f"its function could not be invoked: {refused}") from None
        finally:
            self._context.custom_resources.forget(pending)
        return self._read(pending.body or b"", str(more.get("PhysicalResourceId", "")))

    def _function(self) -> str:
        """The function that is asked; of those that listen to a topic, the first, and empty when none does."""
        if _FUNCTION.fullmatch(self._token):
            return self._token
        if not _TOPIC.fullmatch(self._token):
            raise ResourceRefused(
                f"the service token {self._token!r} is not the ARN of a function or of a topic",
                property_pointer="ServiceToken",
                hint="write the ARN of a function in the account, or of a topic that a function listens to",
            )
        found = self._asked_topic("list_subscriptions_by_topic")["Subscriptions"]
        return next((str(each["Endpoint"]) for each in found if each["Protocol"] == "lambda"), "")

    def _ask(self, event: str) -> str:
        """The fault of the function that was invoked; empty when it has none, and for one that a topic tells."""
        if _FUNCTION.fullmatch(self._token):
            return self._context.custom_resources.invoke(self._token, event.encode())
        self._asked_topic("publish", Subject=_SUBJECT, Message=event)
        return ""

    def _asked_topic(self, operation: str, **given: str) -> Any:
        from botocore.exceptions import ClientError  # the harness answers before they are loaded

        arn = Arn.parse(self._token)
        try:
            return getattr(self._context.account.client("sns", arn.region, arn.account), operation)(
                TopicArn=self._token, **given
            )
        except ClientError as refused:
            raise ResourceRefused(f"its topic could not be told: {refused}", property_pointer="ServiceToken") from None

    def unserved(self) -> Sequence[str]:
        """What its functions asked of services that nothing here serves."""
        return self._context.custom_resources.unserved(self._id)

    def note_unserved(self, what: str, unserved: Sequence[str], failed: _Failed) -> None:
        """Has the trace say what the resource is without them, and what its function said."""
        calls = " and ".join(unserved)
        note = f"{self._resource.type} {what}: its function called {calls}, which nothing here serves. {failed.problem}"
        self._context.note(self._resource.logical_id, note)

    def _wait(self, pending: PendingResponse, fault: str, seconds: float) -> None:
        """fault: what the function failed with; empty when it did not."""
        clock: Clock = self._context.clock
        begun = clock.monotonic()
        deadline = begun + seconds
        waited = told = False
        while not pending.arrived.wait(_LOOK_SECONDS):
            if not told and clock.monotonic() - begun >= _TELL_SECONDS:
                told = True
                note = f"waits for the answer of {self._token}, for {seconds:g} s at most: something is still under way"
                self._context.note(self._resource.logical_id, note)
            if fault:
                raise _Failed(f"its function failed without an answer to the ResponseURL: {fault}")
            if clock.monotonic() >= deadline or self._context.custom_resources.quiet():
                if pending.arrived.is_set():
                    return
                execution = None if waited else find_waiting_execution(self._id, self._token, self._context)
                if execution is not None:
                    waited = True
                    run_waiting_execution(execution, pending, self._context)
                    continue
                raise _Failed(
                    "CloudFormation did not receive a response from your Custom Resource. "
                    f"Please check your logs for requestId [{self._id}].",
                    hint="the function has to send its answer to the event's ResponseURL before it returns",
                )

    def _read(self, body: bytes, before: str) -> _Answer:
        if len(body) > RESPONSE_BYTES_MAX:
            raise _Failed("Response object is too long.")
        try:
            answer = json.loads(body)
            status, reason = answer["Status"], str(answer.get("Reason") or "")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise _Failed(f"Invalid response object: {error}") from None
        physical_id = str(answer.get("PhysicalResourceId") or "")
        if status != "SUCCESS":
            raise _Failed(
                f"Received response status [{status}] from custom resource. Message returned: {reason} "
                f"(RequestId: {self._id})",
                physical_id=physical_id or before,
            )
        if not (physical_id or before) or len(physical_id.encode()) > PHYSICAL_ID_BYTES_MAX:
            raise _Failed("Invalid PhysicalResourceId")
        data = answer.get("Data")
        return _Answer(physical_id=physical_id or before, data=data if isinstance(data, dict) else {})


def _function_name(arn: str) -> str:
    return arn.split(":lambda:")[1].split(":", 2)[2].removeprefix("function:").split(":")[0]


def _clean_up(request: _Request, physical_id: str) -> None:
    """CloudFormation deletes what failed to be created too; handlers know their own marks of it."""
    with contextlib.suppress(ResourceRefused):
        request.send("Delete", {"PhysicalResourceId": physical_id})


def _seconds(value: object) -> float:
    """Source: CloudFormation Template Reference, "AWS::CloudFormation::CustomResource": a whole number up to 3600."""
    if value is None:
        return _TIMEOUT_SECONDS
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= _TIMEOUT_SECONDS):
        problem = f"the ServiceTimeout {text[:20]!r} is not a whole number from 1 to {_TIMEOUT_SECONDS:g}"
        raise ResourceRefused(problem, property_pointer="ServiceTimeout")
    return float(text)


def _as_texts(value: Any) -> Any:
    """CloudFormation hands every number and truth value over as text."""
    if isinstance(value, Mapping):
        return {key: _as_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_texts(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value
