"""Rules with a schedule, from the clock to the function.

Source, unless a test says another: Amazon EventBridge User Guide, "Creating a rule that runs on a schedule in Amazon
EventBridge".
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.event_bus import EventBus, attributes
from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.lambda_api import refusal
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-schedules")


@pytest.fixture
def bus(harness: WiredHarness) -> Iterator[EventBus]:
    made = EventBus(harness)
    yield made
    made.remove()


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "ticked", Timeout=10)
    yield function
    function.remove()


def now(harness: WiredHarness) -> datetime:
    """What the harness's clock shows."""
    answer = harness.call("POST", "clock", {"advance_seconds": 0})
    return datetime.fromisoformat(answer.json()["now"])


def times(events: Any) -> list[datetime]:
    """When events say that they happened."""
    return [datetime.fromisoformat(event["time"]) for event in events]


def due(harness: WiredHarness) -> list[str]:
    """What is scheduled for later."""
    return [timer["what"] for timer in harness.call("POST", "drain", {"timeout_seconds": 120}).json()["scheduled"]]


def test_scheduled_event_is_as_aws_sends_it(bus: EventBus, fed: FedFunction) -> None:
    made = now(bus.harness)
    rule = bus.rule("tick", {"Arn": fed.arn}, ScheduleExpression="rate(1 minute)")

    bus.advance(minutes=1)

    (event,) = fed.events()
    assert list(event) == [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    ]
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": event["time"],
        "region": REGION,
        "resources": [rule],
        "detail": {},
    }
    late = datetime.fromisoformat(event["time"]) - made
    assert timedelta(seconds=58) < late < timedelta(seconds=75)


def test_rate_comes_whole_intervals_after_the_rule_was_made(bus: EventBus, fed: FedFunction) -> None:
    bus.rule("tick", {"Arn": fed.arn}, ScheduleExpression="rate(5 minutes)")

    bus.advance(minutes=26)

    found = times(fed.events())
    assert len(found) == 5
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {timedelta(minutes=5)}


def test_cron_is_due_by_the_clock_in_utc(bus: EventBus, fed: FedFunction) -> None:
    bus.rule("daily", {"Arn": fed.arn}, ScheduleExpression="cron(15 10 * * ? *)")

    bus.advance(hours=72)

    found = times(fed.events())
    assert len(found) == 3
    assert {(moment.hour, moment.minute, moment.second) for moment in found} == {(10, 15, 0)}


def test_day_of_a_minutely_schedule_is_gone_through_in_order(bus: EventBus, fed: FedFunction) -> None:
    bus.rule("tick", {"Arn": fed.arn}, ScheduleExpression="rate(1 minute)")

    bus.advance(hours=24)

    found = times(fed.events())
    assert len(found) == 24 * 60
    assert found == sorted(found)


def test_rule_that_is_off_or_gone_is_not_due(bus: EventBus, fed: FedFunction) -> None:
    bus.rule("tick", {"Arn": fed.arn}, ScheduleExpression="rate(1 minute)", State="DISABLED")
    bus.advance(minutes=3)
    assert due(bus.harness) == []

    bus.events.enable_rule(Name="tick")
    bus.advance(minutes=2)
    assert len(fed.events()) == 2

    bus.events.disable_rule(Name="tick")
    bus.advance(minutes=3)
    assert len(fed.events()) == 2
    assert due(bus.harness) == []


def test_rule_that_changes_is_due_by_its_new_schedule(bus: EventBus, fed: FedFunction) -> None:
    bus.rule("tick", {"Arn": fed.arn}, ScheduleExpression="rate(1 minute)")
    bus.advance(minutes=1)

    bus.events.put_rule(Name="tick", ScheduleExpression="rate(1 hour)")
    bus.advance(minutes=119)

    assert len(fed.events()) == 2


def test_rule_with_pattern_and_schedule_has_both(bus: EventBus, fed: FedFunction) -> None:
    bus.rule("both", {"Arn": fed.arn}, pattern={"source": ["shop"]}, ScheduleExpression="rate(1 minute)")

    bus.put()
    bus.advance(minutes=1)

    assert [event["source"] for event in fed.events()] == ["shop", "aws.events"]


def test_input_and_dead_letters_are_as_with_patterns(bus: EventBus, fed: FedFunction) -> None:
    gone = {"Arn": f"{fed.arn}-gone", "DeadLetterConfig": {"Arn": bus.queue("dead")}}
    bus.rule("tick", {"Arn": fed.arn, "Input": '{"job": "clean"}'}, gone, ScheduleExpression="rate(1 minute)")

    bus.advance(minutes=1)

    assert fed.events() == [{"job": "clean"}]
    (letter,) = bus.messages("dead")
    assert json.loads(letter["Body"])["detail-type"] == "Scheduled Event"
    assert attributes(letter)["ERROR_CODE"] == "NO_RESOURCE"


@pytest.mark.parametrize("expression", ["rate(1 minutes)", "rate(5 minute)", "cron(0 10 * * * *)", "every day"])
def test_expression_that_is_none_is_refused(bus: EventBus, expression: str) -> None:
    refused = refusal(bus.events.put_rule, Name="bad", ScheduleExpression=expression)

    assert refused == (400, "ValidationException", "Parameter ScheduleExpression is not valid.")


def test_custom_buses_have_no_schedules(bus: EventBus, harness: WiredHarness) -> None:
    custom = EventBus(harness, "custom")
    refused = refusal(bus.events.put_rule, Name="bad", EventBusName="custom", ScheduleExpression="rate(5 minutes)")
    custom.remove()

    assert refused == (400, "ValidationException", "ScheduleExpression is supported only on the default event bus.")


def test_schedule_goes_with_its_stack(harness: WiredHarness, tmp_path: Path, fed: FedFunction) -> None:
    stacks = Stacks(harness, tmp_path, "scheduled")
    targets = [{"Id": "1", "Arn": fed.arn}]
    rule = {"ScheduleExpression": "rate(1 minute)", "Targets": targets}
    stacks.deploy({"Rule": {"Type": "AWS::Events::Rule", "Properties": rule}})
    harness.call("POST", "clock", {"advance_seconds": 60})
    harness.drain()
    ticked = len(fed.events())

    stacks.destroy()

    assert ticked == 1
    assert due(harness) == []


def test_events_of_a_rule_are_dated_by_the_schedule_whatever_time_it_is(bus: EventBus, fed: FedFunction) -> None:
    bus.rule("yearly", {"Arn": fed.arn}, ScheduleExpression="cron(0 0 29 2 ? *)")

    start = now(bus.harness)
    bus.advance(hours=24 * 366 * 4)

    leap = next(year for year in range(start.year, start.year + 9) if _has_leap_day_after(year, start))
    assert times(fed.events())[0] == datetime(leap, 2, 29, tzinfo=UTC)


def _has_leap_day_after(year: int, moment: datetime) -> bool:
    try:
        return datetime(year, 2, 29, tzinfo=UTC) > moment
    except ValueError:
        return False
