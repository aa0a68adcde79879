"""Archives keep events, and a replay sends them again.

Source: Amazon EventBridge User Guide, "Archiving and replaying events in Amazon EventBridge"; Amazon EventBridge API
Reference, "CreateArchive" and "StartReplay".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation
from tests.fakes.event_bus import EventBus
from tests.fakes.lambda_api import refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-event-rules")

DAY = datetime(2026, 1, 2, tzinfo=UTC)
BEFORE, AFTER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)


class Archive:
    """An archive of a bus."""

    def __init__(self, bus: EventBus, **settings: Any) -> None:
        self.bus, self.events = bus, bus.events
        self.source = self.events.describe_event_bus(Name=bus.name)["Arn"]
        made = self.events.create_archive(ArchiveName="kept", EventSourceArn=self.source, **settings)
        self.arn = str(made["ArchiveArn"])

    def replay(self, name: str, *, start: datetime = BEFORE, end: datetime = AFTER, **destination: Any) -> str:
        """The state of a replay, once it has come to rest."""
        self.events.start_replay(
            ReplayName=name,
            EventSourceArn=self.arn,
            EventStartTime=start,
            EventEndTime=end,
            Destination={"Arn": self.source, **destination},
        )
        self.bus.harness.drain()
        return str(self.events.describe_replay(ReplayName=name)["State"])

    @property
    def count(self) -> int:
        """How many events it holds."""
        return int(self.events.describe_archive(ArchiveName="kept")["EventCount"])

    def remove(self) -> None:
        """Takes it away."""
        self.events.delete_archive(ArchiveName="kept")


@pytest.fixture
def bus(harness: WiredHarness) -> Iterator[EventBus]:
    made = EventBus(harness, "archived")
    yield made
    made.remove()


@pytest.fixture
def archive(bus: EventBus) -> Iterator[Archive]:
    made = Archive(bus)
    yield made
    made.remove()


def test_replayed_event_is_the_same_with_the_name_of_the_replay(bus: EventBus, archive: Archive) -> None:
    bus.rule("all", {"Arn": bus.queue("all")})
    bus.put({"n": 1}, Time=DAY)
    (first,) = bus.bodies("all")

    state = archive.replay("same")

    (again,) = bus.bodies("all")
    assert state == "COMPLETED"
    assert again == {**first, "replay-name": "same"}
    assert archive.count == 1  # what is replayed is not kept again


def test_events_of_the_time_range_only_are_replayed(bus: EventBus, archive: Archive) -> None:
    bus.rule("all", {"Arn": bus.queue("all")})
    for day in (1, 2, 3):
        bus.put({"day": day}, Time=datetime(2026, 2, day, tzinfo=UTC))
    bus.messages("all")

    archive.replay("range", start=datetime(2026, 2, 2, tzinfo=UTC), end=datetime(2026, 2, 2, 12, tzinfo=UTC))

    assert [event["detail"] for event in bus.bodies("all")] == [{"day": 2}]


def test_rules_that_are_named_only_get_replayed_events(bus: EventBus, archive: Archive) -> None:
    bus.rule("one", {"Arn": bus.queue("one")})
    two = bus.rule("two", {"Arn": bus.queue("two")})
    bus.put(Time=DAY)
    bus.messages("one"), bus.messages("two")

    archive.replay("filtered", FilterArns=[two])

    assert bus.messages("one") == []
    assert len(bus.messages("two")) == 1


def test_rule_can_tell_replayed_events_from_others(bus: EventBus, archive: Archive) -> None:
    bus.rule("new", {"Arn": bus.queue("new")}, pattern={"source": ["shop"], "replay-name": [{"exists": False}]})
    bus.put(Time=DAY)
    assert len(bus.messages("new")) == 1

    archive.replay("told")

    assert bus.messages("new") == []


def test_archive_keeps_what_its_pattern_means(bus: EventBus) -> None:
    archive = Archive(bus, EventPattern=json.dumps({"detail": {"price": [{"numeric": [">", 10]}]}}))

    bus.put({"price": 5})
    bus.put({"price": 50})

    assert archive.count == 1
    archive.events.update_archive(ArchiveName="kept", EventPattern=json.dumps({"detail": {"price": [5]}}))
    bus.put({"price": 5})
    assert archive.count == 2
    archive.remove()


def test_event_without_a_rule_is_kept_too(bus: EventBus, archive: Archive) -> None:
    bus.put(Time=DAY)

    assert archive.count == 1


def test_what_is_not_in_order_is_refused(bus: EventBus, archive: Archive) -> None:
    pattern = {"ArchiveName": "bad", "EventSourceArn": archive.source, "EventPattern": '{"source": "shop"}'}
    assert refusal(bus.events.create_archive, **pattern)[1:] == (
        "InvalidEventPatternException",
        'Event pattern is not valid. Reason: "source" must be an object or an array',
    )
    with pytest.raises(bus.events.exceptions.ClientError, match="EventStartTime must be before EventEndTime"):
        archive.replay("backwards", start=AFTER, end=BEFORE)
    archive.replay("done")
    assert refusal(bus.events.cancel_replay, ReplayName="done")[1] == "IllegalStatusException"
    with pytest.raises(bus.events.exceptions.ResourceAlreadyExistsException):
        archive.replay("done")


def test_an_archive_whose_template_has_no_pattern_any_more_takes_everything(harness: WiredHarness) -> None:
    cloudformation = CloudFormation(harness, "archived")
    bus = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "archived"}}
    source = {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}}

    def template(**more: Any) -> dict[str, Any]:
        return {"Resources": {"Bus": bus, "A": {"Type": "AWS::Events::Archive", "Properties": {**source, **more}}}}

    cloudformation.create(template(EventPattern={"source": ["shop"]}))
    name = cloudformation.physical_id("A")

    cloudformation.update(template())

    events = harness.aws("events")
    assert cloudformation.status() == "UPDATE_COMPLETE"
    assert "EventPattern" not in events.describe_archive(ArchiveName=name)
    events.put_events(Entries=[{"EventBusName": "archived", "Source": "other", "DetailType": "d", "Detail": "{}"}])
    harness.drain()
    assert events.describe_archive(ArchiveName=name)["EventCount"] == 1
    cloudformation.clean()
