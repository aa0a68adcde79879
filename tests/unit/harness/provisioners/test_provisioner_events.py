"""`AWS::Events::*`, `AWS::Scheduler::*` and `AWS::Pipes::*`, read back through their APIs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:nobody"
_ROLE = "arn:aws:iam::111122223333:role/r"
_PATTERN = {"source": ["shop"]}


def _rule(provisioning: Provisioning, created: Created) -> Any:
    events = provisioning.client("events")
    name, bus = created.provisioned.attributes["RuleName"], created.resource.properties.get("EventBusName", "default")
    rule = events.describe_rule(Name=name, EventBusName=bus)
    tags = events.list_tags_for_resource(ResourceARN=created.provisioned.attributes["Arn"])["Tags"]
    return {
        **{key: rule[key] for key in ("Description", "ScheduleExpression", "State", "RoleArn") if key in rule},
        "EventPattern": json.loads(rule.get("EventPattern", "null")),
        "Targets": {
            target["Id"]: target for target in events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
        },
        "Tags": {tag["Key"]: tag["Value"] for tag in tags},
    }


def _bus(provisioning: Provisioning, created: Created) -> Any:
    bus = provisioning.client("events").describe_event_bus(Name=created.provisioned.physical_id)
    tags = provisioning.client("events").list_tags_for_resource(ResourceARN=bus["Arn"])["Tags"]
    return {"Policy": _effects(bus), "Tags": {tag["Key"]: tag["Value"] for tag in tags}}


def _bus_policy(provisioning: Provisioning, created: Created) -> Any:
    del created
    name = provisioning.made["Bus"].provisioned.physical_id
    return _effects(provisioning.client("events").describe_event_bus(Name=name))


def _effects(bus: dict[str, Any]) -> dict[str, Any]:
    policy = json.loads(bus.get("Policy") or "{}")
    return {statement["Sid"]: statement["Action"] for statement in policy.get("Statement", ())}


def _archive(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("events").describe_archive(ArchiveName=created.provisioned.physical_id)
    pattern = json.loads(found.get("EventPattern") or "{}")
    return {"Description": found.get("Description"), "Days": found["RetentionDays"], "Pattern": pattern}


def _connection(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("events").describe_connection(Name=created.provisioned.physical_id)
    return {key: found.get(key) for key in ("AuthorizationType", "Description", "AuthParameters")}


def _destination(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("events").describe_api_destination(Name=created.provisioned.physical_id)
    keys = ("HttpMethod", "InvocationEndpoint", "InvocationRateLimitPerSecond", "Description")
    return {key: found.get(key) for key in keys}


def _schedule(provisioning: Provisioning, created: Created) -> Any:
    group = created.resource.properties.get("GroupName", "default")
    found = provisioning.client("scheduler").get_schedule(Name=created.provisioned.physical_id, GroupName=group)
    keys = ("Description", "FlexibleTimeWindow", "GroupName", "ScheduleExpression", "State", "Target")
    return {key: found.get(key) for key in keys}


def _group(provisioning: Provisioning, created: Created) -> Any:
    scheduler = provisioning.client("scheduler")
    scheduler.get_schedule_group(Name=created.provisioned.physical_id)
    tags = scheduler.list_tags_for_resource(ResourceArn=created.provisioned.attributes["Arn"])["Tags"]
    return {"Tags": {tag["Key"]: tag["Value"] for tag in tags}, "There": True}


def _pipe(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("pipes").describe_pipe(Name=created.provisioned.physical_id)
    keys = ("Description", "DesiredState", "Source", "SourceParameters", "Target", "TargetParameters", "Tags")
    return {key: found.get(key) for key in keys}


ROWS = [
    Row(
        type="AWS::Events::Rule",
        first={
            "Name": "orders",
            "EventBusName": "@Bus",
            "Description": "d",
            "EventPattern": _PATTERN,
            "Tags": [{"Key": "team", "Value": "a"}],
            "Targets": [
                {
                    "Id": "function",
                    "Arn": _FUNCTION,
                    "InputTransformer": {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": "<a>"},
                    "RetryPolicy": {"MaximumRetryAttempts": "3"},
                },
                {"Id": "queue", "Arn": "@Queue.Arn"},
            ],
        },
        second={
            "Name": "orders",
            "EventBusName": "@Bus",
            "EventPattern": json.dumps({"source": ["other"]}),
            "State": "DISABLED",
            "Targets": [{"Id": "queue", "Arn": "@Queue.Arn", "Input": "{}"}],
        },
        read=_rule,
        shows=(
            {
                "Description": "d",
                "EventPattern": _PATTERN,
                "State": "ENABLED",
                "Tags": {"team": "a"},
                "Targets": {
                    "function": {"Arn": _FUNCTION, "RetryPolicy": {"MaximumRetryAttempts": 3}},
                    "queue": {"Arn": "@Queue.Arn"},
                },
            },
            {
                "EventPattern": {"source": ["other"]},
                "State": "DISABLED",
                "Targets": {"queue": {"Arn": "@Queue.Arn", "Input": "{}"}},
            },
        ),
        needs={"Bus": ("AWS::Events::EventBus", {"Name": "shop"}), "Queue": ("AWS::SQS::Queue", {})},
    ),
    Row(
        type="AWS::Events::EventBus",
        first={"Name": "shop", "Tags": [{"Key": "team", "Value": "a"}]},
        second={
            "Name": "shop",
            "Policy": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "s", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
                ],
            },
        },
        read=_bus,
        shows=({"Policy": {}, "Tags": {"team": "a"}}, {"Policy": {"s": "events:PutEvents"}, "Tags": {}}),
    ),
    Row(
        type="AWS::Events::EventBusPolicy",
        first={
            "EventBusName": "@Bus",
            "StatementId": "s",
            "Statement": {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"},
        },
        second={"EventBusName": "@Bus", "StatementId": "s", "Action": "events:PutEvents", "Principal": "444455556666"},
        read=_bus_policy,
        shows=({"s": "events:PutEvents"}, {"s": "events:PutEvents"}),
        needs={"Bus": ("AWS::Events::EventBus", {"Name": "shop"})},
    ),
    Row(
        type="AWS::Events::Archive",
        first={"SourceArn": "@Bus.Arn", "Description": "d", "EventPattern": _PATTERN, "RetentionDays": "7"},
        second={"SourceArn": "@Bus.Arn"},
        read=_archive,
        shows=({"Description": "d", "Days": 7, "Pattern": _PATTERN}, {"Days": 0, "Pattern": {}}),
        needs={"Bus": ("AWS::Events::EventBus", {"Name": "shop"})},
    ),
    Row(
        type="AWS::Events::Connection",
        first={
            "Name": "partner",
            "AuthorizationType": "API_KEY",
            "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "secret"}},
        },
        second={
            "Name": "partner",
            "Description": "d",
            "AuthorizationType": "BASIC",
            "AuthParameters": {"BasicAuthParameters": {"Username": "u", "Password": "p"}},
        },
        read=_connection,
        shows=({"AuthorizationType": "API_KEY"}, {"AuthorizationType": "BASIC", "Description": "d"}),
    ),
    Row(
        type="AWS::Events::ApiDestination",
        first={
            "Name": "partner",
            "ConnectionArn": "@Connection.Arn",
            "HttpMethod": "POST",
            "InvocationEndpoint": "https://example.com/a",
        },
        second={
            "Name": "partner",
            "ConnectionArn": "@Connection.Arn",
            "HttpMethod": "PUT",
            "InvocationEndpoint": "https://example.com/b",
            "InvocationRateLimitPerSecond": "10",
        },
        read=_destination,
        shows=(
            {"HttpMethod": "POST", "InvocationEndpoint": "https://example.com/a", "InvocationRateLimitPerSecond": 300},
            {"HttpMethod": "PUT", "InvocationEndpoint": "https://example.com/b", "InvocationRateLimitPerSecond": 10},
        ),
        needs={
            "Connection": (
                "AWS::Events::Connection",
                {
                    "AuthorizationType": "API_KEY",
                    "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "secret"}},
                },
            )
        },
    ),
    Row(
        type="AWS::Scheduler::Schedule",
        first={
            "Name": "nightly",
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": "5"},
            "Target": {"Arn": _FUNCTION, "RoleArn": _ROLE, "RetryPolicy": {"MaximumRetryAttempts": 2}},
        },
        second={
            "Name": "nightly",
            "ScheduleExpression": "cron(0 1 * * ? *)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "DISABLED",
            "Target": {"Arn": _FUNCTION, "RoleArn": _ROLE, "Input": "{}"},
        },
        read=_schedule,
        shows=(
            {
                "ScheduleExpression": "rate(1 hour)",
                "State": "ENABLED",
                "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
            },
            {"ScheduleExpression": "cron(0 1 * * ? *)", "State": "DISABLED", "Target": {"Input": "{}"}},
        ),
    ),
    Row(
        type="AWS::Scheduler::ScheduleGroup",
        first={"Name": "night", "Tags": [{"Key": "team", "Value": "a"}]},
        second={"Name": "night", "Tags": [{"Key": "other", "Value": "b"}]},
        read=_group,
        shows=({"Tags": {"team": "a"}}, {"Tags": {"other": "b"}}),
    ),
    Row(
        type="AWS::Pipes::Pipe",
        first={
            "Name": "pipe",
            "RoleArn": _ROLE,
            "Source": "@Queue.Arn",
            "SourceParameters": {
                "SqsQueueParameters": {"BatchSize": "5"},
                "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
            },
            "Target": _FUNCTION,
            "Tags": {"team": "a"},
        },
        second={
            "Name": "pipe",
            "RoleArn": _ROLE,
            "Source": "@Queue.Arn",
            "Description": "d",
            "DesiredState": "STOPPED",
            "Target": _FUNCTION,
            "TargetParameters": {"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}},
        },
        read=_pipe,
        shows=(
            {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 5}}, "Tags": {"team": "a"}},
            {
                "Description": "d",
                "DesiredState": "STOPPED",
                "TargetParameters": {"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}},
            },
        ),
        needs={"Queue": ("AWS::SQS::Queue", {})},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_rule_of_a_bus_is_named_behind_it(provisioning: Provisioning) -> None:
    provisioning.create("AWS::Events::EventBus", {"Name": "shop"})

    on_bus = provisioning.create(
        "AWS::Events::Rule", {"Name": "orders", "EventBusName": "shop", "EventPattern": _PATTERN}
    ).provisioned
    on_default = provisioning.create("AWS::Events::Rule", {"Name": "orders", "EventPattern": _PATTERN}).provisioned

    assert on_bus.physical_id == "shop|orders"
    assert on_bus.attributes["Arn"] == "arn:aws:events:eu-west-1:111122223333:rule/shop/orders"
    assert on_default.physical_id == "orders"


def test_statements_of_two_policies_stand_side_by_side(provisioning: Provisioning) -> None:
    bus = provisioning.create("AWS::Events::EventBus", {"Name": "shop"}, logical_id="Bus")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
    first, _ = (
        provisioning.create(
            "AWS::Events::EventBusPolicy", {"EventBusName": "shop", "StatementId": sid, "Statement": statement}
        )
        for sid in ("a", "b")
    )
    assert _bus_policy(provisioning, bus).keys() == {"a", "b"}

    provisioning.delete(first)

    assert _bus_policy(provisioning, bus).keys() == {"b"}


def test_schedule_moves_to_another_group(provisioning: Provisioning) -> None:
    provisioning.create("AWS::Scheduler::ScheduleGroup", {"Name": "night"})
    properties = {
        "Name": "job",
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": _FUNCTION, "RoleArn": _ROLE},
    }
    schedule = provisioning.create("AWS::Scheduler::Schedule", properties)

    moved = provisioning.update(schedule, {**properties, "GroupName": "night"})

    assert [item["GroupName"] for item in provisioning.client("scheduler").list_schedules()["Schedules"]] == ["night"]
    assert moved.provisioned.attributes["Arn"].endswith("schedule/night/job")


@pytest.mark.parametrize(
    ("type_name", "properties", "refusal", "text"),
    [
        pytest.param(
            "AWS::Events::Rule", {"Name": "r"}, ClientError, "EventPattern or ScheduleExpression", id="no pattern"
        ),
        pytest.param("AWS::Events::Rule", {"ScheduleExpression": "every day"}, ClientError, "not valid", id="schedule"),
        pytest.param(
            "AWS::Events::Rule",
            {"EventPattern": _PATTERN, "Targets": [{"Id": "a", "Arn": "nothing"}]},
            ClientError,
            "not valid",
            id="target",
        ),
        pytest.param("AWS::Events::EventBus", {"Name": "a/b"}, ClientError, "must not contain '/'", id="bus name"),
    ],
)
def test_impossible_resource_is_refused_and_not_there(
    provisioning: Provisioning, type_name: str, properties: dict[str, Any], refusal: type[Exception], text: str
) -> None:
    with pytest.raises(refusal, match=text):
        provisioning.create(type_name, properties)

    events = provisioning.client("events")
    assert events.list_rules()["Rules"] == []
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default"]


@pytest.mark.parametrize(
    ("type_name", "properties"),
    [
        ("AWS::Events::Rule", {"Name": "taken", "EventPattern": _PATTERN}),
        ("AWS::Scheduler::ScheduleGroup", {"Name": "taken"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_a_name_that_is_taken_is_refused(
    provisioning: Provisioning, type_name: str, properties: dict[str, Any]
) -> None:
    provisioning.create(type_name, properties)

    with pytest.raises(ResourceRefused, match=f"'{type_name}' with identifier 'taken' already exists"):
        provisioning.create(type_name, properties)


def test_failed_update_leaves_the_rule_as_it_was(provisioning: Provisioning) -> None:
    rule = provisioning.create("AWS::Events::Rule", {"EventPattern": _PATTERN, "Description": "old"})
    before = _rule(provisioning, rule)

    with pytest.raises(ClientError):
        provisioning.update(
            rule, {"EventPattern": _PATTERN, "Description": "new", "Targets": [{"Id": "a", "Arn": "nothing"}]}
        )

    assert _rule(provisioning, rule) == before
