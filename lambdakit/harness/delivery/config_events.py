"""What AWS Config hands to the functions of its rules, and tells EventBridge of what came of it.

Source: AWS Config Developer Guide, "Example Events for AWS Config Rules", "Managing Deleted Resources for AWS Config
Custom Lambda Rules", "Example Compliance Change Notification", "Monitoring AWS Config with Amazon EventBridge".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from lambdakit.harness.moto_state.config_items import Item
from lambdakit.harness.moto_state.config_rules import ConfigRule
from lambdakit.records import dataclass

CHANGE: Final = "ConfigurationItemChangeNotification"
SCHEDULED: Final = "ScheduledNotification"
_ITEM_VERSION: Final = "1.3"
# Developer Guide, "Components of a configuration item": when it was recorded, not what.
_OF_THE_RECORDING: Final = frozenset(
    {"configurationItemCaptureTime", "configurationItemStatus", "configurationStateId", "configurationItemMD5Hash"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A resource that is new, another or gone. before, after: None where it was, or is, not there."""

    before: Item | None
    after: Item | None

    @property
    def item(self) -> Item:
        """The resource as it is, or as it was last."""
        found = self.before if self.after is None else self.after
        assert found is not None
        return found

    @property
    def kind(self) -> str:
        """As the difference calls it."""
        if self.before is None:
            return "CREATE"
        return "DELETE" if self.after is None else "UPDATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a function said of a resource. compliance: such as `NON_COMPLIANT`."""

    resource_type: str
    resource_id: str
    compliance: str
    annotation: str
    ordered: datetime
    recorded: datetime
    invoked: datetime


def content_of(item: Item) -> dict[str, Any]:
    """An item without what tells of its recording: what differs when the resource does."""
    return {name: value for name, value in item.items() if name not in _OF_THE_RECORDING}


def in_scope(rule: ConfigRule, item: Item) -> bool:
    """Whether a rule is for a resource. API Reference, "Scope": a tag's key alone, or with its value."""
    if rule.resource_types and item["resourceType"] not in rule.resource_types:
        return False
    if rule.resource_id and item["resourceId"] != rule.resource_id:
        return False
    tags = item.get("tags") or {}
    return not rule.tag_key or (rule.tag_key in tags and rule.tag_value in ("", tags[rule.tag_key]))


def change_event(rule: ConfigRule, change: Change, token: str, at: datetime, *, is_change: bool) -> bytes:
    """The event for a resource. is_change: false when a rule looks at what was there before."""
    invoking = {
        "configurationItemDiff": _difference(change) if is_change else None,
        "configurationItem": _item(change, rule.account_id, at),
        "notificationCreationTime": time_of(at),
        "messageType": CHANGE,
        "recordVersion": _ITEM_VERSION,
    }
    return _event(rule, invoking, token, left=change.after is None)


def scheduled_event(rule: ConfigRule, token: str, at: datetime) -> bytes:
    """The event of a time."""
    invoking = {
        "awsAccountId": rule.account_id,
        "notificationCreationTime": time_of(at),
        "messageType": SCHEDULED,
        "recordVersion": "1.0",
    }
    return _event(rule, invoking, token, left=False)


def compliance_change(rule: ConfigRule, old: Evaluation | None, new: Evaluation) -> Mapping[str, Any]:
    """The detail of "Config Rules Compliance Change"."""
    detail = {
        "resourceId": new.resource_id,
        "awsRegion": rule.region,
        "awsAccountId": rule.account_id,
        "configRuleName": rule.name,
        "recordVersion": "1.0",
        "configRuleARN": rule.arn,
        "messageType": "ComplianceChangeNotification",
        "newEvaluationResult": _result(rule, new),
        "notificationCreationTime": time_of(new.recorded),
        "resourceType": new.resource_type,
    }
    return detail if old is None else {**detail, "oldEvaluationResult": _result(rule, old)}


def time_of(at: datetime) -> str:
    """As AWS Config writes times."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _event(rule: ConfigRule, invoking: Mapping[str, Any], token: str, *, left: bool) -> bytes:
    event = {
        "version": "1.0",
        "invokingEvent": json.dumps(invoking, separators=(",", ":")),
        "ruleParameters": rule.parameters,
        "resultToken": token,
        "eventLeftScope": left,
        "executionRoleArn": (
            f"arn:aws:iam::{rule.account_id}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
        ),
        "configRuleArn": rule.arn,
        "configRuleName": rule.name,
        "configRuleId": rule.id,
        "accountId": rule.account_id,
        "evaluationMode": "DETECTIVE",
    }
    return json.dumps(event).encode()


def _item(change: Change, account_id: str, at: datetime) -> dict[str, Any]:
    """The item as functions get it, which has other names than the API's."""
    item = change.item
    statuses = {"CREATE": "ResourceDiscovered", "UPDATE": "OK", "DELETE": "ResourceDeleted"}
    is_gone = change.after is None
    return {
        "relatedEvents": item.get("relatedEvents") or [],
        "relationships": item.get("relationships") or [],
        "configuration": None if is_gone else item["configuration"],
        "supplementaryConfiguration": {} if is_gone else item["supplementaryConfiguration"],
        "tags": {} if is_gone else item.get("tags") or {},
        "configurationItemVersion": _ITEM_VERSION,
        "configurationItemCaptureTime": time_of(at),
        "configurationStateId": int(at.timestamp() * 1000),
        "awsAccountId": account_id,
        "configurationItemStatus": statuses[change.kind],
        "resourceType": item["resourceType"],
        "resourceId": item["resourceId"],
        "resourceName": item.get("resourceName"),
        "ARN": item["arn"],
        "awsRegion": item.get("awsRegion"),
        "availabilityZone": item.get("availabilityZone"),
        "configurationStateMd5Hash": "",
        "resourceCreationTime": item.get("resourceCreationTime"),
    }


def _difference(change: Change) -> dict[str, Any]:
    before, after = (_parts(one) for one in (change.before, change.after))
    changed = {
        name: {
            "previousValue": before.get(name),
            "updatedValue": after.get(name),
            "changeType": _kind(name, before, after),
        }
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }
    return {"changedProperties": changed, "changeType": change.kind}


def _kind(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if name not in before:
        return "CREATE"
    return "UPDATE" if name in after else "DELETE"


def _parts(item: Item | None) -> dict[str, Any]:
    """The members of the configuration by their paths, such as `Configuration.Owner.Id`."""
    if item is None:
        return {}
    configuration = item["configuration"] if isinstance(item["configuration"], dict) else {}
    return {
        **dict(_leaves("Configuration", configuration)),
        **dict(_leaves("SupplementaryConfiguration", item["supplementaryConfiguration"])),
        **dict(_leaves("Tags", item.get("tags") or {}, named_as_they_are=True)),
    }


def _leaves(path: str, value: Any, *, named_as_they_are: bool = False) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict) or not value:
        yield path, value
        return
    for name, one in value.items():
        shown = name if named_as_they_are else f"{name[:1].upper()}{name[1:]}"
        yield from _leaves(f"{path}.{shown}", one, named_as_they_are=named_as_they_are)


def _result(rule: ConfigRule, evaluation: Evaluation) -> dict[str, Any]:
    qualifier = {
        "configRuleName": rule.name,
        "resourceType": evaluation.resource_type,
        "resourceId": evaluation.resource_id,
        "evaluationMode": "DETECTIVE",
    }
    return {
        "evaluationResultIdentifier": {
            "evaluationResultQualifier": qualifier,
            "orderingTimestamp": time_of(evaluation.ordered),
        },
        "complianceType": evaluation.compliance,
        "resultRecordedTime": time_of(evaluation.recorded),
        "configRuleInvokedTime": time_of(evaluation.invoked),
        **({"annotation": evaluation.annotation} if evaluation.annotation else {}),
    }
