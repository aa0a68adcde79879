"""Telemetry events, and how each version of each API writes them.

Source: AWS Lambda Developer Guide, "Lambda Telemetry API Event schema reference" and, for the older names and shapes,
"Using the Lambda Logs API", section "Log messages".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.runtime.telemetry_subscription import Api, Subscription
from lambdakit.records import dataclass

# Only the Logs API has them, and not these.
_LOGS_ONLY = frozenset({"platform.end", "platform.fault", "platform.logsSubscription"})
_TELEMETRY_ONLY = frozenset(
    {"platform.initStart", "platform.initRuntimeDone", "platform.initReport", "platform.telemetrySubscription"}
)
# "Before 2022-12-13 a function or extension record is always a string": telemetry-schema-reference.
_STRINGS_ONLY = frozenset({"2022-07-01", "2020-08-15", "2021-03-18"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryEvent:
    """Something that happened. kind: its type in the Telemetry API, or one that only the Logs API has.

    record: a log line, or the fields of a platform event.
    """

    at: datetime
    kind: str
    record: str | Mapping[str, Any]

    @property
    def stream(self) -> str:
        """What one subscribes to, to get it: `platform`, `function` or `extension`."""
        return self.kind.partition(".")[0]

    def written(self, record: str | Mapping[str, Any]) -> bytes:
        """The event as JSON. record: in the shape that its reader understands."""
        line = {"time": iso_milliseconds(self.at), "type": self.kind, "record": record}
        return json.dumps(line, separators=(",", ":")).encode()


def rendered(event: TelemetryEvent, subscription: Subscription, *, json_lines: bool) -> bytes | None:
    """The event as the subscriber gets it; None when it is not for it.

    json_lines: whether the function logs in JSON; a line that is a JSON object is then passed on as one.
    """
    if event.stream not in subscription.types:
        return None
    logs = subscription.api is Api.LOGS
    if event.kind in (_TELEMETRY_ONLY if logs else _LOGS_ONLY):
        return None
    record = event.record
    if isinstance(record, str):
        if json_lines and event.stream != "platform" and subscription.schema_version not in _STRINGS_ONLY:
            record = _structured(record)
    elif logs:
        older = _for_logs_api(event.kind, record, subscription.schema_version)
        if older is None:
            return None
        record = older
    return event.written(record)


def _structured(line: str) -> str | Mapping[str, Any]:
    try:
        found = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return line
    return found if isinstance(found, dict) else line


def _for_logs_api(kind: str, record: Mapping[str, Any], schema_version: str) -> Mapping[str, Any] | None:
    match kind:
        case "platform.start":
            return {key: record[key] for key in ("requestId", "version")}
        case "platform.report":
            return {key: record[key] for key in ("requestId", "metrics")}
        case "platform.runtimeDone" if schema_version == "2020-08-15":
            return None
        case "platform.runtimeDone":
            status = {"error": "failure"}.get(record["status"], record["status"])
            return {"requestId": record["requestId"], "status": status}
        case _:
            return record
