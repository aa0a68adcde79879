"""What a pipe does with the records of a batch: they are enriched, made into the target's input, and sent.

Functions and state machines get the whole batch as an array, everything else one record after the other. All is done
as the pipe's role.

Source: Amazon EventBridge User Guide, "Amazon EventBridge Pipes", its "Event enrichment", "Input transformation"
(reserved variables, implicit body data parsing), "Amazon EventBridge Pipes targets" and "batching and concurrency".
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lambdakit.clock import iso_milliseconds, milliseconds
from lambdakit.harness.delivery.bus_event import write_json
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.function_calls import Caller, CallRefused, FunctionAnswer, FunctionCalls
from lambdakit.harness.delivery.input_transformer import fill_values
from lambdakit.harness.delivery.json_path import InvalidPath, compile_path
from lambdakit.harness.delivery.rule_targets import HTTP_PARAMETERS
from lambdakit.harness.delivery.targets import Targets
from lambdakit.harness.event_pattern import read_json
from lambdakit.harness.moto_state.pipes import Pipe
from lambdakit.records import dataclass

_SESSION: Final = "pipes"
_VARIABLE: Final = re.compile(r"<((?:\$|aws\.pipes\.)[^<>]*)>")
# The members whose text is JSON within: of queues and brokers, streams, and Kafka.
_DATA: Final = ("body", "data", "value")
_BATCHED: Final = frozenset({"lambda", "states"})
_ANSWERED: Final = "ERROR_FROM_TARGET"

Record = dict[str, Any]
# Runs a state machine to its end, as a role: its ARN, input, the role's ARN. Its output; NotDelivered when it failed.
RunMachine = Callable[[str, bytes, str], bytes]


class PipeFailed(Exception):
    """A batch did not get through. is_throttled: it may, a little later, and counts as not tried."""

    def __init__(self, reason: str, *, is_throttled: bool = False) -> None:
        super().__init__(reason)
        self.is_throttled = is_throttled


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A batch that got through. payload: what a function or state machine said of it, JSON; empty for all else."""

    payload: bytes = b""
    request_id: str = ""


class PipeRuns:
    """Lets batches through pipes."""

    def __init__(
        self, calls: FunctionCalls, targets: Targets, *, now: Callable[[], datetime], run_machine: RunMachine
    ) -> None:
        self._calls = calls
        self._targets = targets
        self._now = now
        self._run_machine = run_machine

    def run(self, pipe: Pipe, records: Sequence[Record]) -> Passed:
        """What came of a batch. PipeFailed when it did not get through."""
        events: Sequence[Any] = list(records)
        if pipe.enrichment:
            answer = self._enriched(pipe, events)
            if not answer:
                return Passed()
            events = answer
        return self._sent(pipe, events)

    def _enriched(self, pipe: Pipe, events: Sequence[Any]) -> Sequence[Any]:
        """What the enrichment makes of a batch; nothing when it answers with nothing, and the target gets nothing."""
        template = pipe.enrichment_parameters.get("InputTemplate")
        payload = self._batch(pipe, template, events)
        match _service(pipe.enrichment):
            case "lambda":
                answered = self._called(pipe, pipe.enrichment, payload).payload
            case "states":
                answered = self._machine(pipe, pipe.enrichment, payload)
            case _:
                raise PipeFailed(f"nothing is enriched by {pipe.enrichment} here")
        try:
            made = json.loads(answered or b"null")
        except ValueError:
            raise PipeFailed("the enrichment's answer is no JSON") from None
        if made is None or made in ("", {}):
            return []
        return made if isinstance(made, list) else [made]

    def _sent(self, pipe: Pipe, events: Sequence[Any]) -> Passed:
        service = _service(pipe.target)
        template = pipe.target_parameters.get("InputTemplate")
        if service not in _BATCHED:
            for event in events:
                self._send(pipe, event, self._input(pipe, template, event).encode())
            return Passed()
        payload = self._batch(pipe, template, events)
        if service == "lambda":
            kind = (pipe.target_parameters.get("LambdaFunctionParameters") or {}).get("InvocationType")
            if kind != "FIRE_AND_FORGET":
                answer = self._called(pipe, pipe.target, payload)
                return Passed(payload=_report(answer.payload), request_id=answer.request_id)
            self._send(pipe, None, payload)
            return Passed()
        kind = (pipe.target_parameters.get("StepFunctionStateMachineParameters") or {}).get("InvocationType")
        # Pipes API Reference, "PipeTargetStateMachineParameters": REQUEST_RESPONSE is the default, of standard ones
        # too, which cannot be run so.
        if kind != "FIRE_AND_FORGET":
            return Passed(payload=_report(self._machine(pipe, pipe.target, payload)))
        self._send(pipe, None, payload)
        return Passed()

    def _called(self, pipe: Pipe, function: str, payload: bytes) -> FunctionAnswer:
        try:
            answer = self._calls.call(function, payload, Caller(role_arn=pipe.role_arn, session=_SESSION))
        except CallRefused as refused:
            is_throttled = refused.code == "TooManyRequestsException"
            raise PipeFailed(f"{refused.code}: {refused.message}", is_throttled=is_throttled) from None
        if answer.failed:
            raise PipeFailed(f"{answer.error_type}: {answer.error_message}")
        return answer

    def _machine(self, pipe: Pipe, machine: str, payload: bytes) -> bytes:
        try:
            return self._run_machine(machine, payload, pipe.role_arn)
        except NotDelivered as refused:
            raise PipeFailed(str(refused)) from None

    def _send(self, pipe: Pipe, event: Any, payload: bytes) -> None:
        try:
            parameters, body = self._parameters(pipe, event, payload)
            self._targets.send(
                Delivery(
                    source=pipe.arn,
                    account_id=pipe.account_id,
                    service="pipes.amazonaws.com",
                    role_arn=pipe.role_arn,
                    target=pipe.target,
                    payload=body,
                    what="pipe",
                    parameters=parameters,
                )
            )
        except NotDelivered as refused:
            # User Guide, "EventBridge Pipes error handling and troubleshooting": what an API destination or a method
            # answers is the customer's error, and counts; that nothing could be reached is none.
            is_theirs = refused.is_final or refused.code == _ANSWERED
            raise PipeFailed(str(refused), is_throttled=not is_theirs) from None

    def _parameters(self, pipe: Pipe, event: Any, payload: bytes) -> tuple[dict[str, Any], bytes]:
        """What the target's operation takes beside the payload, and the payload in its form."""
        given = pipe.target_parameters

        def value(parameters: str, name: str) -> str:
            text = str((given.get(parameters) or {}).get(name) or "")
            return _found(text, event) if text.startswith("$") else text

        match _service(pipe.target):
            case "sqs":
                names = ("MessageGroupId", "MessageDeduplicationId")
                found = {name: value("SqsQueueParameters", name) for name in names}
                return {name: text for name, text in found.items() if text}, payload
            case "kinesis":
                return {"PartitionKey": value("KinesisStreamParameters", "PartitionKey") or pipe.name}, payload
            case "logs":
                stream = value("CloudWatchLogsParameters", "LogStreamName") or pipe.name
                stamp = value("CloudWatchLogsParameters", "Timestamp")
                at = int(stamp) if stamp.isdigit() else milliseconds(self._now())
                return {"logStreamName": stream, "timestamp": at}, payload
            case "events" if ":event-bus/" in pipe.target:
                return {}, self._bus_event(pipe, payload, value)
            case "execute-api" | "events":  # "EventBridge Pipes targets": what an API destination gets is the payload
                return {HTTP_PARAMETERS: _resolved(given.get("HttpParameters") or {}, event)}, payload
        return {}, payload

    def _bus_event(self, pipe: Pipe, payload: bytes, value: Callable[[str, str], str]) -> bytes:
        """User Guide, "EventBridge event bus as a target": what an event is called that does not say so itself."""
        parameters = "EventBridgeEventBusParameters"
        try:
            detail = json.loads(payload)
        except ValueError:
            raise PipeFailed("the input for an event bus is no JSON") from None
        event = {
            "source": value(parameters, "Source") or f"Pipe {pipe.name}",
            "detail-type": value(parameters, "DetailType") or f"Event from aws:{_service(pipe.source)}",
            "detail": detail,
            "resources": (pipe.target_parameters.get(parameters) or {}).get("Resources") or [],
        }
        return json.dumps(event).encode()

    def _batch(self, pipe: Pipe, template: str | None, events: Sequence[Any]) -> bytes:
        if not template:
            return json.dumps(list(events)).encode()
        return f"[{','.join(_as_json(self._input(pipe, template, event)) for event in events)}]".encode()

    def _input(self, pipe: Pipe, template: str | None, event: Any) -> str:
        if not template:
            return event if isinstance(event, str) else json.dumps(event)
        names = set(_VARIABLE.findall(template))
        parsed = _parsed(event)
        values: dict[str, Any] = {
            "aws.pipes.pipe-arn": pipe.arn,
            "aws.pipes.pipe-name": pipe.name,
            "aws.pipes.source-arn": pipe.source,
            "aws.pipes.enrichment-arn": pipe.enrichment,
            "aws.pipes.target-arn": pipe.target,
            "aws.pipes.event.ingestion-time": iso_milliseconds(self._now()),
            "aws.pipes.event": parsed,
            "aws.pipes.event.json": parsed,
        }
        for name in names:
            if name.startswith("$"):
                try:
                    is_there, found = compile_path(name).find(parsed)
                except InvalidPath as invalid:
                    raise PipeFailed(f"InputTemplate: {invalid}") from None
                if is_there:
                    values[name] = found
        return fill_values(template, values, names | values.keys())


def _parsed(event: Any) -> Any:
    """An event whose data, where they are JSON, are values: of streams decoded before."""
    made = dict(event) if isinstance(event, Mapping) else event
    for name in _DATA if isinstance(event, Mapping) else ():
        text = made.get(name)
        if isinstance(text, str):
            made[name] = _data(text, encoded=name != "body")
    return read_json(json.dumps(made))


def _data(text: str, *, encoded: bool) -> Any:
    if encoded:
        try:
            text = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, ValueError):
            return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict | list) else text


def _resolved(given: Any, event: Any) -> Any:
    """Parameters whose values may be paths into the event."""
    if isinstance(given, Mapping):
        return {name: _resolved(value, event) for name, value in given.items()}
    if isinstance(given, list):
        return [_resolved(value, event) for value in given]
    return _found(given, event) if isinstance(given, str) and given.startswith("$") else given


def _found(path: str, event: Any) -> str:
    try:
        is_there, value = compile_path(path).find(_parsed(event))
    except InvalidPath as invalid:
        raise PipeFailed(str(invalid)) from None
    if not is_there:
        raise PipeFailed(f"{path} leads nowhere in the event")
    return value if isinstance(value, str) else write_json(value)


def _as_json(text: str) -> str:
    """An element of the batch's array: a template that gives no JSON is text."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return json.dumps(text)
    return text


def _report(payload: bytes) -> bytes:
    """What of a target's answer tells of failed events; empty for any other answer, such as the events themselves.

    Source: Amazon EventBridge User Guide, "Amazon EventBridge Pipes batching and concurrency", "Partial batch failure":
    a target may return a payload of a defined structure. Nobody has to ask for it, and other answers are no failures.
    """
    try:
        answer = json.loads(payload or b"null")
    except (ValueError, RecursionError):
        return b""
    return payload if isinstance(answer, dict) and "batchItemFailures" in answer else b""


def _service(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 5 else ""
