"""What a document says of patterns and schedules is refused exactly where the services refuse it.

The harness reads both as the services do, so that what it takes is what a document may say.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.harness.event_pattern import dialect
from lambdakit.harness.event_pattern.pattern import InvalidPattern, compile_pattern
from lambdakit.harness.schedule_expression import InvalidSchedule, parse_schedule
from lambdakit.spec import pattern_shape
from lambdakit.spec.pattern_shape import pattern_faults
from lambdakit.spec.schedule_text import schedule_faults

DIALECTS = {
    "rule": (pattern_shape.RULE, dialect.RULE),
    "filter criteria": (pattern_shape.FILTER_CRITERIA, dialect.FILTER_CRITERIA),
    "attributes": (pattern_shape.SNS_ATTRIBUTES, dialect.SNS_ATTRIBUTES),
    "body": (pattern_shape.SNS_BODY, dialect.SNS_BODY),
}
OPERATORS = (*pattern_shape.RULE.operators, "anything_but")
TEXTS = st.sampled_from(["", "a", "a*b", "a**", "\\", "\\*", "10.0.0.0/8", "10.0.0.0", "300.0.0.0/8"])
SCALARS = st.one_of(TEXTS, st.sampled_from([1, 2.5, True, False]))
NUMERIC = st.lists(st.sampled_from([">", ">=", "<", "<=", "=", "=>", 1, 5, True]), max_size=5)
ARGUMENTS = st.recursive(
    st.one_of(SCALARS, NUMERIC, st.lists(SCALARS, max_size=3)),
    lambda inner: st.dictionaries(st.sampled_from(OPERATORS), inner, max_size=2),
    max_leaves=3,
)
LEAVES = st.lists(
    st.one_of(SCALARS, st.just([1]), st.dictionaries(st.sampled_from(OPERATORS), ARGUMENTS, max_size=2)), max_size=3
)
PATTERNS = st.recursive(
    st.dictionaries(st.sampled_from("ab"), st.one_of(LEAVES, SCALARS), max_size=2),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        st.builds(lambda one, other: {"$or": [one, other]}, inner, inner),
    ),
    max_leaves=3,
)


@pytest.mark.parametrize("name", DIALECTS)
@given(pattern=PATTERNS)
@settings(max_examples=150, deadline=None)
def test_a_pattern_is_refused_where_the_service_refuses_it(name: str, pattern: dict[str, Any]) -> None:
    ours, of_service = DIALECTS[name]

    faults = list(pattern_faults(pattern, ours))

    try:
        compile_pattern(pattern, of_service)
    except InvalidPattern as refused:
        assert faults, str(refused)
    else:
        assert faults == []


def _cron(*fields: Any) -> Any:
    return st.builds(lambda *values: f"cron({' '.join(values)})", *fields)


NUMBERS = st.sampled_from(["0", "1", "5", "23", "31", "32", "60", "x"])
LISTS = st.one_of(
    NUMBERS,
    st.just("*"),
    st.builds("{}-{}".format, NUMBERS, NUMBERS),
    st.builds("{}/{}".format, NUMBERS, NUMBERS),
    st.builds("{},{}".format, NUMBERS, NUMBERS),
)
DAYS = st.one_of(LISTS, st.just("?"), st.sampled_from(["L", "LW", "L-3", "L-31", "15W", "32W", "?"]))
WEEKDAYS = st.one_of(LISTS, st.sampled_from(["?", "?", "MON-FRI", "6L", "FRIL", "3#2", "3#6", "8L", "Sun", "MO"]))
MONTHS = st.one_of(LISTS, st.sampled_from(["JAN", "dec", "FEV", "JAN-MAR"]))
YEARS = st.sampled_from(["*", "1970", "2199", "2200", "2030-2040", "?"])


@given(text=_cron(LISTS, LISTS, DAYS, MONTHS, WEEKDAYS, YEARS))
@settings(max_examples=300, deadline=None)
def test_a_schedule_is_refused_where_the_service_refuses_it(text: str) -> None:
    faults = list(schedule_faults(text))

    try:
        parse_schedule(text)
    except InvalidSchedule as refused:
        assert faults, refused.reason
    else:
        # No page says that the service refuses a step beyond its field, which is a mistake in any document.
        assert [problem for problem, _ in faults if "has no step" not in problem] == []


@pytest.mark.parametrize(("step", "is_right"), [("0/59", True), ("0/60", False), ("0/0", False), ("0/x", False)])
def test_a_step_is_within_its_field(step: str, is_right: bool) -> None:
    assert (list(schedule_faults(f"cron({step} * * * ? *)")) == []) == is_right


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("at(2028-02-29T00:00:00)", True),
        ("at(2029-02-29T00:00:00)", False),
        ("at(2030-01-31T23:59:59)", True),
        ("at(2030-01-31T24:00:00)", False),
        ("rate(5 minutes)", True),
        ("cron(0 3 * * ?)", False),
        ("cron(0 3 * * ? *)", True),
    ],
)
def test_a_schedule_is_a_time_that_comes(text: str, is_right: bool) -> None:
    assert (list(schedule_faults(text)) == []) is is_right
