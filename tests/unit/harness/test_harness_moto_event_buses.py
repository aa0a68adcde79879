"""moto's buses hand over what is put on them; canary of `moto_state.event_buses` and of `moto_state.api_fault`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.api_fault import ApiFault
from lambdakit.harness.moto_state.event_buses import Buses, BusPlace, BusReplay, moment_of
from tests.fakes.lambda_api import refusal
from tests.fakes.unchanged_moto import restored

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT_ID = "301234567891"
REGION = "eu-west-1"
PLACE = BusPlace(account_id=ACCOUNT_ID, region=REGION)
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:f"


class Front:
    """Keeps what it is told, and refuses what is called `bad`."""

    def __init__(self) -> None:
        self.put: list[tuple[str, str, Sequence[Mapping[str, Any]]]] = []
        self.changes = 0
        self.replays: list[BusReplay] = []

    def put_events(self, account_id: str, region: str, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        self.put.append((account_id, region, entries))
        if entries[0]["Source"] == "bad":
            raise ApiFault("ValidationException", "not this one")
        return [{"EventId": "one"}, {"ErrorCode": "InvalidArgument", "ErrorMessage": "no"}]

    def check_rule(self, bus: str, pattern: str | None, schedule: str | None) -> None:
        if "bad" in (bus, schedule) or (pattern and "bad" in pattern):
            raise ApiFault("ValidationException", "no such rule")

    def check_targets(self, present: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]) -> None:
        if len(present) + len(given) > 1:
            raise ApiFault("LimitExceededException", "too many")

    def check_pattern(self, pattern: str | None) -> None:
        if pattern and "bad" in pattern:
            raise ApiFault("InvalidEventPatternException", "bad pattern")

    def test_pattern(self, pattern: str, event: str) -> bool:
        if pattern == "bad":
            raise ApiFault("InvalidEventPatternException", "bad pattern")
        return pattern == event

    def rules_changed(self, account_id: str, region: str) -> None:
        assert (account_id, region) == (ACCOUNT_ID, REGION)
        self.changes += 1

    def replay(self, replay: BusReplay) -> None:
        self.replays.append(replay)


class World:
    def __init__(self) -> None:
        self.front = Front()
        self.buses = Buses(self.front)
        self.events = Account(account_id=ACCOUNT_ID, region=REGION).client("events")


@pytest.fixture
def world() -> Iterator[World]:
    from moto.events import models, notifications
    from moto.events.responses import EventsHandler

    models.events_backends[ACCOUNT_ID][REGION].reset()
    with restored(models.EventsBackend, models.Rule, models.Replay, EventsHandler, notifications):
        yield World()


def test_what_is_put_is_handed_over_with_the_answer(world: World) -> None:
    answer = world.events.put_events(Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}])

    assert world.front.put == [(ACCOUNT_ID, REGION, [{"Source": "a", "DetailType": "b", "Detail": "{}"}])]
    assert answer["FailedEntryCount"] == 1
    assert [entry.get("EventId") for entry in answer["Entries"]] == ["one", None]


def test_a_refused_request_is_told_as_the_services_own(world: World) -> None:
    entry = {"Source": "bad", "DetailType": "b", "Detail": "{}"}

    assert refusal(world.events.put_events, Entries=[entry]) == (400, "ValidationException", "not this one")


def test_rules_are_read_as_they_were_written(world: World) -> None:
    world.events.put_rule(Name="all", EventPattern='{"source": ["a"]}', RoleArn="arn:aws:iam::1:role/r")
    world.events.put_rule(Name="often", ScheduleExpression="rate(1 minute)", State="DISABLED")
    world.events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": FUNCTION, "Input": "{}"}])
    rules = world.buses.rules(PLACE)

    assert rules is not None
    assert [(rule.name, rule.pattern, rule.schedule, rule.is_enabled) for rule in rules] == [
        ("all", '{"source": ["a"]}', "", True),
        ("often", "", "rate(1 minute)", False),
    ]
    assert rules[0].arn == f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/all"
    assert rules[0].role_arn == "arn:aws:iam::1:role/r"
    assert rules[0].targets == [{"Id": "1", "Arn": FUNCTION, "Input": "{}"}]
    assert world.buses.rule(PLACE, "all") == rules[0]
    assert world.buses.rule(PLACE, "gone") is None
    assert world.buses.rules(BusPlace(account_id=ACCOUNT_ID, region=REGION, name="gone")) is None
    assert (ACCOUNT_ID, REGION) in list(world.buses.places())


def test_every_change_of_rules_is_told(world: World) -> None:
    world.events.create_event_bus(Name="orders")
    steps: list[Callable[[], Any]] = [
        lambda: world.events.put_rule(Name="r", ScheduleExpression="rate(1 minute)"),
        lambda: world.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": FUNCTION}]),
        lambda: world.events.disable_rule(Name="r"),
        lambda: world.events.enable_rule(Name="r"),
        lambda: world.events.remove_targets(Rule="r", Ids=["1"]),
        lambda: world.events.delete_rule(Name="r"),
        lambda: world.events.delete_event_bus(Name="orders"),
    ]

    for number, step in enumerate(steps, start=1):
        step()
        assert world.front.changes == number


def test_what_is_not_in_order_is_refused_and_not_kept(world: World) -> None:
    world.events.put_rule(Name="r", EventPattern='{"source": ["a"]}')
    targets = [{"Id": "1", "Arn": FUNCTION}, {"Id": "2", "Arn": FUNCTION}]
    bus = world.events.describe_event_bus()["Arn"]

    assert refusal(world.events.put_rule, Name="x", EventPattern='{"bad": ["a"]}')[1] == "ValidationException"
    assert refusal(world.events.put_rule, Name="x", ScheduleExpression="bad")[1] == "ValidationException"
    assert refusal(world.events.put_targets, Rule="r", Targets=targets)[1] == "LimitExceededException"
    archive = {"ArchiveName": "a", "EventSourceArn": bus, "EventPattern": '{"bad": ["a"]}'}
    assert refusal(world.events.create_archive, **archive)[1] == "InvalidEventPatternException"
    assert [rule["Name"] for rule in world.events.list_rules()["Rules"]] == ["r"]
    assert world.events.list_targets_by_rule(Rule="r")["Targets"] == []


def test_patterns_are_tested(world: World) -> None:
    assert world.events.test_event_pattern(EventPattern="{}", Event="{}")["Result"] is True
    assert world.events.test_event_pattern(EventPattern="{}", Event="[]")["Result"] is False
    refused = refusal(world.events.test_event_pattern, EventPattern="bad", Event="{}")
    assert refused == (400, "InvalidEventPatternException", "bad pattern")


def test_archives_take_what_their_pattern_means_and_replays_begin(world: World) -> None:
    bus = world.events.describe_event_bus()["Arn"]
    world.events.create_archive(ArchiveName="all", EventSourceArn=bus)
    world.events.create_archive(ArchiveName="some", EventSourceArn=bus, EventPattern='{"source": ["a"]}')
    world.buses.archive(PLACE, "one", lambda pattern: json.loads(pattern) == {"source": ["a"]})
    world.buses.archive(PLACE, "two", lambda pattern: False)
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    archive = world.events.describe_archive(ArchiveName="some")

    world.events.start_replay(
        ReplayName="again",
        EventSourceArn=archive["ArchiveArn"],
        EventStartTime=start,
        EventEndTime=end,
        Destination={"Arn": bus, "FilterArns": ["arn:aws:events:eu-west-1:301234567891:rule/r"]},
    )

    (replay,) = world.front.replays
    assert (replay.place, replay.name, replay.archive, replay.start, replay.end) == (PLACE, "again", "some", start, end)
    assert replay.rules == ["arn:aws:events:eu-west-1:301234567891:rule/r"]
    assert world.buses.archived(replay) == ["one"]
    assert world.events.describe_archive(ArchiveName="all")["EventCount"] == 2
    assert world.events.describe_replay(ReplayName="again")["State"] == "RUNNING"
    world.buses.end_replay(replay, end)
    assert world.events.describe_replay(ReplayName="again")["State"] == "COMPLETED"
    assert refusal(world.events.cancel_replay, ReplayName="again")[1] == "IllegalStatusException"
    world.buses.forget_archived()
    assert world.events.describe_archive(ArchiveName="all")["EventCount"] == 0
    assert [rule.name for rule in world.buses.rules(PLACE) or ()] == []  # those of archives are moto's


def test_api_destinations_are_read_with_their_connection(world: World) -> None:
    parameters = {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}}
    connection = world.events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=parameters)[
        "ConnectionArn"
    ]
    world.events.create_api_destination(
        Name="d", ConnectionArn=connection, InvocationEndpoint="https://127.0.0.1:1/x", HttpMethod="POST"
    )

    found = world.buses.api_destination(ACCOUNT_ID, REGION, "d")

    assert found is not None
    assert (found.endpoint, found.method, found.authorization) == ("https://127.0.0.1:1/x", "POST", "API_KEY")
    assert found.parameters == parameters
    assert world.buses.api_destination(ACCOUNT_ID, REGION, "gone") is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1.5, datetime(1970, 1, 1, 0, 0, 1, 500000, UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_timestamps_come_in_two_forms(given: Any, expected: datetime) -> None:
    assert moment_of(given) == expected
