"""What starts a template's functions, as events of SAM's.

Source: CloudFormation Template Reference: the page of each type; AWS SAM Developer Guide, "EventSource". What has a
setting that SAM's event has not stays the resource that it is, and starts the function all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.sam.plain_parts import PlainParts
from lambdakit.sam.policies import referred

_SOURCES: Final = {
    "AWS::SQS::Queue": ("SQS", "Queue"),
    "AWS::Kinesis::Stream": ("Kinesis", "Stream"),
    "AWS::DynamoDB::Table": ("DynamoDB", "Stream"),
    "AWS::MSK::Cluster": ("MSK", "Stream"),
}
_SERVICES: Final = {"sqs": "SQS", "kinesis": "Kinesis", "dynamodb": "DynamoDB", "kafka": "MSK"}
# Of which only a list's items become events.
_STAYING: Final = ("AWS::SNS::Topic", "AWS::S3::Bucket")
_OF_TARGETS: Final = frozenset({"Id", "Arn", "Input", "InputPath", "RetryPolicy", "DeadLetterConfig"})
_OF_RULES: Final = frozenset({"Name", "Description", "State", "EventPattern", "EventBusName", "Targets"})
_OF_TIMED_RULES: Final = frozenset({"Name", "Description", "State", "ScheduleExpression", "Targets"})
_OF_SCHEDULES: Final = (
    *("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "StartDate", "EndDate", "State"),
    *("Description", "Name", "GroupName"),
)


def read_triggers(parts: PlainParts) -> None:
    """Makes events of what starts functions of SAM's."""
    for type_name, reader in _READERS.items():
        is_bound = parts.is_conditional if type_name in _STAYING else parts.is_bound
        for logical_id, properties in list(parts.of_type(type_name)):
            if not is_bound(logical_id):
                reader(parts, logical_id, properties)


def _mapping(parts: PlainParts, logical_id: str, properties: Mapping[str, Any]) -> None:
    function = parts.function(properties.get("FunctionName"))
    arn = properties.get("EventSourceArn")
    if function is None or arn is None:
        return
    kind, name = _SOURCES.get(parts.type_of(referred(arn)), ("", ""))
    if not kind and isinstance(arn, str) and arn.startswith("arn:") and arn.count(":") > 4:
        kind = _SERVICES.get(arn.split(":")[2], "")
        name = "Queue" if kind == "SQS" else "Stream"
    if not kind:
        return
    settings = {key: value for key, value in properties.items() if key not in ("FunctionName", "EventSourceArn")}
    parts.add_event(function, logical_id, kind, {name: arn, **settings}, ("Resources", logical_id))
    parts.consume(logical_id)


def _rule(parts: PlainParts, logical_id: str, properties: Mapping[str, Any]) -> None:
    targets = properties.get("Targets")
    target = targets[0] if isinstance(targets, list) and len(targets) == 1 else None
    if not isinstance(target, Mapping) or not target.keys() <= _OF_TARGETS:
        return
    function = parts.function(target.get("Arn"))
    if function is None or not _is_free(parts, logical_id):
        return
    settings = {key: value for key, value in target.items() if key not in ("Id", "Arn")}
    if properties.keys() <= _OF_TIMED_RULES and "ScheduleExpression" in properties:
        kind = "Schedule"
        settings["Schedule"] = properties["ScheduleExpression"]
    elif properties.keys() <= _OF_RULES and "EventPattern" in properties:
        kind = "EventBridgeRule"
        settings["Pattern"] = properties["EventPattern"]
        if "EventBusName" in properties:
            settings["EventBusName"] = properties["EventBusName"]
    else:
        return
    if properties.get("State") == "DISABLED":
        settings["State"] = "DISABLED"
    parts.add_event(function, logical_id, kind, settings, ("Resources", logical_id), "events")
    parts.consume(logical_id)


def _is_free(parts: PlainParts, logical_id: str) -> bool:
    """Whether nothing but a permission names it."""
    return all(parts.type_of(str(place[0])) == "AWS::Lambda::Permission" for place in parts.users(logical_id))


def _schedule(parts: PlainParts, logical_id: str, properties: Mapping[str, Any]) -> None:
    target = properties.get("Target")
    if not isinstance(target, Mapping) or not target.keys() <= {*_OF_TARGETS, "RoleArn"}:
        return
    function = parts.function(target.get("Arn"))
    if function is None or not properties.keys() <= {*_OF_SCHEDULES, "Target"} or not _is_free(parts, logical_id):
        return
    settings = {key: properties[key] for key in _OF_SCHEDULES if key in properties and key not in ("Name", "GroupName")}
    settings |= {key: value for key, value in target.items() if key not in ("Arn", "RoleArn")}
    parts.add_event(function, logical_id, "ScheduleV2", settings, ("Resources", logical_id))
    parts.consume(logical_id)


def _subscription(parts: PlainParts, logical_id: str, properties: Mapping[str, Any]) -> None:
    function = parts.function(properties.get("Endpoint"))
    if function is None or properties.get("Protocol") != "lambda":
        return
    settings = {key: value for key, value in properties.items() if key not in ("Endpoint", "Protocol", "TopicArn")}
    settings["Topic"] = properties.get("TopicArn")
    parts.add_event(function, logical_id, "SNS", settings, ("Resources", logical_id), "sns")
    parts.consume(logical_id)


def _topic(parts: PlainParts, logical_id: str, properties: Mapping[str, Any]) -> None:
    written = properties.get("Subscription")
    left = []
    for place, each in enumerate(written if isinstance(written, list) else ()):
        function = parts.function(each.get("Endpoint")) if isinstance(each, Mapping) else None
        if function is None or each.get("Protocol") != "lambda":
            left.append(each)
            continue
        origin = ("Resources", logical_id, "Properties", "Subscription", place)
        parts.add_event(function, logical_id, "SNS", {"Topic": {"Ref": logical_id}}, origin, "sns")
    _leave(parts, logical_id, ("Subscription",), written, left)


def _bucket(parts: PlainParts, logical_id: str, properties: Mapping[str, Any]) -> None:
    notifications = properties.get("NotificationConfiguration")
    written = notifications.get("LambdaConfigurations") if isinstance(notifications, Mapping) else None
    left = []
    for place, each in enumerate(written if isinstance(written, list) else ()):
        function = parts.function(each.get("Function")) if isinstance(each, Mapping) else None
        if function is None:
            left.append(each)
            continue
        origin = (
            *("Resources", logical_id, "Properties", "NotificationConfiguration", "LambdaConfigurations"),
            place,
        )
        settings: dict[str, Any] = {"Bucket": {"Ref": logical_id}, "Events": each.get("Event")}
        if "Filter" in each:
            settings["Filter"] = each["Filter"]
        parts.add_event(function, logical_id, "S3", settings, origin, "s3")
    _leave(parts, logical_id, ("NotificationConfiguration", "LambdaConfigurations"), written, left)


def _leave(parts: PlainParts, logical_id: str, path: tuple[str, ...], written: object, left: list[Any]) -> None:
    """Keeps of a list in a resource's properties what is left of it."""
    if not isinstance(written, list) or len(left) == len(written):
        return
    owner = parts.settings(logical_id)
    first, *rest = path
    if not rest:
        owner[first] = left
    else:
        owner[first] = {**owner[first], rest[0]: left}
        if not left:
            del owner[first][rest[0]]
    if not left and not (rest and owner[first]):
        del owner[first]


def _log_filter(parts: PlainParts, logical_id: str, properties: Mapping[str, Any]) -> None:
    function = parts.function(properties.get("DestinationArn"))
    if function is None or not properties.keys() <= {"DestinationArn", "FilterPattern", "LogGroupName", "FilterName"}:
        return
    settings = {key: properties[key] for key in ("LogGroupName", "FilterPattern") if key in properties}
    parts.add_event(function, logical_id, "CloudWatchLogs", settings, ("Resources", logical_id), "logs")
    parts.consume(logical_id)


_READERS: Final[Mapping[str, Callable[[PlainParts, str, Mapping[str, Any]], None]]] = {
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Events::Rule": _rule,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::S3::Bucket": _bucket,
    "AWS::Logs::SubscriptionFilter": _log_filter,
}
