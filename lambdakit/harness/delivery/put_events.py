"""The entries of PutEvents: which become events, and what the others are answered.

Source: Amazon EventBridge API Reference, "PutEvents", "PutEventsRequestEntry" and "PutEventsResultEntry"; Amazon
EventBridge User Guide, "Sending events with PutEvents" and "Calculating PutEvents event entry size".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lambdakit.harness.delivery.bus_event import BusEvent, new_event
from lambdakit.harness.moto_state.api_fault import ApiFault
from lambdakit.harness.moto_state.event_buses import DEFAULT, BusPlace, moment_of

ENTRIES_MAX: Final = 10
# User Guide, "Sending events with PutEvents": the entries of a request together; 256 KB until 2026.
REQUEST_BYTES_MAX: Final = 1024 * 1024
DETAIL_TYPE_LENGTH_MAX: Final = 128
_TIME_BYTES: Final = 14
_REQUIRED: Final = ("Source", "DetailType", "Detail")
_RESERVED: Final = "aws."

Entry = Mapping[str, Any]


class EntryRefused(Exception):
    """An entry that becomes no event. code, message: of its entry in the answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def check_entries(entries: Sequence[Entry]) -> None:
    """Refuses a request as a whole, by `ApiFault`."""
    if not 1 <= len(entries) <= ENTRIES_MAX:
        bound = "greater than or equal to 1" if not entries else f"less than or equal to {ENTRIES_MAX}"
        raise ApiFault(
            "ValidationException",
            f"1 validation error detected: Value at 'entries' failed to satisfy constraint: "
            f"Member must have length {bound}",
        )
    if sum(_size(entry) for entry in entries) >= REQUEST_BYTES_MAX:
        raise ApiFault("ValidationException", "Total size of the entries in the request is over the limit.")
    lacking = [_lacking(entry) for entry in entries]
    if all(lacking):
        # API Reference, "PutEventsRequestEntry": when no entry has all three, the whole request fails.
        raise ApiFault("ValidationException", _argument(lacking[0]))


def place_of(entry: Entry, account_id: str, region: str) -> BusPlace:
    """The bus that an entry names, by its name or its ARN."""
    named = str(entry.get("EventBusName") or DEFAULT)
    parts = named.split(":", 5)
    if len(parts) == 6:
        return BusPlace(account_id=parts[4], region=parts[3], name=parts[5].partition("/")[2])
    return BusPlace(account_id=account_id, region=region, name=named)


def event_of(entry: Entry, *, account_id: str, region: str, now: datetime) -> BusEvent:
    """The event that an entry becomes. account_id: the sender's. EntryRefused when it becomes none."""
    lacking = _lacking(entry)
    if lacking:
        raise EntryRefused("InvalidArgument", _argument(lacking))
    if str(entry["Source"]).startswith(_RESERVED):
        raise EntryRefused("NotAuthorizedForSourceException", "Not authorized for the source.")
    if len(str(entry["DetailType"])) > DETAIL_TYPE_LENGTH_MAX:
        raise EntryRefused(
            "InvalidArgument",
            f"Parameter DetailType is not valid. Reason: DetailType is longer than {DETAIL_TYPE_LENGTH_MAX} "
            "characters.",
        )
    try:
        time = None if entry.get("Time") is None else moment_of(entry["Time"])
    except (ValueError, OverflowError, OSError):
        raise EntryRefused("InvalidArgument", "Parameter Time is not valid.") from None
    try:
        return new_event(
            source=str(entry["Source"]),
            detail_type=str(entry["DetailType"]),
            account_id=account_id,
            region=region,
            detail=str(entry["Detail"]),
            received=now,
            time=time,
            resources=[str(resource) for resource in entry.get("Resources") or ()],
            trace_id=str(entry.get("TraceHeader") or ""),
        )
    except (ValueError, RecursionError):
        raise EntryRefused("MalformedDetail", "Detail is malformed.") from None


def _lacking(entry: Entry) -> str:
    """The first required member that an entry has not; empty when it has them all."""
    return next((name for name in _REQUIRED if not entry.get(name)), "")


def _argument(name: str) -> str:
    return f"Parameter {name} is not valid. Reason: {name} is a required argument."


def _size(entry: Entry) -> int:
    texts = [entry.get(name) for name in _REQUIRED] + list(entry.get("Resources") or ())
    return sum(len(str(text).encode()) for text in texts if text) + (_TIME_BYTES if entry.get("Time") else 0)
