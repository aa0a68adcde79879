"""Texts of a pattern, read as dates.

Source: Java SE 8 API, `java.time.format.DateTimeFormatter` ("Parsing" and "Resolving").
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lambdakit.harness.routing.graphql.evaluation.functions.date_patterns import Letters, Optional, Part, parts_of
from lambdakit.harness.routing.graphql.evaluation.functions.date_texts import DAYS, MONTHS
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

_OFFSET: Final = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?")
_TEXT_MAX: Final = 512
# `v` is one possible text of a letter, by how often the letter stands there.
_OFFSETS: Final = r"Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?"
_NO_DATES: Final = frozenset("GDqQYwWFAnN")  # written, but not read here


def zone_of(name: str) -> tzinfo:
    """A zone by its id or offset. FunctionFailed where there is none."""
    if name in ("Z", "UTC", "GMT", "UT"):
        return UTC
    match = _OFFSET.fullmatch(name)
    if match is not None:
        hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
        ahead = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if ahead > timedelta(hours=18) or minutes > 59 or seconds > 59:
            raise FunctionFailed(f"{name} is no offset of a time zone")
        return timezone(-ahead if match[1] == "-" else ahead)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FunctionFailed(f"{name!r} is no time zone") from None


def parsed(text: str, pattern: str, zone: str | None = None) -> datetime:
    """The time that a text says. zone: where the text says none. FunctionFailed for a text of another form."""
    if len(text) > _TEXT_MAX:
        raise FunctionFailed(f"a date of more than {_TEXT_MAX} characters")
    match = _expression(pattern).fullmatch(text)
    if match is None:
        raise FunctionFailed(f"the text {text!r} is not of the form {pattern!r}")
    # A name is a letter and where it stands: of two places of one letter the first that is there counts.
    found: dict[str, str] = {}
    for name, value in match.groupdict().items():
        if value is not None:
            found.setdefault(name.split("_")[0], value)
    where = found.get("zone")
    if where is None and zone is None:
        raise FunctionFailed(f"neither {text!r} nor the call says which time zone is meant")
    try:
        return datetime(*_fields(found), tzinfo=zone_of(where or zone or ""))
    except (ValueError, OverflowError) as error:
        raise FunctionFailed(f"the text {text!r} is no date: {error}") from None


def _fields(found: dict[str, str]) -> tuple[int, int, int, int, int, int, int]:
    """Year, month, day, hour, minute, second and microsecond. What a text does not say is the first there is."""
    if not {"year", "month", "day"} <= found.keys():
        raise FunctionFailed("a date needs a year, a month and a day")
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += 2000
    month = found["month"]
    number = int(month) if month.isdigit() else [name[:3].lower() for name in MONTHS].index(month[:3].lower()) + 1
    fraction = found.get("fraction", "")[:6].ljust(6, "0")
    minute, second = int(found.get("minute", 0)), int(found.get("second", 0))
    return year, number, int(found["day"]), _hour(found), minute, second, int(fraction)


def _hour(found: dict[str, str]) -> int:
    if "hour" in found:
        return int(found["hour"])
    if "hour24" in found:
        return int(found["hour24"]) % 24
    half = int(found.get("hour12", found.get("hour11", 0))) % 12
    return half + 12 if found.get("noon", "").upper() == "PM" else half


@functools.lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    names = (f"_{number}" for number in range(10_000))
    return re.compile("".join(_of_part(part, names) for part in parts_of(pattern)), re.IGNORECASE)


def _of_part(part: Part, names: object) -> str:
    if isinstance(part, Optional):
        return f"(?:{''.join(_of_part(each, names) for each in part.parts)})?"
    if not isinstance(part, Letters):
        return re.escape(part)
    name, expression = _of_letters(part)
    number = next(names)  # type: ignore[call-overload]  # an iterator of texts
    return f"(?P<{name}{number}>{expression})" if name else f"(?:{expression})"


def _of_letters(part: Letters) -> tuple[str, str]:
    """What the letters stand for, and an expression of their texts."""
    letter, count = part.letter, part.count
    if letter in _NUMBERS:
        return _NUMBERS[letter], _digits(count, 2)
    match letter:
        case "y" | "u":
            return "year", r"\d{2}" if count == 2 else rf"\d{{{min(count, 4)},4}}"
        case "M" | "L":
            return "month", _digits(count, 2) if count <= 2 else _one_of(MONTHS, count)
        case "E":
            return "", _one_of(DAYS, max(count, 3))
        case "e" | "c" if count <= 2:
            return "", r"[0-7]{1,2}"
        case "S":
            return "fraction", rf"\d{{{min(count, 9)}}}"
        case "a":
            return "noon", "AM|PM"
        case "X" | "x" | "Z" | "O":
            return "zone", rf"{_OFFSETS}|GMT(?:[+-]\d{{1,2}}(?::\d{{2}})?)?"
        case "V" | "z":
            return "zone", rf"{_OFFSETS}|[A-Za-z][A-Za-z0-9_+\-/]{{1,63}}"
    raise FunctionFailed(f"a date pattern with {letter * min(count, 5)} can be written, but is not read")


_NUMBERS: Final = {
    **{"d": "day", "H": "hour", "k": "hour24", "h": "hour12", "K": "hour11", "m": "minute", "s": "second"}
}


def _digits(count: int, most: int) -> str:
    return rf"\d{{{count}}}" if count > 1 else rf"\d{{1,{most}}}"


def _one_of(names: tuple[str, ...], count: int) -> str:
    return "|".join(name[:3] if count == 3 else name for name in names)
