"""The names of the objects that a delivery stream writes.

Source: Amazon Data Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects" and "Configure Amazon
S3 object name format".
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lambdakit.records import dataclass

_EXPRESSION: Final = re.compile(r"!\{([^:}]*):([^}]*)\}")
_DEFAULT_TIME: Final = "yyyy/MM/dd/HH/"
_TIME_PART: Final = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^'A-Za-z]+")
_RANDOM_LETTERS: Final = 11
_EXTENSIONS: Final[Mapping[str, str]] = {"GZIP": ".gz", "ZIP": ".zip"}
_KEY_NAMESPACES: Final = ("partitionKeyFromLambda", "partitionKeyFromQuery")

# java.time.format.DateTimeFormatter: letter -> what it stands for, written with as many digits as there are letters.
_NUMBERS: Final[Mapping[str, Callable[[datetime], int]]] = {
    "y": lambda moment: moment.year,
    "u": lambda moment: moment.year,
    "Y": lambda moment: moment.isocalendar().year,
    "M": lambda moment: moment.month,
    "L": lambda moment: moment.month,
    "d": lambda moment: moment.day,
    "D": lambda moment: moment.timetuple().tm_yday,
    "w": lambda moment: moment.isocalendar().week,
    "H": lambda moment: moment.hour,
    "k": lambda moment: moment.hour or 24,
    "h": lambda moment: moment.hour % 12 or 12,
    "K": lambda moment: moment.hour % 12,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
}
_TEXTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("MMM", "LLL"), "%b"),
    **dict.fromkeys(("MMMM", "LLLL"), "%B"),
    **dict.fromkeys(("E", "EE", "EEE"), "%a"),
    **{"EEEE": "%A", "a": "%p", "z": "%Z"},
}


class PrefixFailed(Exception):
    """A prefix that has no value for some record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What a prefix is evaluated with.

    moment: when the oldest record of the object arrived. error_type: such as `processing-failed`; empty for records
    that are well. keys: by namespace and name.
    """

    moment: datetime
    error_type: str = ""
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)


def evaluated_prefix(prefix: str | None, naming: Naming) -> str:
    """The prefix of objects with records that are well. PrefixFailed."""
    given = prefix or ""
    namespaces = {namespace for namespace, _ in _EXPRESSION.findall(given)}
    if not namespaces & {"timestamp", *_KEY_NAMESPACES}:
        given += f"!{{timestamp:{_DEFAULT_TIME}}}"
    return _evaluated(given, naming)


def evaluated_error_prefix(prefix: str | None, error_prefix: str | None, naming: Naming) -> str:
    """The prefix of objects with records that failed."""
    if error_prefix:
        return _evaluated(error_prefix, naming)
    # "ErrorOutputPrefix evaluates to <specified-prefix><error-output-type>YYYY/MM/DD/HH/", with a slash between.
    plain = "" if prefix is None or _EXPRESSION.search(prefix) else prefix
    return plain + _evaluated(f"{naming.error_type}/!{{timestamp:{_DEFAULT_TIME}}}", naming)


def object_suffix(name: str, version: str, moment: datetime, *, compression: str, extension: str | None) -> str:
    """What follows the prefix: `<name>-<version>-<year>-<month>-…-<second>-<uuid><extension>`."""
    written = extension if extension is not None else _EXTENSIONS.get(compression.upper(), "")
    return f"{name}-{version}-{moment:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}{written}"


def partition_keys(prefix: str | None) -> frozenset[tuple[str, str]]:
    """The partitioning keys that a prefix names: namespace and name."""
    found = _EXPRESSION.findall(prefix or "")
    return frozenset((namespace, name) for namespace, name in found if namespace in _KEY_NAMESPACES)


def in_zone(moment: datetime, zone: str) -> datetime:
    """A moment as clocks of a zone show it; in UTC for a zone that is not known."""
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return moment.astimezone(UTC)


def _evaluated(prefix: str, naming: Naming) -> str:
    def value(found: re.Match[str]) -> str:
        namespace, said = found[1], found[2]
        if namespace == "timestamp":
            return formatted(said, naming.moment)
        if (namespace, said) == ("firehose", "random-string"):
            return secrets.token_hex(_RANDOM_LETTERS)[:_RANDOM_LETTERS]
        if (namespace, said) == ("firehose", "error-output-type"):
            return naming.error_type
        if namespace in _KEY_NAMESPACES and (namespace, said) in naming.keys:
            return naming.keys[(namespace, said)]
        raise PrefixFailed(f"{found[0]} has no value")

    return _EXPRESSION.sub(value, prefix)


def formatted(pattern: str, moment: datetime) -> str:
    """A moment as a pattern of Java's DateTimeFormatter writes it. PrefixFailed for letters that are not known."""
    return "".join(_part(found, moment) for found in _TIME_PART.finditer(pattern))


def _part(found: re.Match[str], moment: datetime) -> str:
    if found[1] is not None:
        return found[1].replace("''", "'") or "'"
    letters, letter = found[0], found[2]
    if letter is None:
        return letters
    count = len(letters)
    text = _TEXTS.get(letters)
    if text is not None:
        return moment.strftime(text)
    if letter == "S":
        return f"{moment.microsecond:06d}".ljust(count, "0")[:count]
    number = _NUMBERS.get(letter)
    if number is None:
        raise PrefixFailed(f"the letter {letter} of a time is not known here")
    value = number(moment)
    return f"{value % 100:02d}" if letter in "yuY" and count == 2 else f"{value:0{count}d}"
