"""An event on a bus: its envelope, as patterns see it and as targets get it.

Source: Amazon EventBridge User Guide, "AWS service event metadata", whose order of members this keeps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.event_pattern import read_json
from lambdakit.harness.event_pattern.json_values import JsonNumber, as_json_values
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.records import dataclass

_VERSION: Final = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusEvent:
    """An event. values: the envelope as `read_json` gives it. payload: the same as JSON text.

    received: when the bus got it. trace_id: the X-Ray header; empty without. came_from: the ARN of the bus whose rule
    sent it on; empty for one that was put.
    """

    values: Mapping[str, Any]
    payload: bytes
    received: datetime
    trace_id: str = ""
    came_from: str = ""

    @property
    def id(self) -> str:
        """The event's id."""
        return str(self.values["id"])

    @property
    def what(self) -> str:
        """What it is, for people."""
        return f"event {self.values['detail-type']!r} of {self.values['source']}"

    @property
    def time(self) -> datetime:
        """When it happened."""
        return datetime.fromisoformat(str(self.values["time"]))


def new_event(
    *,
    source: str,
    detail_type: str,
    account_id: str,
    region: str,
    detail: str | Mapping[str, Any],
    received: datetime,
    time: datetime | None = None,
    resources: Sequence[str] = (),
    trace_id: str = "",
    event_id: str = "",
) -> BusEvent:
    """An event as it comes to a bus. Absence of `time`: it happened when it was received. detail: an object.

    ValueError when `detail` is text that is no JSON object.
    """
    values = read_json(detail) if isinstance(detail, str) else as_json_values(detail)
    if not isinstance(values, dict):
        raise ValueError("the detail is no JSON object")
    envelope = {
        "version": _VERSION,
        "id": event_id or random_uuid(),
        "detail-type": detail_type,
        "source": source,
        "account": account_id,
        "time": whole_seconds(time or received),
        "region": region,
        "resources": list(resources),
        "detail": values,
    }
    return envelope_event(envelope, received=received, trace_id=trace_id)


def envelope_event(
    values: Mapping[str, Any], *, received: datetime, trace_id: str = "", came_from: str = ""
) -> BusEvent:
    """The event of an envelope. ValueError when it is nested too deeply."""
    try:
        payload = write_json(values).encode()
    except RecursionError:
        raise ValueError("the event is nested too deeply") from None
    return BusEvent(values=values, payload=payload, received=received, trace_id=trace_id, came_from=came_from)


def write_json(value: Any) -> str:
    """What `read_json` gave, as text: without white space, numbers as they were written."""
    if isinstance(value, JsonNumber):
        return value.literal
    if isinstance(value, Mapping):
        members = [f"{json.dumps(name, ensure_ascii=False)}:{write_json(member)}" for name, member in value.items()]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join([write_json(element) for element in value]) + "]"
    return json.dumps(value, ensure_ascii=False)


def whole_seconds(moment: datetime) -> str:
    """`2026-01-02T03:04:05Z`, as the envelope has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
