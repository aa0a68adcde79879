"""The function of a delivery stream: what it is given, and what its answer says of each record.

Source: Amazon Data Firehose Developer Guide, "Transform source data in Amazon Data Firehose", "Required parameters for
data transformation", "Handle failure in data transformation" and "Monitor Amazon Data Firehose Using CloudWatch Logs"
(Lambda invocation errors).
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any, Final

from lambdakit.clock import milliseconds
from lambdakit.harness.delivery.firehose_records import FirehoseRecord
from lambdakit.harness.delivery.function_calls import CallRefused, FunctionAnswer
from lambdakit.harness.moto_state.delivery_streams import DeliveryStreamState
from lambdakit.records import dataclass

_FROM_FUNCTION: Final = "partitionKeyFromLambda"

MISSING_ID: Final = (
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.",
)
_DUPLICATED_ID: Final = (
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique record "
    "Id for each record.",
)
_UNREADABLE: Final = (
    "Lambda.JsonProcessingException",
    "There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the "
    "status model required by Amazon Kinesis Data Firehose.",
)
_FAILED_STATUS: Final = ("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
_FUNCTION_ERROR: Final = (
    "Lambda.FunctionError",
    "The Lambda function was successfully invoked but it returned an error result.",
)
# By the exception of the Lambda API.
_REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "AccessDeniedException": (
        "Lambda.InvokeAccessDenied",
        "Access was denied. Ensure that the access policy allows access to the Lambda function.",
    ),
    "ResourceNotFoundException": (
        "Lambda.ResourceNotFound",
        "The specified Lambda function does not exist. Use a different function that does exist.",
    ),
    "TooManyRequestsException": (
        "Lambda.InvokeLimitExceeded",
        "The Lambda concurrent execution limit is exceeded. Increase the concurrent execution limit.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRecord:
    """A record that is delivered to the error output.

    attempts: how often the function was called for it, or the destination asked. more: what the destination adds.
    """

    record: FirehoseRecord
    code: str
    message: str
    attempts: int
    ended_at: datetime
    function_arn: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    def line(self) -> bytes:
        """The record as the error output has it.

        Source: "Handle failure in data transformation", "Handle data delivery failures".
        """
        described: dict[str, Any] = {
            "attemptsMade": self.attempts,
            "arrivalTimestamp": milliseconds(self.record.arrived_at),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": milliseconds(self.ended_at),
            **self.more,
            "rawData": base64.b64encode(self.record.raw).decode(),
        }
        if self.function_arn:
            described["lambdaArn"] = self.function_arn
        return json.dumps(described, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a function made of records. failed: a record with code and message."""

    transformed: Sequence[FirehoseRecord]
    failed: Sequence[tuple[FirehoseRecord, str, str]]


def function_event(stream: DeliveryStreamState, records: Sequence[FirehoseRecord]) -> bytes:
    """The event of a call; each call has an id of its own."""
    event: dict[str, Any] = {"invocationId": str(uuid.uuid4())}
    if stream.source_arn:
        event["sourceKinesisStreamArn"] = stream.source_arn
    event["deliveryStreamArn"] = stream.arn
    event["region"] = stream.region
    event["records"] = [_described(record) for record in records]
    return json.dumps(event).encode()


def read_answer(answer: FunctionAnswer, records: Sequence[FirehoseRecord]) -> Verdict:
    """What an answer says of each record.

    "Any mismatch between the ID of the original record and the ID of the transformed record is treated as a data
    transformation failure"; so is every result but `Ok` and `Dropped`.
    """
    try:
        returned = answer.json()["records"]
        found = [_entry(one) for one in returned]
    except (ValueError, KeyError, TypeError):
        return Verdict(transformed=[], failed=[(record, *_UNREADABLE) for record in records])
    counts = Counter(record_id for record_id, _ in found)
    results = dict(found)
    transformed: list[FirehoseRecord] = []
    failed: list[tuple[FirehoseRecord, str, str]] = []
    for record in records:
        result = results.get(record.id)
        if result is None:
            failed.append((record, *MISSING_ID))
        elif counts[record.id] > 1:
            failed.append((record, *_DUPLICATED_ID))
        elif result["result"] == "Ok":
            changed = _transformed(record, result)
            if changed is None:
                failed.append((record, *_UNREADABLE))
            else:
                transformed.append(changed)
        elif result["result"] != "Dropped":
            failed.append((record, *(_FAILED_STATUS if result["result"] == "ProcessingFailed" else _UNREADABLE)))
    return Verdict(transformed=transformed, failed=failed)


def failure_of(met: FunctionAnswer | CallRefused) -> tuple[str, str]:
    """Code and message for a call that did not succeed."""
    if isinstance(met, CallRefused):
        return _REFUSALS.get(met.code, (f"Lambda.{met.code.removesuffix('Exception')}", met.message))
    return _FUNCTION_ERROR


def _described(record: FirehoseRecord) -> dict[str, Any]:
    described: dict[str, Any] = {
        "recordId": record.id,
        "approximateArrivalTimestamp": milliseconds(record.arrived_at),
        "data": base64.b64encode(record.data).decode(),
    }
    if record.source is not None:
        described["kinesisRecordMetadata"] = dict(record.source)
    return described


def _entry(one: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    return str(one["recordId"]), {**one, "result": str(one.get("result", ""))}


def _transformed(record: FirehoseRecord, result: Mapping[str, Any]) -> FirehoseRecord | None:
    """The record with its new data and keys; None for data that is not base64, or none."""
    try:
        data = base64.b64decode(result["data"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None
    metadata = result.get("metadata")
    given = metadata.get("partitionKeys") if isinstance(metadata, dict) else None
    keys = {(_FROM_FUNCTION, str(name)): str(value) for name, value in (given or {}).items()}
    return replace(record, data=data, keys={**record.keys, **keys})
