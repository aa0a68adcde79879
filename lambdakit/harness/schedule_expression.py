"""Schedule expressions as EventBridge, EventBridge Scheduler and Application Auto Scaling write them.

In: `at(2026-01-02T03:04:05)`, `rate(5 minutes)` or `cron(0 10 ? * MON-FRI *)`, and a time zone. Out: when it is due.
Knows no clock.

Source: Amazon EventBridge User Guide, "Cron expressions reference" and "Rate expressions reference"; EventBridge
Scheduler User Guide, "Schedule types in EventBridge Scheduler". What these leave open (a range that runs over the end,
as FRI-MON, `LW`, `L-3`) is read as Quartz reads it, whose notation AWS's is: Quartz, "CronTrigger Tutorial".
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal
from zoneinfo import ZoneInfo

from lambdakit.records import dataclass

Kind = Literal["at", "rate", "cron"]

_EVERY_KIND: Final[tuple[Kind, ...]] = ("at", "rate", "cron")
_EXPRESSION = re.compile(r"(at|rate|cron)\((.*)\)", re.DOTALL)
_RATE = re.compile(r"\s*([0-9]+)\s+(minutes?|hours?|days?)\s*")
_UNITS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_SATURDAY: Final = 7


class InvalidSchedule(ValueError):
    """An expression that no service takes. The text is EventBridge's own; reason: what is wrong, for people."""

    def __init__(self, expression: str, reason: str) -> None:
        super().__init__("Parameter ScheduleExpression is not valid.")
        self.expression = expression
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """`at(…)`. moment: in UTC; a time that the zone's clocks skip is the one that they show instead."""

    moment: datetime
    recurring: bool = False

    def next_after(self, moment: datetime, *, since: datetime | None = None) -> datetime | None:
        """The moment, if it is still to come."""
        del since
        return self.moment if self.moment > moment else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`rate(…)`. A day is 24 hours, whatever the clocks do."""

    every: timedelta
    recurring: bool = True

    def next_after(self, moment: datetime, *, since: datetime | None = None) -> datetime | None:
        """The first time after `moment` that is `since`, or whole intervals later. Absence: it is counted from now.

        None beyond the year 9999.
        """
        since = moment if since is None else since
        steps = 0 if moment < since else (moment - since) // self.every + 1
        try:
            return since + steps * self.every
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """`cron(…)`. days: those of a month that it runs on, given year and month.

    A time that the zone's clocks skip is left out, one that they show twice is due the first time only.
    Source: EventBridge Scheduler User Guide, "Daylight savings time on EventBridge Scheduler".
    """

    minutes: Sequence[int]
    hours: Sequence[int]
    days: Callable[[int, int], Sequence[int]]
    months: Sequence[int]
    years: Sequence[int]
    zone: tzinfo
    recurring: bool = True

    def next_after(self, moment: datetime, *, since: datetime | None = None) -> datetime | None:
        """The first time after `moment`, in UTC; None when it never comes again. since: makes no difference."""
        del since
        for wall in self._times_from(moment.astimezone(self.zone).replace(tzinfo=None)):
            due = wall.replace(tzinfo=self.zone).astimezone(UTC)
            if due > moment and due.astimezone(self.zone).replace(tzinfo=None) == wall:
                return due
        return None

    def _times_from(self, wall: datetime) -> Iterator[datetime]:
        """What the zone's clocks show when it is due, from then on."""
        for year, month, day in self._dates_from(wall):
            first_day = (year, month, day) == (wall.year, wall.month, wall.day)
            for hour in self.hours:
                if first_day and hour < wall.hour:
                    continue
                for minute in self.minutes:
                    if first_day and hour == wall.hour and minute < wall.minute:
                        continue
                    yield datetime(year, month, day, hour, minute)

    def _dates_from(self, wall: datetime) -> Iterator[tuple[int, int, int]]:
        for year in self.years:
            if year < wall.year:
                continue
            for month in self.months:
                if (year, month) < (wall.year, wall.month):
                    continue
                for day in self.days(year, month):
                    if (year, month, day) >= (wall.year, wall.month, wall.day):
                        yield year, month, day


Schedule = Once | Rate | Cron


def parse_schedule(
    text: str, *, zone: str = "UTC", kinds: Collection[Kind] = _EVERY_KIND, any_plural: bool = False
) -> Schedule:
    """The schedule that `text` stands for. InvalidSchedule for none, or for a kind that is not among `kinds`.

    zone: by its IANA name; `at` and `cron` are read in it. any_plural: takes `rate(1 minutes)`, as the Scheduler
    does and rules do not. See `read_zone` for what is raised for a zone.
    """
    place = read_zone(zone)
    match = _EXPRESSION.fullmatch(text)
    if match is None or match[1] not in kinds:
        raise InvalidSchedule(
            text, f"must be one of {', '.join(f'{kind}(…)' for kind in _EVERY_KIND if kind in kinds)}"
        )
    try:
        if match[1] == "at":
            return _once(match[2], place)
        return _rate(match[2], any_plural) if match[1] == "rate" else _cron(match[2], place)
    except _Refused as refused:
        raise InvalidSchedule(text, str(refused)) from None


def read_zone(name: str) -> tzinfo:
    """A time zone by its IANA name. ValueError when there is none."""
    if name == "UTC":
        return UTC  # there even without a database of zones
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone, no such name, a directory of zones
        raise ValueError(f"{name!r} is no time zone") from None


class _Refused(Exception):
    """What is wrong with an expression."""


def _once(text: str, zone: tzinfo) -> Once:
    if _MOMENT.fullmatch(text) is None:
        raise _Refused(f"{text!r} is not yyyy-mm-ddThh:mm:ss")
    try:
        return Once(moment=datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC))
    except (ValueError, OverflowError):
        raise _Refused(f"{text!r} is no time") from None


def _rate(text: str, any_plural: bool) -> Rate:
    match = _RATE.fullmatch(text)
    if match is None or len(match[1]) > 9 or int(match[1]) == 0:
        raise _Refused(f"{text!r} is not a positive number and one of minute, minutes, hour, hours, day, days")
    value, unit = int(match[1]), match[2]
    # EventBridge User Guide, "Rate expressions reference": 1 takes the singular, more take the plural.
    if not any_plural and (value == 1) == unit.endswith("s"):
        raise _Refused(f"{unit!r} does not go with {value}")
    try:
        return Rate(every=value * _UNITS[unit.removesuffix("s")])
    except OverflowError:
        raise _Refused(f"{value} {unit} are too many") from None


def _cron(text: str, zone: tzinfo) -> Cron:
    fields = text.upper().split()
    if len(fields) != 6:
        raise _Refused(f"{len(fields)} fields, where minutes, hours, day of month, month, day of week and year are 6")
    minutes, hours, of_month, months, of_week, years = fields
    if (of_month == "?") == (of_week == "?"):
        raise _Refused("exactly one of day of month and day of week must be ?")
    return Cron(
        minutes=_values("minutes", minutes, 0, 59),
        hours=_values("hours", hours, 0, 23),
        days=_days_of_week(of_week) if of_month == "?" else _days_of_month(of_month),
        months=_values("month", months, 1, 12, _MONTHS),
        years=_values("year", years, 1970, 2199),
        zone=zone,
    )


def _values(field: str, text: str, least: int, most: int, names: Sequence[str] = ()) -> Sequence[int]:
    """The numbers that a field with lists, ranges and steps means, in order."""
    known: Mapping[str, int] = {name: least + index for index, name in enumerate(names)}

    def number(word: str) -> int:
        value = known.get(word)
        if value is None and word.isdecimal() and word.isascii() and len(word) <= 4:
            value = int(word)
        if value is None or not least <= value <= most:
            raise _Refused(f"{field}: {word!r} is not from {least} to {most}")
        return value

    found: set[int] = set()
    for item in text.split(","):
        span, slash, step_text = item.partition("/")
        first_text, dash, last_text = span.partition("-")
        if span == "*":
            first, last = least, most
        else:
            first = number(first_text)
            last = number(last_text) if dash else (most if slash else first)
        step = 1
        if slash:
            if not (step_text.isdecimal() and step_text.isascii() and len(step_text) <= 4 and int(step_text)):
                raise _Refused(f"{field}: {step_text!r} is no step")
            step = int(step_text)
        size = most - least + 1
        wrapped = last + size if last < first and field != "year" else last
        found.update(least + (value - least) % size for value in range(first, wrapped + 1, step))
    if not found:
        raise _Refused(f"{field}: {text!r} is an empty range")
    return sorted(found)


def _days_of_month(text: str) -> Callable[[int, int], Sequence[int]]:
    if text in ("L", "LW") or re.fullmatch(r"L-[0-9]{1,2}", text):
        before = int(text[2:]) if text.startswith("L-") else 0
        if before > 30:
            raise _Refused(f"day of month: {text!r} is before the month")
        if text == "LW":
            return lambda year, month: [_weekday_nearest(year, month, _length(year, month))]
        return lambda year, month: [day for day in [_length(year, month) - before] if day >= 1]
    if nearest := re.fullmatch(r"([0-9]{1,2})W", text):
        wanted = int(nearest[1])
        if not 1 <= wanted <= 31:
            raise _Refused(f"day of month: {text!r} is not from 1W to 31W")
        return lambda year, month: [_weekday_nearest(year, month, wanted)] if wanted <= _length(year, month) else []
    days = _values("day of month", text, 1, 31)
    return lambda year, month: [day for day in days if day <= _length(year, month)]


def _days_of_week(text: str) -> Callable[[int, int], Sequence[int]]:
    if text == "L":
        return lambda year, month: _each(year, month, _SATURDAY)
    if last := re.fullmatch(r"([0-9A-Z]+)L", text):
        [weekday] = _values("day of week", last[1], 1, 7, _WEEKDAYS)
        return lambda year, month: _each(year, month, weekday)[-1:]
    if nth := re.fullmatch(r"([0-9A-Z]+)#([1-5])", text):
        [weekday] = _values("day of week", nth[1], 1, 7, _WEEKDAYS)
        number = int(nth[2])
        return lambda year, month: _each(year, month, weekday)[number - 1 : number]
    weekdays = _values("day of week", text, 1, 7, _WEEKDAYS)
    return lambda year, month: sorted(day for weekday in weekdays for day in _each(year, month, weekday))


def _each(year: int, month: int, weekday: int) -> list[int]:
    """The days of a month that are that day of the week; 1 is Sunday."""
    first_day = calendar.weekday(year, month, 1)  # 0 is Monday
    first = 1 + (weekday - 2 - first_day) % 7
    return list(range(first, _length(year, month) + 1, 7))


def _weekday_nearest(year: int, month: int, day: int) -> int:
    """The day from Monday to Friday that is closest, in the same month."""
    match calendar.weekday(year, month, day):
        case calendar.SATURDAY:
            return day - 1 if day > 1 else day + 2
        case calendar.SUNDAY:
            return day + 1 if day < _length(year, month) else day - 2
    return day


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
