"""EventBridge.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EventBridge"; EventBridge
User Guide, "Using IAM policy conditions in Amazon EventBridge" (`events:source` of an entry and of a pattern).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Need, Rules

_ENTRIES_MAX: Final = 100
_DEFAULT: Final = "default"


def bus_arn(call: ApiCall, bus: Any) -> str:
    """The ARN of an event bus by its name or ARN; of the default one without."""
    name = bus if isinstance(bus, str) and bus else _DEFAULT
    return name if name.startswith("arn:") else call.arn("events", f"event-bus/{name}")


def rule_arn(call: ApiCall, rule: str, bus: str) -> str:
    """The ARN of a rule; the default bus is not named in it, and that of another account's bus is there."""
    if rule.startswith("arn:"):
        return rule
    arn = bus_arn(call, bus)
    name = arn.partition("event-bus/")[2] or _DEFAULT
    return arn.partition(":event-bus/")[0] + (f":rule/{rule}" if name == _DEFAULT else f":rule/{name}/{rule}")


def _put_events(call: ApiCall) -> Sequence[Need] | None:
    """An authorization for each entry that differs in bus, source or detail type."""
    wanted: dict[tuple[str, str, str], None] = {}
    for entry in call.entries("Entries")[:_ENTRIES_MAX]:
        source, detail_type = entry.get("Source"), entry.get("DetailType")
        wanted[
            bus_arn(call, entry.get("EventBusName")),
            source if isinstance(source, str) else "",
            detail_type if isinstance(detail_type, str) else "",
        ] = None
    return [
        Need(
            action="events:PutEvents",
            resources=(bus,),
            keys={
                "events:source": (source,),
                "events:detail-type": (detail_type,),
                "events:eventbusinvocation": ("false",),
            },
        )
        for bus, source, detail_type in wanted
    ] or [Need(action="events:PutEvents", resources=(bus_arn(call, None),))]


def _on_rule(call: ApiCall) -> Sequence[Need] | None:
    rule = call.text("Rule", "Name")
    if not rule:
        return None
    keys: dict[str, tuple[str, ...]] = {"events:creatoraccount": (call.account_id,)}
    targets = [entry["Arn"] for entry in call.entries("Targets") if isinstance(entry.get("Arn"), str)]
    if targets:
        keys["events:targetarn"] = tuple(targets)
    keys.update(_pattern_keys(call.text("EventPattern")))
    return [
        Need(action=f"events:{call.operation}", resources=(rule_arn(call, rule, call.text("EventBusName")),), keys=keys)
    ]


def _pattern_keys(pattern: str) -> Mapping[str, tuple[str, ...]]:
    try:
        fields = json.loads(pattern) if pattern else None
    except (ValueError, RecursionError):
        return {}
    if not isinstance(fields, dict):
        return {}
    found = {}
    for key, name in (("events:source", "source"), ("events:detail-type", "detail-type")):
        values = fields.get(name)
        texts = tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()
        if texts:
            found[key] = texts
    return found


def _bus(call: ApiCall) -> Sequence[str]:
    if call.operation == "CreateArchive":
        return [bus_arn(call, call.text("EventSourceArn"))]
    if call.operation == "StartReplay":
        destination = call.members.get("Destination")
        return [bus_arn(call, destination.get("Arn") if isinstance(destination, dict) else None)]
    arn = call.text("ResourceARN")
    if arn:
        return [arn] if ":event-bus/" in arn else []
    return [bus_arn(call, call.text("Name", "EventBusName"))]


def _archive(call: ApiCall) -> Sequence[str]:
    arn = call.text("EventSourceArn")
    name = call.text("ArchiveName")
    return [call.arn("events", f"archive/{name}")] if name else [arn] if ":archive/" in arn else []


def _connection(call: ApiCall) -> Sequence[str]:
    if "ApiDestination" in call.operation:
        arn = call.text("ConnectionArn")
        return [arn] if arn else []
    name = call.text("Name")
    return [call.arn("events", f"connection/{name}")] if name else []


def _rule_by_arn(call: ApiCall) -> Sequence[str]:
    arn = call.text("ResourceARN")
    return [arn] if ":rule/" in arn else []


EVENTS: Final = Rules(
    resources={
        "event-bus": _bus,
        "archive": _archive,
        "connection": _connection,
        "rule-on-default-event-bus": _rule_by_arn,
        "rule-on-custom-event-bus": _rule_by_arn,
    },
    members={
        "api-destination.ApiDestinationName": ("Name",),
        "endpoint.EndpointName": ("Name",),
    },
    any_of=frozenset({"DescribeApiDestination"}),
    readers={
        "PutEvents": _put_events,
        **dict.fromkeys(
            (
                *("PutRule", "DeleteRule", "DescribeRule", "DisableRule", "EnableRule"),
                *("PutTargets", "RemoveTargets", "ListTargetsByRule"),
            ),
            _on_rule,
        ),
    },
    pass_role=frozenset({"PutTargets", "PutRule", "CreateEndpoint", "UpdateEndpoint"}),
)
