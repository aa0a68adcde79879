"""Durations (`30s`, `5m`, `12h`, `1d`) and sizes (`512`, `512 MiB`, `1 GiB`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.spec.refusal import Checked, refusal, within, wrong_type
from lambdakit.spec.wording import quoted

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION_PATTERN = "^[0-9]{1,7}[smhd]$"
DURATION_SCHEMA: Final[Mapping[str, Any]] = {"type": "string", "pattern": _DURATION_PATTERN}
_DURATION = re.compile(r"([0-9]{1,7})([smhd])")
_LOOSE_DURATION = re.compile(r"([0-9]{1,7})\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)", re.IGNORECASE)

_SIZE_PATTERN = "^[0-9]{1,7} ?(MiB|GiB)$"
_SIZE = re.compile(r"([0-9]{1,7}) ?(MiB|GiB)")
_LOOSE_SIZE = re.compile(r"([0-9]{1,7})\s*(m|g)(b|ib|)", re.IGNORECASE)


def duration(*, minimum: int, maximum: int, what: str) -> Checked:
    """A duration in seconds, written as a number and one of the units s, m, h, d; bounds in seconds, both included.

    what: says whose bounds these are, as in "1h is above 900s, the most <what>".
    """

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            raise refusal(
                "LK112", f"must be a duration such as 30s or 5m, not {value} without a unit", f"write {value}s"
            )
        if not isinstance(value, str):
            raise wrong_type(value, "a duration such as 30s or 5m")
        found = _DURATION.fullmatch(value)
        if found is None:
            loose = _LOOSE_DURATION.fullmatch(value.strip())
            hint = (
                f"write {loose[1]}{loose[2][0].lower()}"
                if loose
                else "write a number and s, m, h or d, without a space"
            )
            raise refusal("LK115", f"{quoted(value)} is not a duration such as 30s or 5m", hint)
        seconds = int(found[1]) * _SECONDS[found[2]]
        within(seconds, minimum=minimum, maximum=maximum, what=what, unit="s", text=value)
        return seconds

    return Checked(read, DURATION_SCHEMA)


def size_mib(*, minimum: int, maximum: int, what: str) -> Checked:
    """A size in MiB, written as a bare number of MiB or with the unit MiB or GiB; bounds in MiB, both included."""

    def read(value: object) -> int:
        if isinstance(value, str):
            mib = _mib(value)
            within(mib, minimum=minimum, maximum=maximum, what=what, unit=" MiB", text=value)
            return mib
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(value, "a whole number of MiB or a size such as 1 GiB")
        within(value, minimum=minimum, maximum=maximum, what=what, unit=" MiB")
        return value

    schema: dict[str, Any] = {
        "anyOf": [
            {"type": "integer", "minimum": minimum, "maximum": maximum},
            {"type": "string", "pattern": _SIZE_PATTERN},
        ]
    }
    return Checked(read, schema)


def _mib(text: str) -> int:
    found = _SIZE.fullmatch(text)
    if found is not None:
        return int(found[1]) * (1024 if found[2] == "GiB" else 1)
    loose = _LOOSE_SIZE.fullmatch(text.strip())
    if loose is not None:
        hint = f"write {loose[1]} {loose[2].upper()}iB"
    else:
        hint = f"write {text}, without quotes" if text.isascii() and text.isdigit() else "write 512, 512 MiB or 1 GiB"
    raise refusal("LK115", f"{quoted(text)} is not a number of MiB or a size such as 1 GiB", hint)
