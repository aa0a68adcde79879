"""Dates as texts of a pattern, in English.

Weeks begin on Sunday and belong to the year of their Saturday, as in Java's locale of the United States.
Source: Java SE 8 API, `java.time.format.DateTimeFormatter` and `DateTimeFormatterBuilder.appendPattern`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from lambdakit.harness.routing.graphql.evaluation.functions.date_patterns import Letters, Optional, Part, parts_of
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_QUARTERS: Final = ("1st quarter", "2nd quarter", "3rd quarter", "4th quarter")
_WIDTH_MAX: Final = 19


def formatted(when: datetime, pattern: str) -> str:
    """A time in its zone as a pattern has it."""
    return "".join(_text(part, when) for part in parts_of(pattern))


def _text(part: Part, when: datetime) -> str:
    if isinstance(part, Optional):
        return "".join(_text(each, when) for each in part.parts)
    if not isinstance(part, Letters):
        return part
    if part.letter in _NUMBERS:
        return _number(_NUMBERS[part.letter](when), part)
    return _TEXTS[part.letter](when, part.count)


def _number(number: int, part: Letters) -> str:
    if part.count > _WIDTH_MAX:
        raise FunctionFailed(f"{part.letter * 4}…: too many letters of a kind in a date pattern")
    return f"{number:0{part.count}d}"


def _year(number: int, count: int) -> str:
    return f"{number % 100:02d}" if count == 2 else f"{number:0{min(count, _WIDTH_MAX)}d}"


def _named(names: tuple[str, ...], index: int, count: int, short: Callable[[str], str]) -> str:
    """A number up to two letters, then short, full and narrow names."""
    match count:
        case 1 | 2:
            return f"{index + 1:0{count}d}"
        case 3:
            return short(names[index])
        case 4:
            return names[index]
        case 5:
            return names[index][0]
    raise FunctionFailed("too many letters of a kind in a date pattern")


def _month(when: datetime, count: int) -> str:
    return _named(MONTHS, when.month - 1, count, lambda name: name[:3])


def _quarter(when: datetime, count: int) -> str:
    quarter = (when.month - 1) // 3
    return str(quarter + 1) if count == 5 else _named(_QUARTERS, quarter, count, lambda name: f"Q{name[0]}")


def _day_name(when: datetime, count: int) -> str:
    """`E` has no numbers."""
    return _named(DAYS, when.weekday(), max(count, 3), lambda name: name[:3])


def _local_day(when: datetime, count: int) -> str:
    return f"{when.isoweekday() % 7 + 1:0{count}d}" if count <= 2 else _day_name(when, count)


def _era(_: datetime, count: int) -> str:
    return {4: "Anno Domini", 5: "A"}.get(count, "AD")


def week_of_year(day: date) -> tuple[int, int]:
    """The year that the week of `day` belongs to, and the week's number in it."""
    sunday = day - timedelta(days=day.isoweekday() % 7)
    saturday = sunday + timedelta(days=6)
    first = date(saturday.year, 1, 1)
    return saturday.year, (saturday - first).days // 7 + 1


def _week_of_month(when: datetime) -> int:
    first = when.replace(day=1).isoweekday() % 7
    return (when.day - 1 + first) // 7 + 1


def _fraction(when: datetime, count: int) -> str:
    return f"{when.microsecond:06d}000"[:count].ljust(min(count, 9), "0")


def _milliseconds_of_day(when: datetime) -> int:
    return ((when.hour * 60 + when.minute) * 60 + when.second) * 1000 + when.microsecond // 1000


def _offset_seconds(when: datetime) -> int:
    offset = when.utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def _offset(seconds: int, *, colon: bool, minutes: str = "always", with_seconds: bool = False) -> str:
    sign, rest = "-" if seconds < 0 else "+", abs(seconds)
    hours, left = divmod(rest, 3600)
    mark = ":" if colon else ""
    text = f"{sign}{hours:02d}"
    if minutes == "always" or left >= 60:
        text += f"{mark}{left // 60:02d}"
    return f"{text}{mark}{left % 60:02d}" if with_seconds and left % 60 else text


def _offset_x(when: datetime, count: int) -> str:
    seconds = _offset_seconds(when)
    match count:
        case 1:
            return _offset(seconds, colon=False, minutes="where there are some")
        case 2 | 4:
            return _offset(seconds, colon=False, with_seconds=count == 4)
        case 3 | 5:
            return _offset(seconds, colon=True, with_seconds=count == 5)
    raise FunctionFailed("too many letters of a kind in a date pattern")


def _offset_or_z(when: datetime, count: int) -> str:
    return "Z" if _offset_seconds(when) == 0 and count <= 5 else _offset_x(when, count)


def _offset_z(when: datetime, count: int) -> str:
    match count:
        case 1 | 2 | 3:
            return _offset_x(when, 2)
        case 4:
            return _offset_o(when, 4)
        case 5:
            return _offset_or_z(when, 5)
    raise FunctionFailed("too many letters of a kind in a date pattern")


def _offset_o(when: datetime, count: int) -> str:
    seconds = _offset_seconds(when)
    if seconds == 0:
        return "GMT"
    if count == 4:
        return f"GMT{_offset(seconds, colon=True, with_seconds=True)}"
    sign, (hours, left) = "-" if seconds < 0 else "+", divmod(abs(seconds), 3600)
    return f"GMT{sign}{hours}{f':{left // 60:02d}' if left else ''}"


def _zone_id(when: datetime, _: int) -> str:
    name = getattr(when.tzinfo, "key", None)
    if name is not None:
        return str(name)
    return "Z" if _offset_seconds(when) == 0 else _offset_x(when, 5)


def _zone_name(when: datetime, count: int) -> str:
    return (when.tzname() or "") if getattr(when.tzinfo, "key", None) is not None else _zone_id(when, count)


_NUMBERS: Final[dict[str, Callable[[datetime], int]]] = {
    "d": lambda when: when.day,
    "D": lambda when: when.timetuple().tm_yday,
    "w": lambda when: week_of_year(when.date())[1],
    "W": _week_of_month,
    "F": lambda when: (when.day - 1) // 7 + 1,
    "h": lambda when: (when.hour - 1) % 12 + 1,
    "K": lambda when: when.hour % 12,
    "k": lambda when: (when.hour - 1) % 24 + 1,
    "H": lambda when: when.hour,
    "m": lambda when: when.minute,
    "s": lambda when: when.second,
    "n": lambda when: when.microsecond * 1000,
    "A": _milliseconds_of_day,
    "N": lambda when: _milliseconds_of_day(when) * 1_000_000 + when.microsecond % 1000 * 1000,
}
_TEXTS: Final[dict[str, Callable[[datetime, int], str]]] = {
    "G": _era,
    "u": lambda when, count: _year(when.year, count),
    "y": lambda when, count: _year(when.year, count),
    "Y": lambda when, count: _year(week_of_year(when.date())[0], count),
    "M": _month,
    "L": _month,
    "Q": _quarter,
    "q": _quarter,
    "E": _day_name,
    "e": _local_day,
    "c": _local_day,
    "a": lambda when, _: "PM" if when.hour >= 12 else "AM",
    "S": _fraction,
    "V": _zone_id,
    "z": _zone_name,
    "O": _offset_o,
    "X": _offset_or_z,
    "x": _offset_x,
    "Z": _offset_z,
}
