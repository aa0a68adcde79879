"""Rules of composite alarms. Source: CloudWatch API Reference, "PutCompositeAlarm" (`AlarmRule`)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.delivery.alarm_rules import AlarmRule, InvalidRule

STATES = {"a": "ALARM", "b": "OK", "c d": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("TRUE", True),
        ("FALSE", False),
        ("ALARM(a)", True),
        ('ALARM("a")', True),
        ("alarm(a) and not ok(a)", True),
        ("OK(b) AND ALARM(a)", True),
        ("ALARM(b) OR ALARM(a)", True),
        ("NOT ALARM(a)", False),
        ("NOT NOT ALARM(a)", True),
        ('INSUFFICIENT_DATA("c d")', True),
        ("ALARM(gone)", False),
        # AND is stronger than OR.
        ("ALARM(a) OR ALARM(b) AND FALSE", True),
        ("(ALARM(a) OR ALARM(b)) AND FALSE", False),
    ],
)
def test_a_rule_holds_for_states(text: str, holds: bool) -> None:
    assert AlarmRule(text).holds(STATES.get) is holds


def test_a_rule_names_its_alarms_once() -> None:
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:x"

    assert AlarmRule(f'ALARM(a) OR OK("{arn}") OR ALARM("a")').alarms == ["a", arn]


@pytest.mark.parametrize(
    "text",
    ["", "ALARM", "ALARM(", "ALARM(a", "ALARM(a) OR", "ALARM(a) ALARM(b)", "(ALARM(a)", "BAD(a)", "NOT", "a", "(" * 90],
)
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(InvalidRule):
        AlarmRule(text)


@given(st.text(alphabet='ALRMOKNT()" ab', max_size=60))
def test_any_text_is_a_rule_or_none(text: str) -> None:
    try:
        AlarmRule(text).holds(STATES.get)
    except InvalidRule:
        return
