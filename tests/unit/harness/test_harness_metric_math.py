"""Expressions over metrics. Source: Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics"."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.delivery.metric_math import Scope, UnservedExpression, evaluate

TIMES = [datetime(2026, 1, 2, 3, 4, tzinfo=UTC) + timedelta(minutes=number) for number in range(3)]
M1 = dict(zip(TIMES, (1.0, 2.0, 3.0), strict=True))
M2 = {TIMES[0]: 10.0, TIMES[2]: 0.0}
SCOPE = Scope(series={"m1": M1, "m2": M2, "e_1": M1}, metrics=["m1", "m2"], times=TIMES, period_seconds=60)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("m1", [1, 2, 3]),
        ("5", [5, 5, 5]),
        ("-m1 + 1", [0, -1, -2]),
        ("m1 + 2 * m1", [3, 6, 9]),
        ("(m1 + 2) * m1", [3, 8, 15]),
        ("10 - m1 - 1", [8, 7, 6]),
        ("8 / m1 / 2", [4, 2, 8 / 6]),
        ("m1 ^ 2", [1, 4, 9]),
        ("2 ^ 3 ^ 0", [2, 2, 2]),
        ("m1 / m2", [0.1, None, None]),
        ("m1 + m2", [11, None, 3]),
        ("m1 > 1", [0, 1, 1]),
        ("m1 >= 2 AND m1 < 3", [0, 1, 0]),
        ("m1 == 1 || m1 == 3", [1, 0, 1]),
        ("NOT (m1 != 2)", [0, 1, 0]),
        ("SUM(m1)", [6, 6, 6]),
        ("AVG(m1) * 1", [2, 2, 2]),
        ("SUM([m1, m2])", [11, 2, 3]),
        ("MAX(METRICS())", [10, 2, 3]),
        ("MIN([m1, m2])", [1, 2, 0]),
        ("AVG(METRICS())", [5.5, 2, 1.5]),
        ("FILL(m2, 7)", [10, 7, 0]),
        ("FILL(m2, REPEAT)", [10, 10, 0]),
        ("FILL(m2, m1)", [10, 2, 0]),
        ("SUM(FILL(METRICS(), 0))", [11, 2, 3]),
        ("IF(m1 > 1, m1, 0)", [0, 2, 3]),
        ("IF(m1 > 1, m2, m1)", [1, None, 0]),
        ("IF(m1 > 2, 5)", [None, None, 5]),
        ("100 * m1 / SUM([m1, m1])", [50, 50, 50]),
        ("ABS(-m1)", [1, 2, 3]),
        ("CEIL(m1 / 2)", [1, 1, 2]),
        ("FLOOR(m1 / 2)", [0, 1, 1]),
        ("m1 / PERIOD(m1)", [1 / 60, 2 / 60, 3 / 60]),
        ("e_1 * 1e1", [10, 20, 30]),
    ],
)
def test_an_expression_is_a_series(expression: str, values: list[float | None]) -> None:
    expected = {time: value for time, value in zip(TIMES, values, strict=True) if value is not None}

    assert evaluate(expression, SCOPE) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "ends too early"),
        ("m1 +", "ends too early"),
        ("m1 m2", "'m2' is not expected there"),
        ("(m1", "is expected"),
        ("m9", "no metric or expression 'm9'"),
        ("RATE(m1)", "the function RATE is not served"),
        ("ANOMALY_DETECTION_BAND(m1, 2)", "ANOMALY_DETECTION_BAND is not served"),
        ("SEARCH('{AWS/Lambda} Errors', 'Sum', 60)", "SEARCH is not served"),
        ('METRICS("m")', "METRICS with an argument"),
        ("METRICS()", "several series"),
        ("FILL(m1, LINEAR)", "LINEAR is not served"),
        ("IF(m1)", "does not take these arguments"),
        ("1 / 0", "divided by zero"),
        ("m1 # 2", "is not understood"),
        ("--m1", "twice in a row"),
        ("(" * 60 + "m1" + ")" * 60, "nested too deep"),
        ("FILL(1, 2)", "a number stands where"),
    ],
)
def test_what_is_not_served_is_named(expression: str, problem: str) -> None:
    with pytest.raises(UnservedExpression, match=problem.replace("(", r"\(")):
        evaluate(expression, SCOPE)


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3))


@given(left=NUMBERS, right=NUMBERS, sign=st.sampled_from("+-*"))
def test_arithmetic_is_pythons(left: float, right: float, sign: str) -> None:
    operators: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
    scope = Scope(series={"a": {TIMES[0]: left}, "b": {TIMES[0]: right}}, metrics=[], times=TIMES)

    assert evaluate(f"a {sign} b", scope) == {TIMES[0]: operators[sign](left, right)}


@given(st.text(alphabet="m12()[],+-*/ SUMIFAVGNOT<>=&|^.'\"", max_size=40))
def test_any_text_is_a_series_or_refused(text: str) -> None:
    try:
        series = evaluate(text, SCOPE)
    except UnservedExpression:
        return
    assert set(series) <= set(TIMES)
