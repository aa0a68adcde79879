"""Event buses as data sources.

Source: AppSync Developer Guide, "Resolver mapping template reference for EventBridge" (`PutEvents`: what an event has,
and `Entries` and `FailedEntryCount` as the result).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.routing.graphql.definition import DataSource
from lambdakit.harness.routing.graphql.errors import FieldFault
from lambdakit.harness.routing.graphql.sources.aws_calls import AwsCalls, ServiceRefusal
from lambdakit.harness.routing.graphql.sources.source_fault import SourceFault

_MEMBERS: Final[Mapping[str, str]] = {
    "source": "Source",
    "detailType": "DetailType",
    "resources": "Resources",
    "time": "Time",
    "traceHeader": "TraceHeader",
}
_EVENTS_MAX: Final = 10  # Amazon EventBridge API Reference, "PutEvents"


def put_events(aws: AwsCalls, source: DataSource, principal: Principal, document: Mapping[str, Any]) -> Any:
    """What came of the events. SourceFault."""
    if document.get("operation") != "PutEvents":
        raise FieldFault(f"Unsupported operation '{document.get('operation')}'. Expected PutEvents.", "MappingTemplate")
    events = document.get("events")
    if not isinstance(events, list) or not 1 <= len(events) <= _EVENTS_MAX:
        raise FieldFault(f"PutEvents takes 1 to {_EVENTS_MAX} events.", "MappingTemplate")
    bus = str(source.place.get("eventBusArn", ""))
    entries = [_entry(event, bus) for event in events]
    try:
        answer = aws.call(
            principal,
            service="events",
            region=bus.split(":")[3] if bus.count(":") > 3 else "",
            target="AWSEvents.PutEvents",
            version="1.1",
            given={"Entries": entries},
        )
    except ServiceRefusal as refused:
        raise SourceFault(refused.message, f"EventBridge:{refused.code}") from None
    return {"Entries": answer.get("Entries", []), "FailedEntryCount": answer.get("FailedEntryCount", 0)}


def _entry(event: Any, bus: str) -> dict[str, Any]:
    if not isinstance(event, Mapping) or not event.get("source") or not event.get("detailType"):
        raise FieldFault("an event needs source, detail and detailType.", "MappingTemplate")
    detail = event.get("detail")
    said = {_MEMBERS[name]: value for name, value in event.items() if name in _MEMBERS and value is not None}
    text = detail if isinstance(detail, str) else json.dumps(detail if detail is not None else {})
    return {**said, "Detail": text, "EventBusName": bus}
