"""What is wrong with a schedule whose form is right: a field out of bounds, two days at once, a date that never is.

Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler": the table of cron's fields; Amazon
EventBridge User Guide, "Cron expressions reference".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from lambdakit.records import dataclass
from lambdakit.spec.nearest import nearest
from lambdakit.spec.wording import one_of, quoted

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_EXPRESSION: Final = re.compile(r"(at|cron)\((.*)\)")
_FIELDS: Final = 6
_DAYS: Final = "day of month", "day of week"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One of cron's. least, most: of its numbers. words: that stand for them. special: what else it may be."""

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()
    special: str = ""


_CRON: Final = (
    _Field(name="minutes", least=0, most=59),
    _Field(name="hours", least=0, most=23),
    _Field(name=_DAYS[0], least=1, most=31, special=r"L|LW|L-([1-9]|[12][0-9]|30)|([1-9]|[12][0-9]|3[01])W"),
    _Field(name="month", least=1, most=12, words=_MONTHS),
    _Field(name=_DAYS[1], least=1, most=7, words=_WEEKDAYS, special=rf"L|([1-7]|{'|'.join(_WEEKDAYS)})(L|#[1-5])"),
    _Field(name="year", least=1970, most=2199),
)


def schedule_faults(text: str) -> Iterator[tuple[str, str]]:
    """Problem and hint of each; nothing of what is no schedule at all, or a rate."""
    found = _EXPRESSION.fullmatch(text)
    if found is None:
        return
    if found[1] == "at":
        yield from _of_moment(found[2])
        return
    fields = found[2].upper().split()
    if len(fields) != _FIELDS:
        problem = f"{len(fields)} fields are given, and minutes, hours, day of month, month, day of week and year are 6"
        yield problem, "write ? for one of the two days, and * for every year: cron(0 3 * * ? *)"
        return
    for field, written in zip(_CRON, fields, strict=True):
        yield from _of_field(field, written)
    if (fields[2] == "?") == (fields[4] == "?"):
        yield _of_days(fields)


def _of_moment(text: str) -> Iterator[tuple[str, str]]:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        yield f"{quoted(text)} is no moment: {error}", "write a date and a time such as at(2030-01-31T06:00:00)"


def _of_days(fields: list[str]) -> tuple[str, str]:
    if fields[2] == "?":
        mended = [*fields[:2], "*", *fields[3:]]
        return "day of month and day of week are both ?", f"write cron({' '.join(mended)})"
    problem = f"day of month is {fields[2]} and day of week {fields[4]}: one of the two has to be ?"
    if fields[4] == "*":
        mended = [*fields[:4], "?", *fields[5:]]
    elif fields[2] == "*":
        mended = [*fields[:2], "?", *fields[3:]]
    else:
        return problem, "write two schedules, each with ? for the other day"
    return problem, f"write cron({' '.join(mended)})"


def _of_field(field: _Field, text: str) -> Iterator[tuple[str, str]]:
    if (field.name in _DAYS and text == "?") or (field.special and re.fullmatch(field.special, text)):
        return
    for item in text.split(","):
        span, slash, step = item.partition("/")
        if slash and not (step.isdecimal() and step.isascii() and 0 < int(step[:9]) <= field.most):
            yield f"{field.name}: {quoted(item)} has no step from 1 to {field.most}", "write a step such as 0/5"
        for word in () if span == "*" else span.split("-", 1):
            yield from _of_word(field, word)


def _of_word(field: _Field, word: str) -> Iterator[tuple[str, str]]:
    if word in field.words:
        return
    if word.isdecimal() and word.isascii() and field.least <= int(word[:9]) <= field.most:
        return
    allowed = f"from {field.least} to {field.most}"
    if field.words:
        allowed += f", or {field.words[0]} to {field.words[-1]}"
    problem = f"{field.name}: {quoted(word)} is not {allowed}"
    if field.name == _DAYS[1] and word == "0":
        yield problem, "write 1 or SUN: days of the week count from Sunday, which is 1"
        return
    close = nearest(word, field.words)
    yield problem, f"write {close}" if close else _example(field)


def _example(field: _Field) -> str:
    return f"write {one_of(('*', str(field.least)))}, or a range or list of them"
