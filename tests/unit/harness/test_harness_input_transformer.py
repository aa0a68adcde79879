"""What targets get of an event.

Source of the expected texts, unless a test says another: Amazon EventBridge User Guide, "Amazon EventBridge input
transformation": "Input transform examples" and "Common issues with transforming input".
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.delivery.bus_event import BusEvent, new_event
from lambdakit.harness.delivery.input_transformer import InputProblem, fill_in, target_input
from lambdakit.harness.moto_state.event_buses import BusPlace, BusRule

RULE = BusRule(
    place=BusPlace(account_id="123456789012", region="us-east-1"),
    name="example",
    arn="arn:aws:events:us-east-1:123456789012:rule/example",
    pattern='{"source":["aws.ec2"]}',
    schedule="",
    is_enabled=True,
    role_arn="",
)
RECEIVED = datetime(2015, 11, 11, 21, 29, 55, 123000, UTC)
PATHS = {
    "timestamp": "$.time",
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "resource": "$.resources[0]",
    "detail": "$.detail",
    "all": "$.resources",
    "count": "$.detail.count",
    "flag": "$.detail.flag",
    "none": "$.detail.none",
    "absent": "$.detail.absent",
    "odd": "$.detail.odd",
}


def event(**detail: Any) -> BusEvent:
    return new_event(
        source="aws.ec2",
        detail_type="EC2 Instance State-change Notification",
        account_id="123456789012",
        region="us-east-1",
        detail={"instance-id": "i-0123456789", "state": "RUNNING", **detail},
        received=RECEIVED,
        time=datetime(2015, 11, 11, 21, 29, 54, tzinfo=UTC),
        resources=["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
        event_id="7bf73129-1428-4cd3-a780-95db273d1602",
    )


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"', id="text"),
        pytest.param(
            r'"instance \"<instance>\" is in <state>"',
            r'"instance \"i-0123456789\" is in RUNNING"',
            id="escaped-quotes",
        ),
        pytest.param(
            '{"instance": <instance>, "state": <state>}', '{"instance": "i-0123456789", "state": "RUNNING"}', id="json"
        ),
        pytest.param(
            r'{"instance": <instance>, "state": "<state>", "status": "instance \"<instance>\" is in <state>"}',
            r'{"instance": "i-0123456789", "state": "RUNNING", "status": "instance \"i-0123456789\" is in RUNNING"}',
            id="json-with-texts",
        ),
        pytest.param(
            '{"instance": <instance>, "state": [9, <state>, true], "Transformed": "Yes"}',
            '{"instance": "i-0123456789", "state": [9, "RUNNING", true], "Transformed": "Yes"}',
            id="static-values",
        ),
        pytest.param(
            '{"ruleArn": <aws.events.rule-arn>, "ruleName": <aws.events.rule-name>}',
            f'{{"ruleArn": "{RULE.arn}", "ruleName": "example"}}',
            id="rule",
        ),
        pytest.param(
            '{"at": <aws.events.event.ingestion-time>}', '{"at": "2015-11-11T21:29:55.123Z"}', id="ingestion-time"
        ),
        pytest.param(
            '"rule <aws.events.rule-name>: <aws.events.event.ingestion-time>"',
            '"rule example: 2015-11-11T21:29:55.123Z"',
            id="reserved-in-text",
        ),
        pytest.param('{"first": <resource>, "time": <timestamp>}', None, id="paths-with-index"),
        pytest.param('{"c": <count>, "f": <flag>, "n": <none>}', '{"c": 1.50, "f": true, "n": null}', id="values"),
        pytest.param('"c <count>, f <flag>, n <none>"', '"c 1.50, f true, n null"', id="values-in-text"),
        pytest.param('{"all": <all>}', None, id="list"),
        pytest.param('{"a": <absent>, "b": [1, <absent>, 2], "c": {"d": <absent>}}', '{"b":[1,2],"c":{}}', id="absent"),
        pytest.param('{"a": "x<absent>y"}', '{"a": "xy"}', id="absent-in-text"),
        pytest.param("<absent>", "", id="absent-alone"),
        pytest.param("line <absent>\nline 2", "line \nline 2", id="absent-in-lines"),
        pytest.param('"<unknown> stays, < too"', '"<unknown> stays, < too"', id="unknown"),
        pytest.param('"<instance>"\n"<state>"', '"i-0123456789"\n"RUNNING"', id="two-lines"),
        pytest.param("[<instance>,<instance>]", '["i-0123456789","i-0123456789"]', id="twice"),
        pytest.param("{}", "{}", id="constant"),
    ],
)
def test_template_is_filled_in(template: str, expected: str | None) -> None:
    told = new_event(
        source="s",
        detail_type="d",
        account_id="1",
        region="r",
        detail='{"instance-id":"i-0123456789","state":"RUNNING","count":1.50,"flag":true,"none":null}',
        received=RECEIVED,
        time=datetime(2015, 11, 11, 21, 29, 54, tzinfo=UTC),
        resources=["one", "two"],
    )

    text = fill_in(template, PATHS, told, RULE)

    if expected is None:
        expected = (
            template.replace("<resource>", '"one"')
            .replace("<timestamp>", '"2015-11-11T21:29:54Z"')
            .replace("<all>", '["one","two"]')
        )
    assert text == expected


def test_object_in_a_text_loses_its_quotes() -> None:
    text = fill_in('"Detail is <detail>"', PATHS, event(), RULE)

    assert text == '"Detail is {instance-id:i-0123456789,state:RUNNING}"'


def test_object_as_a_value_stays_one() -> None:
    text = fill_in('{"detail": <detail>}', PATHS, event(), RULE)

    assert json.loads(text) == {"detail": {"instance-id": "i-0123456789", "state": "RUNNING"}}


def test_event_with_and_without_its_detail() -> None:
    told = event()

    text = fill_in('{"whole": <aws.events.event.json>, "rest": <aws.events.event>}', {}, told, RULE)

    whole = json.loads(told.payload)
    assert json.loads(text) == {
        "whole": whole,
        "rest": {name: value for name, value in whole.items() if name != "detail"},
    }


def test_values_are_not_escaped_inside_a_text() -> None:
    text = fill_in('"<odd>"', PATHS, event(odd='a "b"'), RULE)

    assert text == '"a "b""'


def test_values_are_json_outside_a_text() -> None:
    text = fill_in('{"odd": <odd>}', PATHS, event(odd='a "b" <state>'), RULE)

    assert json.loads(text) == {"odd": 'a "b" <state>'}


@given(st.text(), st.text())
def test_any_two_values_arrive_as_they_are(one: str, two: str) -> None:
    told = new_event(
        source="s", detail_type="d", account_id="1", region="r", detail={"one": one, "two": two}, received=RECEIVED
    )

    text = fill_in('{"a": <one>, "b": [<two>]}', {"one": "$.detail.one", "two": "$.detail.two"}, told, RULE)

    assert json.loads(text) == {"a": one, "b": [two]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("$.detail", b'{"state":"RUNNING","list":[{"a":1},{"a":2}]}', id="object"),
        pytest.param("$.detail.state", b'"RUNNING"', id="text"),
        pytest.param("$['detail']['state']", b'"RUNNING"', id="brackets"),
        pytest.param("$.detail.list[1].a", b"2", id="index"),
        pytest.param("$.detail.list[*].a", b"[1,2]", id="wildcard"),
        pytest.param("$.resources", b"[]", id="empty-list"),
        pytest.param("$.detail-type", b'"d"', id="dash"),
    ],
)
def test_input_path_gives_a_part(path: str, expected: bytes) -> None:
    told = new_event(
        source="s",
        detail_type="d",
        account_id="1",
        region="r",
        detail='{"state":"RUNNING","list":[{"a":1},{"a":2}]}',
        received=RECEIVED,
    )

    assert target_input({"Arn": "x", "InputPath": path}, told, RULE) == expected


@pytest.mark.parametrize("path", ["detail", "$.detail.absent", "$.resources[3]", "$..detail", "$.detail[?(@.a)]"])
def test_input_path_that_leads_nowhere_is_told(path: str) -> None:
    with pytest.raises(InputProblem):
        target_input({"Arn": "x", "InputPath": path}, event(), RULE)


def test_constant_input_is_as_it_was_written() -> None:
    assert target_input({"Arn": "x", "Input": '{ "a" : 1 }'}, event(), RULE) == b'{ "a" : 1 }'


def test_envelope_keeps_its_order_and_its_numbers() -> None:
    told = new_event(
        source="shop",
        detail_type="Order",
        account_id="123456789012",
        region="us-east-1",
        detail='{"b": 1.50, "a": [3.0e2, 123456789012345678901234567890], "t": "ü"}',
        received=RECEIVED,
        event_id="1",
    )

    assert told.payload.decode() == (
        '{"version":"0","id":"1","detail-type":"Order","source":"shop","account":"123456789012",'
        '"time":"2015-11-11T21:29:55Z","region":"us-east-1","resources":[],'
        '"detail":{"b":1.50,"a":[3.0e2,123456789012345678901234567890],"t":"ü"}}'
    )
