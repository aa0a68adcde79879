"""EventBridge Scheduler, from the clock to the target.

Source, unless a test says another: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler" and
"Managing a schedule in EventBridge Scheduler".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.fakes.event_bus import ROLE, EventBus
from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.planner import OFF, Planner, at
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-schedules")


@pytest.fixture
def planner(harness: WiredHarness) -> Iterator[Planner]:
    made = Planner(harness)
    yield made
    made.remove()


@pytest.fixture
def bus(harness: WiredHarness) -> Iterator[EventBus]:
    made = EventBus(harness)
    yield made
    made.remove()


def test_function_without_input_gets_the_default_notification(planner: Planner, harness: WiredHarness) -> None:
    fed = FedFunction(harness, "scheduled")
    arn = planner.schedule("s", "rate(1 hour)", {"Arn": fed.arn})
    harness.drain()

    (event,) = fed.events()
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": event["time"],
        "region": REGION,
        "resources": [arn],
        "detail": "{}",
    }
    fed.remove()


def test_rate_begins_at_once_and_goes_on(planner: Planner, bus: EventBus) -> None:
    planner.schedule("s", "rate(10 minutes)", {"Arn": bus.queue("q"), "Input": "<aws.scheduler.scheduled-time>"})
    planner.harness.drain()
    assert len(bus.messages("q")) == 1

    planner.advance(timedelta(minutes=31))

    found = [datetime.fromisoformat(message["Body"]) for message in bus.messages("q")]
    assert [later - earlier for earlier, later in itertools.pairwise(found)] == [timedelta(minutes=10)] * 2


def test_rate_with_a_start_and_an_end_stays_between_them(planner: Planner, bus: EventBus) -> None:
    start = planner.now.replace(microsecond=0) + timedelta(hours=1)
    planner.schedule(
        "s",
        "rate(10 minutes)",
        {"Arn": bus.queue("q"), "Input": "<aws.scheduler.scheduled-time>"},
        StartDate=start,
        EndDate=start + timedelta(minutes=20),
    )

    planner.advance(timedelta(hours=3))

    found = [datetime.fromisoformat(message["Body"]) for message in bus.messages("q")]
    assert found == [start, start + timedelta(minutes=10), start + timedelta(minutes=20)]
    assert planner.names() == ["s"]


def test_one_time_is_called_once_in_its_zone(planner: Planner, bus: EventBus) -> None:
    moment = (planner.now + timedelta(hours=5)).astimezone(ZoneInfo("Asia/Tokyo")).replace(microsecond=0)
    target = {"Arn": bus.queue("q"), "Input": "<aws.scheduler.scheduled-time>"}
    planner.schedule("s", at(moment), target, ScheduleExpressionTimezone="Asia/Tokyo")

    planner.advance(timedelta(hours=4, minutes=59))
    assert bus.messages("q") == []
    planner.advance(timedelta(days=2))

    assert [datetime.fromisoformat(message["Body"]) for message in bus.messages("q")] == [moment]
    assert planner.names() == ["s"]


def test_draining_ahead_reaches_one_time_schedules_only(planner: Planner, bus: EventBus) -> None:
    planner.schedule("once", at(planner.now + timedelta(days=3)), {"Arn": bus.queue("once"), "Input": "x"})

    planner.harness.call("POST", "drain", {"timeout_seconds": 120, "advance": True})

    assert len(bus.messages("once")) == 1


@pytest.mark.parametrize(("action", "left"), [("DELETE", []), ("NONE", ["s"])])
def test_schedule_goes_when_it_is_complete_and_that_is_wanted(
    planner: Planner, bus: EventBus, action: str, left: list[str]
) -> None:
    moment = planner.now + timedelta(hours=1)
    planner.schedule("s", at(moment), {"Arn": bus.queue("q"), "Input": "x"}, ActionAfterCompletion=action)

    planner.advance(timedelta(minutes=59))
    assert planner.names() == ["s"]
    planner.advance(timedelta(minutes=2))

    assert planner.names() == left
    assert len(bus.messages("q")) == 1


def test_recurring_schedule_goes_after_its_last_call(planner: Planner, bus: EventBus) -> None:
    start = planner.now.replace(microsecond=0) + timedelta(minutes=1)
    bounds = {"StartDate": start, "EndDate": start + timedelta(minutes=25), "ActionAfterCompletion": "DELETE"}
    planner.schedule("s", "rate(10 minutes)", {"Arn": bus.queue("q"), "Input": "x"}, **bounds)

    planner.advance(timedelta(minutes=12))
    assert planner.names() == ["s"]
    planner.advance(timedelta(minutes=10))

    assert planner.names() == []
    assert len(bus.messages("q")) == 3


def test_schedule_that_is_off_or_changed_or_gone(planner: Planner, bus: EventBus) -> None:
    target = {"RoleArn": ROLE, "Arn": bus.queue("q"), "Input": "x"}
    given: dict[str, Any] = {"Name": "s", "FlexibleTimeWindow": OFF, "Target": target}
    planner.schedule("s", "cron(* * * * ? *)", target, State="DISABLED")
    planner.advance(timedelta(minutes=5))
    assert bus.messages("q") == []

    planner.scheduler.update_schedule(**given, ScheduleExpression="cron(* * * * ? *)")
    planner.advance(timedelta(minutes=5))
    assert len(bus.messages("q")) == 5

    planner.scheduler.update_schedule(**given, ScheduleExpression="cron(0 * * * ? *)")
    planner.advance(timedelta(hours=2))
    assert len(bus.messages("q")) == 2

    planner.scheduler.delete_schedule(Name="s")
    planner.advance(timedelta(hours=2))
    assert bus.messages("q") == []


def test_schedules_go_with_their_group(planner: Planner, bus: EventBus) -> None:
    planner.scheduler.create_schedule_group(Name="g")
    target = {"Arn": bus.queue("q"), "Input": "<aws.scheduler.schedule-arn>"}
    arn = planner.schedule("s", "cron(* * * * ? *)", target, GroupName="g")
    planner.advance(timedelta(minutes=1))
    assert [message["Body"] for message in bus.messages("q")] == [arn]

    planner.scheduler.delete_schedule_group(Name="g")
    planner.advance(timedelta(minutes=5))

    assert bus.messages("q") == []


def test_flexible_window_moves_the_call_but_not_its_time(planner: Planner, bus: EventBus) -> None:
    moment = planner.now.replace(microsecond=0) + timedelta(hours=1)
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    target = {"Arn": bus.queue("q"), "Input": "<aws.scheduler.scheduled-time>"}
    planner.schedule("s", at(moment), target, FlexibleTimeWindow=window)

    planner.advance(timedelta(minutes=60))
    early = bus.messages("q")
    planner.advance(timedelta(minutes=61))

    (message,) = bus.messages("q")
    sent = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    assert early == []
    assert datetime.fromisoformat(message["Body"]) == moment
    assert moment < sent <= moment + timedelta(hours=1)


def next_change(after: datetime, zone: ZoneInfo, *, to_summer: bool) -> datetime:
    """The day on which a zone's clocks change next, at midnight UTC."""
    day = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while True:
        before, then = (moment.astimezone(zone).utcoffset() for moment in (day, day + timedelta(days=1)))
        assert before is not None
        assert then is not None
        if (then > before) if to_summer else (then < before):
            return day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("to_summer", "nightly", "morning"),
    [
        # 02:30 is not there on the day itself, and 09:00 comes an hour earlier from then on.
        pytest.param(True, ["01:30", "00:30"], ["08:00", "07:00", "07:00"], id="to-summer"),
        # 02:30 is there twice, and called once.
        pytest.param(False, ["00:30", "00:30", "01:30"], ["07:00", "08:00", "08:00"], id="to-winter"),
    ],
)
def test_clock_of_the_zone_counts_over_a_change(to_summer: bool, nightly: list[str], morning: list[str]) -> None:
    """Source: EventBridge Scheduler User Guide, "Daylight savings time on EventBridge Scheduler"."""
    with WiredHarness() as harness:
        planner, bus = Planner(harness), EventBus(harness)
        zone = ZoneInfo("Europe/Berlin")
        day = next_change(planner.now, zone, to_summer=to_summer)
        planner.advance(day - timedelta(hours=36) - planner.now)
        target = {"Input": "<aws.scheduler.scheduled-time>"}
        berlin = {"ScheduleExpressionTimezone": "Europe/Berlin"}
        planner.schedule("nightly", "cron(30 2 * * ? *)", {"Arn": bus.queue("nightly"), **target}, **berlin)
        planner.schedule("morning", "cron(0 9 * * ? *)", {"Arn": bus.queue("morning"), **target}, **berlin)
        planner.schedule(
            "rate", "rate(1 days)", {"Arn": bus.queue("rate"), **target}, StartDate=planner.now + timedelta(hours=1)
        )

        planner.advance(timedelta(days=3))

        found = {
            name: [datetime.fromisoformat(message["Body"]) for message in bus.messages(name)]
            for name in ("nightly", "morning", "rate")
        }
    assert [f"{moment:%H:%M}" for moment in found["nightly"]] == nightly
    assert [f"{moment:%H:%M}" for moment in found["morning"]] == morning
    steps = {later - earlier for earlier, later in itertools.pairwise(found["rate"])}
    assert steps == {timedelta(hours=24)}
