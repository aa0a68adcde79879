"""Rules and schedules on a clock that a test moves, with targets that do as a test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from lambdakit.arn import Arn
from lambdakit.clock import HarnessClock
from lambdakit.harness.account import Account
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.deliveries import Deliveries
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.event_buses import EventBuses
from lambdakit.harness.delivery.rule_targets import error_code, pause_seconds
from lambdakit.harness.delivery.scheduler import EventBridgeScheduler
from lambdakit.harness.delivery.targets import Targets
from lambdakit.harness.invocation.workers import Workers
from lambdakit.trace import EventNotDelivered, TraceLog
from tests.fakes.unchanged_moto import restored

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT_ID = "301234567893"
REGION = "eu-west-1"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/s"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:dead"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/r"


class Allowing:
    """Permissions that allow everything."""

    def service_refusal(
        self, service: str, action: str, resource: str, *, source_arn: str = "", source_account: str = ""
    ) -> str | None:
        return None

    def role_refusal(self, role_arn: str, session: str, action: str, resource: str) -> str | None:
        return None

    def user_id(self, access_key_id: str) -> str:
        return ""


class World:
    """Buses and schedules whose streams and queues are lists. refusals: what the stream says, in turn."""

    def __init__(self) -> None:
        self.clock, self.activity = HarnessClock(), Activity()
        self.trace = TraceLog(self.clock)
        self.workers = Workers("tests", most=4)
        self.account = Account(account_id=ACCOUNT_ID, region=REGION)
        self.refusals: list[NotDelivered] = []
        self.taken: list[Delivery] = []
        self.letters: list[Delivery] = []
        nothing = cast("Any", None)
        targets = Targets(stores=nothing, invocations=nothing, clients=self.account.client, permissions=Allowing())
        targets.serve("kinesis", self._to_stream)
        targets.serve("sqs", lambda delivery, target: self.letters.append(delivery))
        self.deliveries = Deliveries(
            targets, workers=self.workers, clock=self.clock, activity=self.activity, trace=self.trace
        )
        self.buses = EventBuses(
            self.deliveries,
            clock=self.clock,
            activity=self.activity,
            trace=self.trace,
            submit=self.workers.submit,
        )
        self.scheduler = EventBridgeScheduler(self.deliveries, clock=self.clock, trace=self.trace, role_clients=nothing)
        self.events = self.account.client("events")

    def rule(self, name: str = "r", *, schedule: str = "", **target: Any) -> None:
        """A rule with the stream as its target."""
        about = {"ScheduleExpression": schedule} if schedule else {"EventPattern": '{"source": ["shop", "aws.s3"]}'}
        self.events.put_rule(Name=name, **about)
        letters = {"DeadLetterConfig": {"Arn": QUEUE}}
        self.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": STREAM, "RoleArn": ROLE, **letters, **target}])

    def put(self) -> None:
        """Puts an event and waits until it came to rest."""
        self.events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}])
        self.rest()

    def advance(self, **step: float) -> None:
        """Moves the clock."""
        self.clock.advance(timedelta(**step), settle=self.rest, timeout_seconds=10)

    def rest(self) -> None:
        """Waits until nothing is under way."""
        assert self.activity.wait_until_idle(10), self.activity.still_open()

    def close(self) -> None:
        """Ends its threads."""
        self.clock.close()
        self.workers.stop()
        self.workers.join()

    def _to_stream(self, delivery: Delivery, target: Arn) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.taken.append(delivery)


@pytest.fixture
def world() -> Iterator[World]:
    from moto.events import models, notifications
    from moto.events.responses import EventsHandler
    from moto.scheduler import models as schedules
    from moto.scheduler.responses import EventBridgeSchedulerResponse

    models.events_backends[ACCOUNT_ID][REGION].reset()
    schedules.scheduler_backends[ACCOUNT_ID][REGION].reset()
    with restored(
        models.EventsBackend,
        models.Rule,
        models.Replay,
        EventsHandler,
        notifications,
        schedules.EventBridgeSchedulerBackend,
        EventBridgeSchedulerResponse,
    ):
        world = World()
        yield world
        world.close()


def throttled() -> NotDelivered:
    return NotDelivered("ProvisionedThroughputExceededException", "Rate exceeded", is_final=False)


def test_throttled_stream_is_tried_until_it_takes_the_event(world: World) -> None:
    world.refusals = [throttled() for _ in range(4)]
    world.rule()

    world.put()
    assert world.taken == []
    world.advance(seconds=1 + 2 + 4 + 8)

    (delivery,) = world.taken
    assert delivery.parameters["PartitionKey"] == json.loads(delivery.payload)["id"]
    told = [event for event in world.trace.events() if isinstance(event, EventNotDelivered)]
    assert [(event.attempts, event.settled) for event in told] == [(1, ""), (2, ""), (3, ""), (4, "")]


def test_stream_that_stays_throttled_loses_the_event_to_the_queue(world: World) -> None:
    world.refusals = [throttled() for _ in range(3)]
    world.rule(RetryPolicy={"MaximumRetryAttempts": 2})

    world.put()
    world.advance(minutes=5)

    (letter,) = world.letters
    told = {name: value["StringValue"] for name, value in letter.parameters["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "THROTTLING"
    assert told["ERROR_MESSAGE"] == "Rate exceeded"
    assert (told["EXHAUSTED_RETRY_CONDITION"], told["RETRY_ATTEMPTS"]) == ("MaximumRetryAttempts", "2")
    assert letter.role_arn == ""  # the queue's policy lets EventBridge in, not the target's role
    assert letter.service == "events.amazonaws.com"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("NO_PERMISSIONS", "NO_PERMISSIONS"),
        ("AccessDeniedException", "NO_PERMISSIONS"),
        ("ResourceNotFoundException", "NO_RESOURCE"),
        ("AWS.SimpleQueueService.NonExistentQueue", "NO_RESOURCE"),
        ("NotFound", "NO_RESOURCE"),
        ("NotFoundException", "NO_RESOURCE"),
        ("StateMachineDoesNotExist", "NO_RESOURCE"),
        ("ThrottlingException", "THROTTLING"),
        ("TooManyRequestsException", "THROTTLING"),
        ("InvalidParameterValue", "INVALID_PARAMETER"),
        ("TIMEOUT", "TIMEOUT"),
        ("InternalFailure", "ERROR_FROM_TARGET"),
    ],
)
def test_services_errors_have_a_name_of_eventbridge(code: str, expected: str) -> None:
    assert error_code(NotDelivered(code, "", is_final=True)) == expected


def test_all_attempts_fit_into_the_age_that_events_reach() -> None:
    pauses = [pause_seconds(attempt) for attempt in range(1, 186)]

    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses == sorted(pauses)
    assert 23 * 3600 < sum(pauses) < 24 * 3600


def test_event_of_a_service_comes_to_the_default_bus(world: World) -> None:
    world.rule()

    world.buses.put_aws_event(
        account_id=ACCOUNT_ID,
        region=REGION,
        source="aws.s3",
        detail_type="Object Created",
        detail={"bucket": {"name": "b"}},
        resources=["arn:aws:s3:::b"],
        time=datetime(2026, 1, 2, tzinfo=UTC),
    )
    world.rest()

    (delivery,) = world.taken
    event = json.loads(delivery.payload)
    assert (event["source"], event["time"], event["account"]) == ("aws.s3", "2026-01-02T00:00:00Z", ACCOUNT_ID)


def test_reset_forgets_what_was_archived_and_counts_rates_anew(world: World) -> None:
    bus = world.events.describe_event_bus()["Arn"]
    world.events.create_archive(ArchiveName="kept", EventSourceArn=bus)
    world.rule("tick", schedule="rate(10 minutes)")
    world.put()
    world.advance(minutes=9)

    world.buses.reset()
    world.advance(minutes=9)
    assert world.taken == []
    world.advance(minutes=2)

    assert len(world.taken) == 1
    assert world.events.describe_archive(ArchiveName="kept")["EventCount"] == 0


def test_reset_of_schedules_calls_nothing_at_once(world: World) -> None:
    scheduler = world.account.client("scheduler")
    target = {"Arn": STREAM, "RoleArn": ROLE, "Input": "x", "KinesisParameters": {"PartitionKey": "k"}}
    scheduler.create_schedule(
        Name="s", ScheduleExpression="rate(10 minutes)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    world.advance(minutes=9)
    assert len(world.taken) == 1

    world.scheduler.reset()
    world.advance(minutes=9)
    assert len(world.taken) == 1
    world.advance(minutes=2)

    assert len(world.taken) == 2


def test_attempt_number_grows_with_each_attempt(world: World) -> None:
    world.refusals = [throttled(), throttled()]
    scheduler = world.account.client("scheduler")
    text = "<aws.scheduler.attempt-number> <aws.scheduler.execution-id>"
    target = {"Arn": STREAM, "RoleArn": ROLE, "Input": text, "KinesisParameters": {"PartitionKey": "k"}}
    scheduler.create_schedule(
        Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )

    world.advance(minutes=1)

    (delivery,) = world.taken
    number, execution = delivery.payload.decode().split()
    assert (number, len(execution)) == ("3", 16)


def test_event_that_a_bus_refuses_is_given_up(world: World) -> None:
    scheduler = world.account.client("scheduler")
    bus = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/default"
    reserved = {"DetailType": "Due", "Source": "aws.s3"}
    target = {"Arn": bus, "RoleArn": ROLE, "Input": "{}", "EventBridgeParameters": reserved}
    scheduler.create_schedule(
        Name="s",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={**target, "DeadLetterConfig": {"Arn": QUEUE}},
    )
    world.advance(minutes=1)

    (letter,) = world.letters
    told = {name: value["StringValue"] for name, value in letter.parameters["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "NotAuthorizedForSourceException"
    assert letter.role_arn == ROLE
