"""Schedule expressions: what they mean, beside a walk over every minute, and what is refused."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.harness.schedule_expression import InvalidSchedule, Kind, parse_schedule

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _next(expression: str, after: str, *, zone: str = "UTC", times: int = 1) -> list[str]:
    """The next times of `expression`, in UTC."""
    schedule = parse_schedule(expression, zone=zone)
    moment: datetime | None = _at(after)
    found = []
    for _ in range(times):
        assert moment is not None
        moment = schedule.next_after(moment)
        found.append("never" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}")
        if moment is None:
            break
    return found


# EventBridge User Guide, "Cron expressions reference", the table of examples; after Thursday, 1 January 2026, 12:00.
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 10 * * ? *)", "2026-01-02T10:00:00"),
        ("cron(15 12 * * ? *)", "2026-01-01T12:15:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-01T18:00:00"),
        ("cron(0 8 1 * ? *)", "2026-02-01T08:00:00"),
        ("cron(0/15 * * * ? *)", "2026-01-01T12:15:00"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-01-01T12:10:00"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-01-01T12:05:00"),
        ("cron(0/30 20-2 ? * MON-FRI *)", "2026-01-01T20:00:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-01-05T09:00:00"),
        ("cron(15 10 ? * 6L 2022-2026)", "2026-01-30T10:15:00"),
        ("cron(0 0 L * ? *)", "2026-01-31T00:00:00"),
        ("cron(0 0 L FEB ? 2028)", "2028-02-29T00:00:00"),
        ("cron(0 0 L-2 * ? *)", "2026-01-29T00:00:00"),
        ("cron(0 0 LW * ? *)", "2026-01-30T00:00:00"),
        ("cron(0 0 3W * ? *)", "2026-01-02T00:00:00"),  # Saturday, 3 January: the Friday before
        ("cron(0 0 4W * ? *)", "2026-01-05T00:00:00"),  # Sunday: the Monday after
        ("cron(0 0 1W 8 ? *)", "2026-08-03T00:00:00"),  # Saturday, 1 August: never into the month before
        ("cron(0 0 31W 5 ? *)", "2026-05-29T00:00:00"),  # Sunday, 31 May: never into the month after
        ("cron(0 0 31W 4 ? *)", "never"),
        ("cron(0 0 ? * L *)", "2026-01-03T00:00:00"),
        ("cron(0 0 ? * tue#2 *)", "2026-01-13T00:00:00"),
        ("cron(0 0 ? * FRIL *)", "2026-01-30T00:00:00"),
        ("cron(0 0 ? * FRI-MON *)", "2026-01-02T00:00:00"),
        ("cron(0 0 ? * 1#5 *)", "2026-03-29T00:00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29T00:00:00"),
        ("cron(0 0 30 2 ? *)", "never"),
        ("cron(0 0 1 1 ? 2025)", "never"),
        ("cron(59 23 31 12 ? 2199)", "2199-12-31T23:59:00"),
        ("cron( 0  12 ? *\tMON *)", "2026-01-05T12:00:00"),
        ("cron(0 0 1 NOV-FEB/2 ? *)", "2026-11-01T00:00:00"),
        ("cron(0 23-1/2 2 * ? *)", "2026-01-02T01:00:00"),
        ("at(2026-01-01T12:00:01)", "2026-01-01T12:00:01"),
        ("at(2026-01-01T12:00:00)", "never"),
    ],
)
def test_next_time(expression: str, expected: str) -> None:
    assert _next(expression, "2026-01-01T12:00:00") == [expected]


@pytest.mark.parametrize(
    ("zone", "expression", "after", "expected"),
    [
        # Berlin shows no time from 2:00 to 3:00 on 29 March 2026.
        ("Europe/Berlin", "cron(30 2 * * ? *)", "2026-03-28T00:00:00", ["2026-03-28T01:30:00", "2026-03-30T00:30:00"]),
        # And 2:30 twice on 25 October 2026: 0:30 and 1:30 UTC.
        ("Europe/Berlin", "cron(30 2 * * ? *)", "2026-10-24T12:00:00", ["2026-10-25T00:30:00", "2026-10-26T01:30:00"]),
        ("Europe/Berlin", "cron(30 2 * * ? *)", "2026-10-25T01:00:00", ["2026-10-26T01:30:00"]),
        ("America/New_York", "cron(0 8 ? * MON-FRI *)", "2026-03-06T00:00:00", ["2026-03-06T13:00:00"]),
        ("America/New_York", "cron(0 8 ? * MON-FRI *)", "2026-03-07T00:00:00", ["2026-03-09T12:00:00"]),
        ("Asia/Kathmandu", "cron(0 0 1 * ? *)", "2026-01-02T00:00:00", ["2026-01-31T18:15:00"]),
        ("Pacific/Apia", "cron(0 12 * * ? *)", "2011-12-29T12:00:00", ["2011-12-29T22:00:00", "2011-12-30T22:00:00"]),
        ("Asia/Tokyo", "at(2026-01-02T03:04:05)", "2026-01-01T00:00:00", ["2026-01-01T18:04:05"]),
        ("Europe/Berlin", "at(2026-03-29T02:30:00)", "2026-01-01T00:00:00", ["2026-03-29T01:30:00"]),
    ],
)
def test_time_zones(zone: str, expression: str, after: str, expected: Sequence[str]) -> None:
    assert _next(expression, after, zone=zone, times=len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("rate(1 hour)", 3600),
        ("rate(2 hours)", 7200),
        ("rate(7 days)", 604_800),
    ],
)
def test_rate_counts_from_its_beginning(expression: str, seconds: int) -> None:
    schedule = parse_schedule(expression)
    since = _at("2026-01-01T00:00:30")
    step = timedelta(seconds=seconds)

    assert schedule.next_after(since - timedelta(days=9), since=since) == since
    assert schedule.next_after(since, since=since) == since + step
    assert schedule.next_after(since + step - timedelta(microseconds=1), since=since) == since + step
    assert schedule.next_after(since + step, since=since) == since + 2 * step
    assert schedule.next_after(since) == since + step


def test_only_what_comes_again_is_recurring() -> None:
    recurring = {text: parse_schedule(text).recurring for text in ("at(2030-01-01T00:00:00)", "rate(1 day)")}

    assert recurring == {"at(2030-01-01T00:00:00)": False, "rate(1 day)": True}
    assert parse_schedule("cron(0 0 1 1 ? 2030)").recurring


@pytest.mark.parametrize(
    "expression",
    [
        *("", "cron", "cron()", "5 minutes", "rate(5 minutes", "CRON(0 0 * * ? *)", " cron(0 0 * * ? *)"),
        *("rate()", "rate(0 minutes)", "rate(-1 minutes)", "rate(1.5 hours)", "rate(5 weeks)", "rate(5minutes)"),
        *("rate(1 minutes)", "rate(5 minute)", "rate(1 hours)", "rate(9999999999 days)"),
        *("cron(0 0 * * *)", "cron(0 0 0 * * ? *)", "cron(0 0 * * * *)", "cron(0 0 ? * ? *)", "cron(0 0 1 * 1 *)"),
        *("cron(60 0 * * ? *)", "cron(-1 0 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)", "cron(0 0 32 * ? *)"),
        *("cron(0 0 * 0 ? *)", "cron(0 0 * 13 ? *)", "cron(0 0 ? * 0 *)", "cron(0 0 ? * 8 *)", "cron(0 0 ? * -1 *)"),
        *("cron(0 0 * * ? 1969)", "cron(0 0 * * ? 2200)", "cron(0 0 * * ? 2030-2020)"),
        *(
            "cron(0/0 0 * * ? *)",
            "cron(0/x 0 * * ? *)",
            "cron(*/ 0 * * ? *)",
            "cron(/5 0 * * ? *)",
            "cron(5- 0 * * ? *)",
        ),
        *("cron(1,,2 0 * * ? *)", "cron(, 0 * * ? *)", "cron(? 0 * * ? *)", "cron(0 ? * * ? *)", "cron(0 0 ? ? 1 *)"),
        *("cron(0 0 1,L * ? *)", "cron(0 0 1W,2W * ? *)", "cron(0 0 0W * ? *)", "cron(0 0 32W * ? *)"),
        *("cron(0 0 W * ? *)", "cron(0 0 L-31 * ? *)", "cron(0 0 ? * 3#6 *)", "cron(0 0 ? * 3#0 *)"),
        *("cron(0 0 ? * 3#1,6#3 *)", "cron(0 0 ? * MON,FRIL *)", "cron(0 0 ? * 2W *)", "cron(0 0 ? * XXX *)"),
        *("cron(0 0 * JANUARY ? *)", "cron(0 0 MON * ? *)", "cron(\u0665 0 * * ? *)"),
        *("at(2026-01-02)", "at(2026-02-30T00:00:00)", "at(2026-01-02T03:04:05Z)", "at(2026-01-02 03:04:05)"),
        "at(9999-99-99T99:99:99)",
    ],
)
def test_refused_with_the_services_text(expression: str) -> None:
    with pytest.raises(InvalidSchedule, match=r"^Parameter ScheduleExpression is not valid\.$") as refused:
        parse_schedule(expression)

    assert refused.value.expression == expression
    assert refused.value.reason


def test_refusal_says_which_field_is_wrong() -> None:
    with pytest.raises(InvalidSchedule) as refused:
        parse_schedule("cron(0 25 * * ? *)")

    assert refused.value.reason == "hours: '25' is not from 0 to 23"


def test_a_rule_takes_no_single_moment() -> None:
    rules: tuple[Kind, ...] = ("rate", "cron")

    with pytest.raises(InvalidSchedule) as refused:
        parse_schedule("at(2030-01-01T00:00:00)", kinds=rules)

    assert refused.value.reason == "must be one of rate(…), cron(…)"


def test_the_scheduler_takes_the_plural_of_one() -> None:
    schedule = parse_schedule("rate(1 minutes)", any_plural=True)

    assert schedule.next_after(_at("2026-01-01T00:00:00")) == _at("2026-01-01T00:01:00")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "/etc/localtime"])
def test_unknown_zone(zone: str) -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        parse_schedule("rate(1 hour)", zone=zone)


# Hypothesis builds each field beside the set of values that it stands for.
_Field = tuple[str, frozenset[int]]


def _fields(least: int, most: int, names: Sequence[str] = ()) -> st.SearchStrategy[_Field]:
    values = st.integers(least, most)

    def shown(value: int) -> str:
        return names[value - least] if names and value % 2 else str(value)

    single = values.map(lambda value: (shown(value), frozenset({value})))
    spans = st.tuples(values, values).map(sorted)
    ranges = spans.map(lambda span: (f"{shown(span[0])}-{shown(span[1])}", frozenset(range(span[0], span[1] + 1))))
    every = st.just(("*", frozenset(range(least, most + 1))))
    steps = st.tuples(values, st.integers(1, 30)).map(
        lambda step: (f"{step[0]}/{step[1]}", frozenset(range(step[0], most + 1, step[1])))
    )
    one = st.one_of(single, ranges, steps, every)
    lists = st.lists(one, min_size=1, max_size=3)
    return lists.map(
        lambda items: (",".join(text for text, _ in items), frozenset().union(*(each for _, each in items)))
    )


def _is_nearest_weekday(day: date, wanted: int) -> bool:
    """Whether no weekday of the month is closer to `wanted`; before it comes first."""
    length = calendar.monthrange(day.year, day.month)[1]
    weekdays = [other for other in range(1, length + 1) if date(day.year, day.month, other).weekday() < 5]
    if wanted > length:
        return False
    return day.day == min(weekdays, key=lambda other: abs(other - wanted))


_DAYS = st.one_of(
    _fields(1, 31).map(lambda field: (f"{field[0]} {{}} ?", lambda day: day.day in field[1])),
    _fields(1, 7, _WEEKDAYS).map(
        lambda field: (f"? {{}} {field[0]}", lambda day: day.isoweekday() % 7 + 1 in field[1])
    ),
    st.just(("L {} ?", lambda day: (day + timedelta(days=1)).day == 1)),
    st.integers(1, 31).map(lambda wanted: (f"{wanted}W {{}} ?", lambda day: _is_nearest_weekday(day, wanted))),
    st.integers(1, 7).map(
        lambda number: (
            f"? {{}} {number}L",
            lambda day: day.isoweekday() % 7 + 1 == number and (day + timedelta(days=7)).month != day.month,
        )
    ),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(
        lambda pair: (
            f"? {{}} {pair[0]}#{pair[1]}",
            lambda day: day.isoweekday() % 7 + 1 == pair[0] and (day.day - 1) // 7 + 1 == pair[1],
        )
    ),
)


@settings(max_examples=300, deadline=None)
@given(
    minutes=_fields(0, 59),
    hours=_fields(0, 23),
    days=_DAYS,
    months=_fields(1, 12, _MONTHS),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),
)
def test_next_time_is_the_first_minute_that_fits(
    minutes: _Field, hours: _Field, days: tuple[str, object], months: _Field, zone: str, start: datetime
) -> None:
    text, fits_day = days
    assert callable(fits_day)
    expression = f"cron({minutes[0]} {hours[0]} {text.format(months[0])} *)"
    place = ZoneInfo(zone)
    after = start.replace(tzinfo=UTC)

    found = parse_schedule(expression, zone=zone).next_after(after)

    def fits(moment: datetime) -> bool:
        wall = moment.astimezone(place)
        in_day = wall.minute in minutes[1] and wall.hour in hours[1]
        return in_day and wall.fold == 0 and wall.month in months[1] and fits_day(wall.date())

    if found is not None:
        assert found > after
        assert fits(found)
    # Every minute for the first two days and the last one; days that do not fit at all are passed over between them.
    minute = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = min(found or _at("2199-01-01T00:00:00"), after + timedelta(days=400))
    while minute < end:
        wall_day = minute.astimezone(place).date()
        next_day = (minute + timedelta(days=1)).astimezone(place).date()
        if not any(each.month in months[1] and fits_day(each) for each in (wall_day, next_day)):
            minute += timedelta(days=1)
            continue
        assert not fits(minute), f"{expression} in {zone} after {after}: {minute} and not {found}"
        minute += timedelta(minutes=1)
