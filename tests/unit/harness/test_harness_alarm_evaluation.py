"""What data say of an alarm's state.

Source: Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data": its tables, where X
breaches, 0 does not and - is missing; five periods are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.delivery.alarm_evaluation import (
    COMPARISONS,
    EXTRA_PERIODS,
    Missing,
    Point,
    Sample,
    State,
    Terms,
    UnservedStatistic,
    judge,
    samples_needed,
    statistic_of,
)

START = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
TREATMENTS: tuple[Missing, ...] = ("missing", "ignore", "breaching", "notBreaching")


def points(shown: str) -> list[Point | None]:
    values = {"X": 11.0, "0": 1.0}
    return [
        Point(at=START + timedelta(minutes=number), value=values[one]) if one in values else None
        for number, one in enumerate(shown)
    ]


def terms(needed: int, missing: Missing = "missing", periods: int = 3) -> Terms:
    return Terms(comparison="GreaterThanThreshold", threshold=10.0, periods=periods, needed=needed, missing=missing)


# None: the state stays as it was.
THREE_OF_THREE = [
    ("0-X-X", ("OK", "OK", "OK", "OK")),
    ("----0", ("OK", "OK", "OK", "OK")),
    ("-----", ("INSUFFICIENT_DATA", None, "ALARM", "OK")),
    ("0XX-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("--X--", ("ALARM", None, "ALARM", "OK")),
]
TWO_OF_THREE = [
    ("0-X-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("00X0X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0-X--", ("OK", "OK", "ALARM", "OK")),
    ("----0", ("OK", "OK", "ALARM", "OK")),
    ("---X-", ("ALARM", None, "ALARM", "OK")),
]


@pytest.mark.parametrize("missing", TREATMENTS)
@pytest.mark.parametrize(
    ("needed", "shown", "states"),
    [(3, *row) for row in THREE_OF_THREE] + [(2, *row) for row in TWO_OF_THREE],
    ids=lambda value: str(value) if isinstance(value, str | int) else "",
)
@pytest.mark.parametrize("current", ["OK", "ALARM", "INSUFFICIENT_DATA"])
def test_the_tables_of_the_guide(
    needed: int, shown: str, states: Sequence[State | None], missing: Missing, current: State
) -> None:
    expected = states[TREATMENTS.index(missing)] or current

    assert judge(terms(needed, missing), points(shown), current).state == expected


@pytest.mark.parametrize("current", ["OK", "INSUFFICIENT_DATA"])
def test_a_single_new_breach_waits_for_its_neighbours(current: State) -> None:
    assert judge(terms(3), points("----X"), current).state == current
    assert judge(terms(1, periods=1), points("--X"), current).state == "ALARM"


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [
        ("GreaterThanThreshold", False, False, True),
        ("GreaterThanOrEqualToThreshold", False, True, True),
        ("LessThanThreshold", True, False, False),
        ("LessThanOrEqualToThreshold", True, True, False),
    ],
)
def test_each_comparison_at_the_threshold(comparison: str, below: bool, equal: bool, above: bool) -> None:
    holds = COMPARISONS[comparison].holds

    assert (holds(9.99, 10), holds(10, 10), holds(10.01, 10)) == (below, equal, above)


@given(
    shown=st.lists(st.sampled_from("X0-"), min_size=1 + EXTRA_PERIODS, max_size=8),
    missing=st.sampled_from(TREATMENTS),
    data=st.data(),
)
def test_a_verdict_fits_its_points(shown: list[str], missing: Missing, data: st.DataObject) -> None:
    periods = len(shown) - EXTRA_PERIODS
    needed = data.draw(st.integers(1, periods))

    verdict = judge(terms(needed, missing, periods), points("".join(shown)), "OK")

    assert len(verdict.points) + verdict.filled == periods
    assert verdict.breaching <= len(verdict.points)
    if "-" not in shown:
        assert verdict.state == ("ALARM" if shown[-periods:].count("X") >= needed else "OK")
    if verdict.breaching >= needed:
        assert verdict.state == "ALARM"
    if verdict.state == "INSUFFICIENT_DATA":
        assert not verdict.points


def sample(value: float, count: float = 1) -> Sample:
    return Sample(at=START, count=count, total=value * count, least=value, most=value)


MIXED = Sample(at=START, count=2, total=10, least=1, most=9)


@pytest.mark.parametrize(
    ("name", "samples", "value"),
    [
        ("SampleCount", [sample(1, 3), MIXED], 5.0),
        ("Sum", [sample(1, 3), MIXED], 13.0),
        ("Average", [sample(1, 2), sample(4)], 2.0),
        ("Minimum", [sample(3), MIXED], 1),
        ("Maximum", [sample(3), MIXED], 9),
        ("p0", [sample(1), sample(5)], 1),
        ("p50", [sample(1), sample(5)], 3),
        ("p100", [sample(1), sample(5)], 5),
        ("p50", [sample(1, 10), sample(5)], 1),
        ("p99.9", [sample(2)], 2),
        ("p50", [sample(1), MIXED], None),
    ],
)
def test_each_statistic(name: str, samples: Sequence[Sample], value: float | None) -> None:
    assert statistic_of(name, samples) == value


@pytest.mark.parametrize("name", ["tm90", "p101", "p", "px", "IQM", "", "PR(1:2)"])
def test_other_statistics_are_refused(name: str) -> None:
    with pytest.raises(UnservedStatistic, match="is not computed"):
        statistic_of(name, [sample(1)])


@pytest.mark.parametrize(
    ("name", "needed"),
    [("p99", 1000), ("p90", 100), ("p50", 20), ("p10", 100), ("p99.9", 10_000), ("p100", 0), ("p0", 0), ("Average", 0)],
)
def test_how_many_samples_make_a_percentile_significant(name: str, needed: float) -> None:
    """Source: "Percentile-based alarms and low data samples"."""
    assert samples_needed(name) == pytest.approx(needed)


@pytest.mark.parametrize("current", ["OK", "ALARM", "INSUFFICIENT_DATA"])
@pytest.mark.parametrize(("samples", "decides"), [(99, False), (100, True)])
def test_points_of_too_few_samples_leave_the_state_as_it_is(current: State, samples: float, decides: bool) -> None:
    one = Terms(comparison="GreaterThanThreshold", threshold=10.0, periods=1, needed=1, samples=100)

    verdict = judge(one, [None, None, Point(at=START, value=11.0, samples=samples)], current)

    assert verdict.state == ("ALARM" if decides else current)


SHOWN = st.lists(st.sampled_from("X0-"), min_size=3 + EXTRA_PERIODS, max_size=3 + EXTRA_PERIODS).map("".join)
STATES = st.sampled_from(("OK", "ALARM", "INSUFFICIENT_DATA"))


@given(shown=SHOWN, needed=st.integers(1, 3), current=STATES)
def test_treatments_that_decide_know_no_state_from_before(shown: str, needed: int, current: State) -> None:
    """Missing points that count as good or bad leave nothing open."""
    for missing in ("breaching", "notBreaching"):
        state = judge(terms(needed, missing), points(shown), current).state
        assert state == judge(terms(needed, missing), points(shown), "OK").state
        assert state != "INSUFFICIENT_DATA"


@given(shown=SHOWN, needed=st.integers(1, 3), current=STATES)
def test_bad_missing_points_alarm_wherever_good_ones_do(shown: str, needed: int, current: State) -> None:
    good = judge(terms(needed, "notBreaching"), points(shown), current).state
    bad = judge(terms(needed, "breaching"), points(shown), current).state

    assert bad == "ALARM" or good == "OK"


@given(shown=SHOWN, needed=st.integers(1, 3), missing=st.sampled_from(TREATMENTS), current=STATES)
def test_enough_real_points_make_missing_ones_matter_no_more(
    shown: str, needed: int, missing: Missing, current: State
) -> None:
    """The guide: with as many points as evaluation periods, the most recent of them are used and none is filled in."""
    real = shown.replace("-", "")
    if len(real) < 3:
        return

    state = judge(terms(needed, missing), points(shown), current).state

    assert state == ("ALARM" if real[-3:].count("X") >= needed else "OK")


@given(shown=SHOWN, needed=st.integers(1, 3), current=STATES)
def test_an_old_breach_alarms_though_what_follows_is_missing(shown: str, needed: int, current: State) -> None:
    """The guide: the oldest breach is as old as the data points to alarm, and all after it breach or are missing."""
    if "0" in shown or "X" not in shown or len(shown) - shown.index("X") < needed:
        return

    assert judge(terms(needed), points(shown), current).state == "ALARM"
