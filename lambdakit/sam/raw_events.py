"""An event of a SAM function as the resources of CloudFormation's that it stands for.

So is said what no pattern can say: a function's second event, and events that documents have no word for. Rights are
narrower than those SAM gives: of the one source, where SAM attaches AWS's managed policies for all sources.
Source: AWS SAM Developer Guide, "EventSource" and "Generated CloudFormation resources"; Lambda Developer Guide, the
permissions of each event source mapping; CloudFormation Template Reference, the page of each type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final

from lambdakit.records import dataclass
from lambdakit.sam.properties import is_call

_ANY: Final = "*"
# Of an event source mapping, SAM's property -> CloudFormation's.
_READING: Final = (
    *("BatchSize", "MaximumBatchingWindowInSeconds", "Enabled", "FilterCriteria", "FunctionResponseTypes"),
    *("ScalingConfig", "StartingPosition", "StartingPositionTimestamp", "ParallelizationFactor"),
    *("BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "TumblingWindowInSeconds"),
    *("Topics", "Queues", "SourceAccessConfigurations", "KmsKeyArn", "MetricsConfig", "ProvisionedPollerConfig"),
)
_INTERFACES: Final = (
    *("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface", "ec2:DescribeVpcs"),
    *("ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"),
)
# Source -> the property that names it, and what its mapping does with the function's role.
_MAPPINGS: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "SQS": (
        "Queue",
        ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"),
        (),
    ),
    "Kinesis": (
        "Stream",
        (
            *("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords"),
            *("kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:SubscribeToShard"),
        ),
        (),
    ),
    "DynamoDB": (
        "Stream",
        ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
        (),
    ),
    "MSK": (
        "Stream",
        ("kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"),
        _INTERFACES,
    ),
    "MQ": ("Broker", ("mq:DescribeBroker",), _INTERFACES),
    "DocumentDB": ("Cluster", ("rds:DescribeDBClusters",), (*_INTERFACES, "rds:DescribeDBSubnetGroups")),
}
_DESTINATIONS: Final = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}
# What a rule hands on with an event.
_HANDED: Final = ("Input", "InputPath", "InputTransformer", "RetryPolicy")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEvent:
    """What an event stands for.

    resources: by the end of their logical ids, the first the event's own. statements: what the function's role needs
    for it, which is there before. trigger: of a user pool, its property and what calls the function there.
    """

    resources: Mapping[str, Mapping[str, Any]]
    statements: tuple[Mapping[str, Any], ...] = ()
    trigger: tuple[object, tuple[str, ...]] | None = None
    notification: tuple[object, tuple[Mapping[str, Any], ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """An event's properties, each taken once. handler: what invokes the function's alias."""

    properties: dict[str, Any] = field(default_factory=dict)
    handler: Mapping[str, Any] = field(default_factory=dict)

    def take(self, *names: str) -> dict[str, Any]:
        return {name: self.properties.pop(name) for name in names if name in self.properties}

    def renamed(self, **names: str) -> dict[str, Any]:
        return {new: self.properties.pop(old) for old, new in names.items() if old in self.properties}


def raw_event(kind: str, properties: Mapping[str, object], handler: Mapping[str, Any]) -> tuple[RawEvent, list[str]]:
    """What an event stands for, and the properties of it that this leaves out; nothing for a type that is not known.

    handler: the reference to the function's alias.
    """
    given = _Given(properties=dict(properties), handler=handler)
    if kind in _MAPPINGS:
        found: RawEvent | None = _mapping(kind, given)
    else:
        reader = _READERS.get(kind)
        found = None if reader is None else reader(given)
    if found is None:
        return RawEvent(resources={}), []
    return found, list(given.properties)


def permission(handler: Mapping[str, Any], principal: str, **conditions: object) -> dict[str, Any]:
    """What lets a service invoke the function. conditions: SourceArn, SourceAccount, EventSourceToken."""
    properties = {"Action": "lambda:InvokeFunction", "FunctionName": handler, "Principal": principal, **conditions}
    return {"Type": "AWS::Lambda::Permission", "Properties": properties}


def _mapping(kind: str, given: _Given) -> RawEvent | None:
    name, actions, everywhere = _MAPPINGS[kind]
    source = given.properties.pop(name, None)
    if source is None:
        return None
    settings: dict[str, Any] = {"FunctionName": given.handler, "EventSourceArn": source, **given.take(*_READING)}
    statements = [_allow(actions, source)]
    if everywhere:
        statements.append(_allow(everywhere, _ANY))
    if "ConsumerGroupId" in given.properties:
        group = given.properties.pop("ConsumerGroupId")
        settings["AmazonManagedKafkaEventSourceConfig"] = {"ConsumerGroupId": group}
    if database := given.take("DatabaseName", "CollectionName", "FullDocument"):
        settings["DocumentDBEventSourceConfig"] = database
    access = settings.get("SourceAccessConfigurations")
    secrets = [each["URI"] for each in access if "URI" in each] if isinstance(access, list) else []
    statements += [_allow(("secretsmanager:GetSecretValue",), secret) for secret in secrets]
    given.take("SecretsManagerKmsKeyId")
    statements += _destination(settings, given.properties.pop("DestinationConfig", None))
    mapping = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": settings}
    return RawEvent(resources={"": mapping}, statements=tuple(statements))


def _destination(settings: dict[str, Any], config: object) -> list[dict[str, Any]]:
    """Writes the destination of what fails, and says what writing there needs."""
    failure = config.get("OnFailure") if isinstance(config, Mapping) else None
    if not isinstance(failure, Mapping) or "Destination" not in failure:
        return []
    target = failure["Destination"]
    settings["DestinationConfig"] = {"OnFailure": {"Destination": target}}
    kind = str(failure.get("Type", "")).lower() or (":sns:" in str(target) and "sns") or "sqs"
    return [_allow((_DESTINATIONS[kind],), target)] if kind in _DESTINATIONS else []


def _allow(actions: tuple[str, ...], resource: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def _sns(given: _Given) -> RawEvent | None:
    topic = given.properties.pop("Topic", None)
    if topic is None:
        return None
    settings = {"Protocol": "lambda", "Endpoint": given.handler, "TopicArn": topic}
    settings |= given.take("FilterPolicy", "FilterPolicyScope", "Region", "RedrivePolicy")
    return RawEvent(
        resources={
            "": {"Type": "AWS::SNS::Subscription", "Properties": settings},
            "Permission": permission(given.handler, "sns.amazonaws.com", SourceArn=topic),
        }
    )


def _rule(given: _Given) -> RawEvent | None:
    settings = given.renamed(Schedule="ScheduleExpression", Pattern="EventPattern", RuleName="Name")
    settings |= given.take("EventBusName", "Description", "Name", "State")
    if not settings.keys() & {"ScheduleExpression", "EventPattern"}:
        return None
    enabled = given.properties.pop("Enabled", None)
    if "State" not in settings and enabled is not None:
        settings["State"] = "ENABLED" if str(enabled).lower() == "true" else "DISABLED"
    own = given.properties.pop("Target", None)
    target = {"Arn": given.handler, "Id": own["Id"] if isinstance(own, Mapping) and "Id" in own else "Function"}
    target |= given.take(*_HANDED)
    if isinstance(target.get("Input"), Mapping) and not is_call(target["Input"]):
        # The Serverless Framework writes the event itself, where EventBridge has its text.
        target["Input"] = json.dumps(target["Input"])
    letters = given.properties.get("DeadLetterConfig")
    if isinstance(letters, Mapping) and set(letters) == {"Arn"}:
        target["DeadLetterConfig"] = given.properties.pop("DeadLetterConfig")
    settings["Targets"] = [target]
    return RawEvent(
        resources={
            "": {"Type": "AWS::Events::Rule", "Properties": settings},
            "Permission": permission(given.handler, "events.amazonaws.com", SourceArn=_arn_of("")),
        }
    )


def _schedule(given: _Given) -> RawEvent | None:
    settings = given.take(
        *("ScheduleExpression", "ScheduleExpressionTimezone", "State", "Name", "Description", "StartDate", "EndDate"),
        *("GroupName", "KmsKeyArn"),
    )
    if "ScheduleExpression" not in settings:
        return None
    settings["FlexibleTimeWindow"] = given.properties.pop("FlexibleTimeWindow", {"Mode": "OFF"})
    given.take("OmitName")
    role = given.properties.pop("RoleArn", None)
    target = {"Arn": given.handler, "RoleArn": _arn_of("Role") if role is None else role}
    target |= given.take("Input", "RetryPolicy")
    letters = given.properties.get("DeadLetterConfig")
    if isinstance(letters, Mapping) and set(letters) == {"Arn"} and role is not None:
        target["DeadLetterConfig"] = given.properties.pop("DeadLetterConfig")
    settings["Target"] = target
    resources: dict[str, Mapping[str, Any]] = {"": {"Type": "AWS::Scheduler::Schedule", "Properties": settings}}
    if role is None:
        resources["Role"] = {"Type": "AWS::IAM::Role", "Properties": _scheduler_role(given)}
    return RawEvent(resources=resources)


def _scheduler_role(given: _Given) -> dict[str, Any]:
    # Source: EventBridge Scheduler User Guide, "Confused deputy prevention in EventBridge Scheduler"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    invoke = _allow(("lambda:InvokeFunction",), given.handler)
    return {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "Invoke", "PolicyDocument": {"Version": "2012-10-17", "Statement": [invoke]}}],
        **given.take("PermissionsBoundary"),
    }


def _logs(given: _Given) -> RawEvent | None:
    group = given.properties.pop("LogGroupName", None)
    if group is None:
        return None
    pattern = given.properties.pop("FilterPattern", "")
    text = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Name}:*"
    arn = {"Fn::Sub": [text, {"Name": group}]}
    settings = {"DestinationArn": given.handler, "FilterPattern": pattern, "LogGroupName": group}
    return RawEvent(
        resources={
            "": {"Type": "AWS::Logs::SubscriptionFilter", "Properties": settings, "DependsOn": [_END + "Permission"]},
            "Permission": permission(given.handler, "logs.amazonaws.com", SourceArn=arn),
        }
    )


def _iot(given: _Given) -> RawEvent | None:
    payload = given.take("Sql", "AwsIotSqlVersion")
    if "Sql" not in payload:
        return None
    enabled = given.properties.pop("Enabled", True)
    payload |= {"RuleDisabled": enabled is False, "Actions": [{"Lambda": {"FunctionArn": given.handler}}]}
    return RawEvent(
        resources={
            "": {"Type": "AWS::IoT::TopicRule", "Properties": {"TopicRulePayload": payload}},
            "Permission": permission(given.handler, "iot.amazonaws.com", SourceArn=_arn_of("")),
        }
    )


def _alexa(given: _Given) -> RawEvent:
    skill = given.properties.pop("SkillId", None)
    conditions = {} if skill is None else {"EventSourceToken": skill}
    return RawEvent(resources={"": permission(given.handler, "alexa-appkit.amazon.com", **conditions)})


def _cognito(given: _Given) -> RawEvent | None:
    pool, triggers = given.properties.pop("UserPool", None), given.properties.pop("Trigger", None)
    names = triggers if isinstance(triggers, list) else [triggers]
    if pool is None or not all(isinstance(name, str) for name in names):
        return None
    arn = _arn_of_named(pool)
    if arn is None:
        return None
    called = permission(given.handler, "cognito-idp.amazonaws.com", SourceArn=arn)
    return RawEvent(resources={"": called}, trigger=(pool, tuple(names)))


def _s3(given: _Given) -> RawEvent | None:
    bucket, events = given.properties.pop("Bucket", None), given.properties.pop("Events", None)
    names = events if isinstance(events, list) else [events]
    if bucket is None or not all(isinstance(name, str) for name in names):
        return None
    rest = given.take("Filter")
    told = tuple({"Event": name, "Function": given.handler, **rest} for name in names)
    called = permission(given.handler, "s3.amazonaws.com", SourceAccount={"Ref": "AWS::AccountId"})
    return RawEvent(resources={"": called}, notification=(bucket, told))


# Stands for the logical id of the event's own resource, or one whose id ends as said.
_END: Final = "/event:"


def _arn_of(end: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [f"{_END}{end}", "Arn"]}


def _arn_of_named(value: object) -> dict[str, Any] | None:
    match value:
        case {"Ref": str() as name}:
            return {"Fn::GetAtt": [name, "Arn"]}
    return None


def with_logical_ids(value: Any, logical_id: str) -> Any:
    """The value with `logical_id` for what stands for the event's own."""
    if isinstance(value, list):
        return [with_logical_ids(item, logical_id) for item in value]
    if isinstance(value, Mapping):
        return {key: with_logical_ids(item, logical_id) for key, item in value.items()}
    is_own = isinstance(value, str) and value.startswith(_END)
    return logical_id + value.removeprefix(_END) if is_own else value


_READERS: Final[Mapping[str, Callable[[_Given], RawEvent | None]]] = {
    "SNS": _sns,
    "S3": _s3,
    "Schedule": _rule,
    "EventBridgeRule": _rule,
    "CloudWatchEvent": _rule,
    "ScheduleV2": _schedule,
    "CloudWatchLogs": _logs,
    "IoTRule": _iot,
    "AlexaSkill": _alexa,
    "Cognito": _cognito,
}
