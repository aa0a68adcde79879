"""Times of a clock and of texts: `util.time`.

Source: AppSync Developer Guide, "Time helpers in $util.time".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.functions.date_readings import parsed, zone_of
from lambdakit.harness.routing.graphql.evaluation.functions.date_texts import formatted
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ISO_8601: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2}(?::\d{2})?)?)"
)


def time_functions(now: datetime) -> Mapping[str, Callable[..., Any]]:
    """The functions, by their names. now: what the clock says."""

    def now_formatted(pattern: Any, zone: Any = None) -> str:
        return formatted(_in_zone(now, zone), _text(pattern))

    return {
        "nowISO8601": lambda: _iso_8601(now),
        "nowEpochSeconds": lambda: _milliseconds(now) // 1000,
        "nowEpochMilliSeconds": lambda: _milliseconds(now),
        "nowFormatted": now_formatted,
        "parseFormattedToEpochMilliSeconds": _parse_formatted,
        "parseISO8601ToEpochMilliSeconds": _parse_iso_8601,
        "epochMilliSecondsToSeconds": lambda milliseconds: _whole(milliseconds) // 1000,
        "epochMilliSecondsToISO8601": lambda milliseconds: _iso_8601(_at(milliseconds)),
        "epochMilliSecondsToFormatted": _epoch_formatted,
    }


def _epoch_formatted(milliseconds: Any, pattern: Any, zone: Any = None) -> str:
    return formatted(_in_zone(_at(milliseconds), zone), _text(pattern))


def _parse_formatted(text: Any, pattern: Any, zone: Any = None) -> int:
    return _milliseconds(parsed(_text(text), _text(pattern), None if zone is None else _text(zone)))


def _parse_iso_8601(text: Any) -> int:
    whole = _text(text)
    if _ISO_8601.fullmatch(whole) is None:
        raise FunctionFailed(f"{whole!r} is no time of ISO 8601 with a date and an offset")
    # Python reads six digits of a fraction at most.
    shortened = re.sub(r"(\.\d{6})\d+", r"\1", whole)
    try:
        return _milliseconds(datetime.fromisoformat(shortened))
    except ValueError as error:
        raise FunctionFailed(f"{whole!r} is no time: {error}") from None


def _milliseconds(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(milliseconds=1)


def _at(milliseconds: Any) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=_whole(milliseconds))
    except OverflowError:
        raise FunctionFailed(f"{milliseconds} is no time") from None


def _whole(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int | float) or number != number:
        raise FunctionFailed("milliseconds are a number")
    try:
        return int(number)
    except OverflowError:
        raise FunctionFailed("milliseconds are a number") from None


def _in_zone(when: datetime, zone: Any) -> datetime:
    try:
        return when.astimezone(UTC if zone is None else zone_of(_text(zone)))
    except OverflowError:
        raise FunctionFailed("a time that its zone does not have") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FunctionFailed("a text is wanted")
    return value


def _iso_8601(when: datetime) -> str:
    """Source: the guide's example, `2018-02-06T19:01:35.749Z`: milliseconds, in UTC."""
    text = when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"
