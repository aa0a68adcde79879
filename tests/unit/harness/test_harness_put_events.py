"""Which entries of PutEvents become events.

Source: Amazon EventBridge API Reference, "PutEvents", "PutEventsRequestEntry" and "PutEventsResultEntry"; Amazon
EventBridge User Guide, "Calculating PutEvents event entry size".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lambdakit.harness.delivery.put_events import EntryRefused, check_entries, event_of, place_of
from lambdakit.harness.delivery.rule_checks import check_rule, check_targets, pattern_means
from lambdakit.harness.moto_state.api_fault import ApiFault

ENTRY = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def made(**entry: Any) -> Any:
    return event_of({**ENTRY, **entry}, account_id="123456789012", region="us-east-1", now=NOW)


@pytest.mark.parametrize(("count", "is_taken"), [(0, False), (1, True), (10, True), (11, False)])
def test_request_has_one_to_ten_entries(count: int, is_taken: bool) -> None:
    if is_taken:
        check_entries([ENTRY] * count)
        return
    with pytest.raises(ApiFault) as refused:
        check_entries([ENTRY] * count)
    assert refused.value.code == "ValidationException"


@pytest.mark.parametrize(("more", "is_taken"), [(-1, True), (0, False), (1, False)])
def test_entries_are_smaller_than_a_mebibyte_together(more: int, is_taken: bool) -> None:
    # `shop`, `Order`, the time and one resource of 3 bytes
    detail = "x" * (1024 * 1024 - 4 - 5 - 14 - 3 + more)
    entries = [{**ENTRY, "Detail": detail, "Time": 1, "Resources": ["ü1"]}]

    if is_taken:
        check_entries(entries)
        return
    with pytest.raises(ApiFault, match="Total size of the entries in the request is over the limit"):
        check_entries(entries)


def test_request_without_one_complete_entry_is_refused() -> None:
    with pytest.raises(ApiFault, match="Source is a required argument"):
        check_entries([{"DetailType": "a", "Detail": "{}"}, {"Source": "a", "Detail": "{}"}])


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"Source": ""}, "InvalidArgument"),
        ({"DetailType": None}, "InvalidArgument"),
        ({"Detail": ""}, "InvalidArgument"),
        ({"DetailType": "x" * 129}, "InvalidArgument"),
        ({"Time": "yesterday"}, "InvalidArgument"),
        ({"Source": "aws.shop"}, "NotAuthorizedForSourceException"),
        ({"Detail": "{"}, "MalformedDetail"),
        ({"Detail": "[]"}, "MalformedDetail"),
        ({"Detail": '"text"'}, "MalformedDetail"),
        ({"Detail": '{"a": NaN}'}, "MalformedDetail"),
        ({"Detail": '{"a":' * 5000 + "1" + "}" * 5000}, "MalformedDetail"),
    ],
)
def test_entry_is_refused_alone(entry: dict[str, Any], code: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        made(**entry)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "2026-01-02T03:04:05Z"),
        (1_700_000_000, "2023-11-14T22:13:20Z"),
        (1_700_000_000.9, "2023-11-14T22:13:20Z"),
        ("2026-05-06T07:08:09+02:00", "2026-05-06T05:08:09Z"),
    ],
)
def test_time_is_the_given_one_or_now(given: Any, expected: str) -> None:
    assert made(Time=given).values["time"] == expected


def test_source_that_only_looks_like_one_of_aws_is_taken() -> None:
    assert made(Source="awsome").values["source"] == "awsome"


@pytest.mark.parametrize(
    ("name", "account_id", "region", "bus"),
    [
        (None, "1", "us-east-1", "default"),
        ("orders", "1", "us-east-1", "orders"),
        ("arn:aws:events:eu-west-1:2:event-bus/orders", "2", "eu-west-1", "orders"),
        ("arn:aws:events:eu-west-1:2:event-bus/aws.partner/a/b", "2", "eu-west-1", "aws.partner/a/b"),
    ],
)
def test_bus_is_named_by_name_or_arn(name: str | None, account_id: str, region: str, bus: str) -> None:
    place = place_of({**ENTRY, "EventBusName": name}, "1", "us-east-1")

    assert (place.account_id, place.region, place.name) == (account_id, region, bus)


@pytest.mark.parametrize(
    ("bus", "schedule", "message"),
    [
        ("default", "rate(5 minutes)", ""),
        ("default", "rate(1 minute)", ""),
        ("default", "cron(0 12 * * ? *)", ""),
        ("default", "rate(1 minutes)", "Parameter ScheduleExpression is not valid."),
        ("default", "rate(5 minute)", "Parameter ScheduleExpression is not valid."),
        ("default", "rate(0 minutes)", "Parameter ScheduleExpression is not valid."),
        ("default", "cron(0 12 * * * *)", "Parameter ScheduleExpression is not valid."),
        ("default", "at(2026-01-01T00:00:00)", "Parameter ScheduleExpression is not valid."),
        ("orders", "rate(5 minutes)", "ScheduleExpression is supported only on the default event bus."),
    ],
)
def test_schedule_of_a_rule(bus: str, schedule: str, message: str) -> None:
    if not message:
        check_rule(bus, None, schedule)
        return
    with pytest.raises(ApiFault) as refused:
        check_rule(bus, None, schedule)
    assert (refused.value.code, refused.value.message) == ("ValidationException", message)


def test_pattern_is_refused_in_the_words_of_eventbridge() -> None:
    with pytest.raises(ApiFault) as refused:
        check_rule("default", '{"source": [{"nope": 1}]}', None)

    assert refused.value.code == "InvalidEventPatternException"
    assert refused.value.message == "Event pattern is not valid. Reason: Unrecognized match type nope"


@pytest.mark.parametrize(
    "target",
    [
        {"Input": "{}", "InputPath": "$"},
        {"Input": "no JSON"},
        {"InputTransformer": {"InputTemplate": "x", "InputPathsMap": {"aws.x": "$"}}},
        {"InputTransformer": {"InputTemplate": "x", "InputPathsMap": {f"v{n}": "$" for n in range(101)}}},
        {"Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"},
        {"Arn": "arn:aws:states:us-east-1:123456789012:stateMachine:s"},
        {"RetryPolicy": {"MaximumRetryAttempts": 186}},
        {"RetryPolicy": {"MaximumEventAgeInSeconds": 59}},
        {"RetryPolicy": {"MaximumEventAgeInSeconds": 86_401}},
        {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q.fifo"}},
        {"DeadLetterConfig": {"Arn": "arn:aws:sns:us-east-1:123456789012:t"}},
    ],
)
def test_target_is_refused(target: dict[str, Any]) -> None:
    with pytest.raises(ApiFault) as refused:
        check_targets([], [{"Id": "1", "Arn": FUNCTION, **target}])

    assert refused.value.code == "ValidationException"


@pytest.mark.parametrize(
    "target",
    [
        {"Input": '"text"'},
        {"RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}},
        {"RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}},
        {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q"}},
    ],
)
def test_target_is_taken(target: dict[str, Any]) -> None:
    check_targets([], [{"Id": "1", "Arn": FUNCTION, **target}])


def test_rule_has_at_most_five_targets() -> None:
    present = [{"Id": str(number), "Arn": FUNCTION} for number in range(5)]

    check_targets(present, [{"Id": "4", "Arn": FUNCTION}])
    with pytest.raises(ApiFault) as refused:
        check_targets(present, [{"Id": "5", "Arn": FUNCTION}])
    assert refused.value.code == "LimitExceededException"


def test_event_pattern_is_tested_on_whole_events_only() -> None:
    event = '{"id":"1","account":"1","source":"a","time":"t","region":"r","resources":[],"detail-type":"d","detail":{}}'

    assert pattern_means('{"source":["a"]}', event)
    assert not pattern_means('{"source":["b"]}', event)
    with pytest.raises(ApiFault, match="region is missing"):
        pattern_means('{"source":["a"]}', event.replace('"region":"r",', ""))
    with pytest.raises(ApiFault, match="no JSON"):
        pattern_means('{"source":["a"]}', "nonsense")
