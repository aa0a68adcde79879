"""moto's schedules are read and told of; at the same time the canary of `moto_state.schedules`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.delivery.schedule_checks import check_schedule, universal
from lambdakit.harness.moto_state.api_fault import ApiFault
from lambdakit.harness.moto_state.schedules import Schedules
from tests.fakes.lambda_api import refusal
from tests.fakes.unchanged_moto import restored

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT_ID = "301234567892"
REGION = "eu-west-1"
TARGET = {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:q", "RoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/r"}
PLAIN = {"ScheduleExpression": "rate(1 minute)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": TARGET}


class World:
    """The checks are the real ones."""

    def __init__(self) -> None:
        self.changes = 0
        self.schedules = Schedules(self)
        self.scheduler = Account(account_id=ACCOUNT_ID, region=REGION).client("scheduler")

    def check_schedule(self, given: Mapping[str, Any], groups: Mapping[str, Any]) -> None:
        check_schedule(given, groups)

    def schedules_changed(self, account_id: str, region: str) -> None:
        assert (account_id, region) == (ACCOUNT_ID, REGION)
        self.changes += 1


@pytest.fixture
def world() -> Iterator[World]:
    from moto.scheduler import models
    from moto.scheduler.responses import EventBridgeSchedulerResponse

    models.scheduler_backends[ACCOUNT_ID][REGION].reset()
    with restored(models.EventBridgeSchedulerBackend, EventBridgeSchedulerResponse):
        yield World()


def test_a_schedule_is_read_as_it_was_written(world: World) -> None:
    start, end = datetime(2036, 1, 1, tzinfo=UTC), datetime(2036, 1, 2, tzinfo=UTC)
    world.scheduler.create_schedule_group(Name="g")

    world.scheduler.create_schedule(
        **{**PLAIN, "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}},
        Name="s",
        GroupName="g",
        ScheduleExpressionTimezone="Europe/Berlin",
        StartDate=start,
        EndDate=end,
        State="DISABLED",
        ActionAfterCompletion="DELETE",
    )

    (kept,) = world.schedules.schedules(ACCOUNT_ID, REGION)
    assert kept.arn == f"arn:aws:scheduler:{REGION}:{ACCOUNT_ID}:schedule/g/s"
    assert (kept.group, kept.name, kept.expression, kept.zone) == ("g", "s", "rate(1 minute)", "Europe/Berlin")
    assert (kept.is_enabled, kept.window_minutes, kept.is_deleted_when_complete) == (False, 15, True)
    assert (kept.start, kept.end) == (start, end)
    assert kept.target["Arn"] == TARGET["Arn"]
    assert world.schedules.schedule(ACCOUNT_ID, REGION, "g", "s") == kept
    assert (ACCOUNT_ID, REGION) in list(world.schedules.places())


def test_an_update_replaces_everything(world: World) -> None:
    world.scheduler.create_schedule(**PLAIN, Name="s", State="DISABLED")

    world.scheduler.update_schedule(**PLAIN, Name="s", ActionAfterCompletion="DELETE")

    (kept,) = world.schedules.schedules(ACCOUNT_ID, REGION)
    assert (kept.is_enabled, kept.is_deleted_when_complete) == (True, True)


def test_every_change_is_told(world: World) -> None:
    world.scheduler.create_schedule_group(Name="g")
    steps: list[Callable[[], Any]] = [
        lambda: world.scheduler.create_schedule(**PLAIN, Name="s"),
        lambda: world.scheduler.update_schedule(**PLAIN, Name="s"),
        lambda: world.scheduler.delete_schedule(Name="s"),
        lambda: world.scheduler.delete_schedule_group(Name="g"),
    ]

    for number, step in enumerate(steps, start=1):
        step()
        assert world.changes == number


def test_a_schedule_is_deleted_once(world: World) -> None:
    world.scheduler.create_schedule(**PLAIN, Name="s")
    (kept,) = world.schedules.schedules(ACCOUNT_ID, REGION)

    world.schedules.delete(kept)
    world.schedules.delete(kept)

    assert world.scheduler.list_schedules()["Schedules"] == []


UNIVERSAL = {**TARGET, "Arn": "arn:aws:scheduler:::aws-sdk:sqs:getQueueUrl"}
FUNCTION = {**TARGET, "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:f"}


@pytest.mark.parametrize(
    ("given", "status", "code", "message"),
    [
        (
            {"Name": "a b"},
            400,
            "ValidationException",
            "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$",
        ),
        ({"ScheduleExpression": "rate(x)"}, 400, "ValidationException", "Invalid Schedule Expression rate(x)."),
        (
            {"ScheduleExpressionTimezone": "Mars/Base"},
            400,
            "ValidationException",
            "Invalid Schedule Expression Timezone Mars/Base.",
        ),
        ({"GroupName": "gone"}, 404, "ResourceNotFoundException", "Schedule group gone does not exist."),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, 400, "ValidationException", ""),
        (
            {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 1}},
            400,
            "ValidationException",
            "",
        ),
        (
            {"StartDate": datetime(2036, 1, 2, tzinfo=UTC), "EndDate": datetime(2036, 1, 1, tzinfo=UTC)},
            400,
            "ValidationException",
            "",
        ),
        ({"Target": UNIVERSAL}, 400, "ValidationException", ""),
        ({"Target": {**FUNCTION, "Input": "no JSON"}}, 400, "ValidationException", ""),
        (
            {"Target": {**TARGET, "Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/s"}},
            400,
            "ValidationException",
            "",
        ),
        (
            {"Target": {**TARGET, "Arn": f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/default"}},
            400,
            "ValidationException",
            "",
        ),
    ],
)
def test_what_is_not_in_order_is_refused(
    world: World, given: Mapping[str, Any], status: int, code: str, message: str
) -> None:
    refused = refusal(world.scheduler.create_schedule, **{**PLAIN, "Name": "s", **given})

    assert refused[:2] == (status, code)
    assert not message or refused[2] == message
    assert world.scheduler.list_schedules()["Schedules"] == []


@pytest.mark.parametrize("minutes", [1, 1440])
def test_windows_at_their_bounds_are_taken(world: World, minutes: int) -> None:
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes}

    world.scheduler.create_schedule(**{**PLAIN, "FlexibleTimeWindow": window}, Name="s")

    (kept,) = world.schedules.schedules(ACCOUNT_ID, REGION)
    assert kept.window_minutes == minutes


def test_text_for_a_queue_need_not_be_json(world: World) -> None:
    world.scheduler.create_schedule(**{**PLAIN, "Target": {**TARGET, "Input": "no JSON"}}, Name="s")

    assert len(list(world.schedules.schedules(ACCOUNT_ID, REGION))) == 1


def test_retry_policy_keeps_its_bounds() -> None:
    for policy in ({"MaximumRetryAttempts": 186}, {"MaximumEventAgeInSeconds": 59}):
        given = {"name": "s", "schedule_expression": "rate(1 minute)", "target": {**TARGET, "RetryPolicy": policy}}
        with pytest.raises(ApiFault):
            check_schedule(given, {"default": None})


def test_universal_targets_name_service_and_operation() -> None:
    assert universal("arn:aws:scheduler:::aws-sdk:sqs:sendMessage") == ("sqs", "sendMessage")
    assert universal(TARGET["Arn"]) is None
