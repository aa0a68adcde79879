"""Pipes: pulled from as mappings are, by the same pollers; what was pulled goes on to whatever the pipe leads to.

Source: Amazon EventBridge User Guide, "Amazon EventBridge Pipes sources", "Event filtering in Amazon EventBridge
Pipes", "Amazon EventBridge Pipes batching and concurrency".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.harness.event_source_mapping.calls import Answer, Poller, Surroundings
from lambdakit.harness.event_source_mapping.mappings import MakePoller
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.harness.moto_state.pipes import Pipe, PipeKey, Pipes
from lambdakit.trace import RuntimeNote

# What becomes of the records of a batch.
RunPipe = Callable[[Pipe, list[dict[str, Any]]], Answer]

_PARAMETERS: Final[Mapping[str, str]] = {
    "sqs": "SqsQueueParameters",
    "kinesis": "KinesisStreamParameters",
    "dynamodb": "DynamoDBStreamParameters",
}
# API Reference, "PipeSourceSqsQueueParameters" and its neighbours: the defaults.
_BATCH_SIZES: Final[Mapping[str, int]] = {"sqs": 10, "kinesis": 100, "dynamodb": 100}
# User Guide, "Batch item failures": what may report records that failed.
_REPORTING: Final = frozenset({"lambda", "states"})


class PipePollers:
    """Starts and stops the pollers of pipes. makers: of pollers, by the service in the source's ARN."""

    def __init__(self, makers: Mapping[str, MakePoller], around: Surroundings, run: RunPipe) -> None:
        self._makers = makers
        self._around = around
        self._run = run
        self._running: dict[PipeKey, Poller] = {}
        self._lock = threading.RLock()
        self._closed = False
        self._pipes = Pipes(self._changed)

    def reset(self) -> None:
        """Begins anew, after the account was put back to an earlier state."""
        with self._lock:
            running, self._running = self._running, {}
        for poller in running.values():
            poller.stop()
        for key in self._pipes.all():
            self._changed(key)

    def close(self) -> None:
        """Stops every poller. Idempotent."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, {}
        for poller in running.values():
            poller.stop()

    def _changed(self, key: PipeKey) -> None:
        pipe = self._pipes.find(key)
        with self._lock:
            before = self._running.pop(key, None)
            if before is not None:
                before.stop()
            if pipe is None or not pipe.is_running or self._closed:
                return
            make = self._makers.get(_service(pipe.source)) if _service(pipe.source) in _PARAMETERS else None
            if make is None:
                note = f"pipe {pipe.name}: nothing is pulled from {pipe.source} here"
                self._around.trace.append(RuntimeNote(function="", note=note))
                return
            around = replace(self._around, calls=_PipeCalls(pipe, self._run))
            mapping = _mapping(pipe, self._around)
            poller = self._running[key] = make(mapping, around)
        poller.start()


class _PipeCalls:
    """Stands where pollers call functions."""

    def __init__(self, pipe: Pipe, run: RunPipe) -> None:
        self._pipe = pipe
        self._run = run

    def timeout_seconds(self, mapping: EventSourceMapping) -> int:
        """User Guide, "Quotas": an enrichment and a target have five minutes."""
        del mapping
        return 300

    def execution_role(self, mapping: EventSourceMapping) -> str:
        """The pipe's role."""
        del mapping
        return self._pipe.role_arn

    def report(self, mapping: EventSourceMapping, result: str) -> None:
        """A pipe does not tell."""

    def call(self, mapping: EventSourceMapping, payload: bytes, *, trace_id: str = "") -> Answer:
        """Lets the records of a batch go on."""
        del mapping, trace_id
        service = _service(self._pipe.source)
        return self._run(self._pipe, [_record(service, record) for record in json.loads(payload)["Records"]])


def _mapping(pipe: Pipe, around: Surroundings) -> EventSourceMapping:
    """The pipe as pollers understand it."""
    service = _service(pipe.source)
    given = dict(pipe.source_parameters.get(_PARAMETERS[service]) or {})
    settings = {name: value for name, value in given.items() if name not in ("DeadLetterConfig",)}
    settings.setdefault("BatchSize", _BATCH_SIZES[service])
    if pipe.source_parameters.get("FilterCriteria"):
        settings["FilterCriteria"] = pipe.source_parameters["FilterCriteria"]
    if given.get("DeadLetterConfig"):
        settings["DestinationConfig"] = {"OnFailure": {"Destination": given["DeadLetterConfig"]["Arn"]}}
    if settings.pop("OnPartialBatchItemFailure", None) == "AUTOMATIC_BISECT":
        settings["BisectBatchOnFunctionError"] = True
    if _service(pipe.enrichment or pipe.target) in _REPORTING:
        settings["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
    return EventSourceMapping(
        uuid=pipe.arn,
        region=pipe.region,
        account_id=pipe.account_id,
        # in the form of a function's
        function_arn=f"arn:{partition_of(pipe.region)}:pipes:{pipe.region}:{pipe.account_id}:pipe:{pipe.name}",
        source_arn=pipe.source,
        enabled=True,
        settings=settings,
        last_modified=around.clock.now(),
    )


def _record(service: str, record: dict[str, Any]) -> dict[str, Any]:
    """A record as a pipe has it. User Guide, "Amazon Kinesis stream as a source": without a member of its own."""
    if service != "kinesis":
        return record
    return {**record["kinesis"], **{name: value for name, value in record.items() if name != "kinesis"}}


def _service(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 5 else ""
