"""CloudWatch Logs.

A group's ARN has two forms: `log-group:NAME` for tagging, and `log-group:NAME:*` in policies for everything else. What
a request for a group is about is `log-group:NAME:log-stream:`, which the second form matches and the first does not.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudWatch Logs"; CloudWatch
Logs User Guide, "CloudWatch Logs resources and operations".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall, listed
from lambdakit.harness.iam.rules import Need, Rules

_GROUPS_MAX: Final = 100
_MEMBERS: Final = (
    *("logGroupName", "logGroupIdentifier", "logGroupNames", "logGroupIdentifiers", "logGroupArnList", "logGroupArn"),
)


def group_arn(call: ApiCall, group: str) -> str:
    """The ARN of a log group by its name or ARN, without anything behind the name."""
    if group.startswith("arn:"):
        return group.removesuffix(":*")
    return call.arn("logs", f"log-group:{group}")


def _groups(call: ApiCall) -> list[str]:
    names: list[Any] = [name for member in _MEMBERS for name in listed(call.members.get(member))]
    return [group_arn(call, name) for name in names[:_GROUPS_MAX] if isinstance(name, str) and name]


def _group(call: ApiCall) -> Sequence[str]:
    if "TagResource" in call.operation or call.operation == "ListTagsForResource":
        arn = call.text("resourceArn")
        return [group_arn(call, arn)] if ":log-group:" in arn else []
    return [f"{arn}:log-stream:" for arn in _groups(call)]


def _stream(call: ApiCall) -> Sequence[str]:
    stream = call.text("logStreamName")
    return [f"{arn}:log-stream:{stream}" for arn in _groups(call)] if stream else []


def _create_stream(call: ApiCall) -> Sequence[Need] | None:
    streams = _stream(call)
    return [Need(action="logs:CreateLogStream", resources=tuple(streams))] if streams else None


def _all_groups(call: ApiCall) -> Sequence[Need]:
    return [Need(action=f"logs:{call.operation}", resources=(call.arn("logs", "log-group::log-stream:"),))]


LOGS: Final = Rules(
    resources={"log-group": _group, "log-stream": _stream},
    members={
        "delivery.DeliveryName": ("id",),
        "delivery-source.DeliverySourceName": ("deliverySourceName", "name"),
        "delivery-destination.DeliveryDestinationName": ("deliveryDestinationArn", "deliveryDestinationName", "name"),
        "destination.DestinationName": ("destinationName", "destinationArn"),
        "scheduled-query.ScheduledQueryId": ("identifier",),
        "lookup-table.LookupTableName": ("lookupTableArn", "lookupTableName"),
    },
    any_of=frozenset({"UpdateDeliveryConfiguration"}),
    opaque=frozenset({"GetLogObject", "GetLogRecord", "GetQueryResults"}),
    readers={
        "CreateLogStream": _create_stream,
        "DescribeLogGroups": _all_groups,
    },
)
