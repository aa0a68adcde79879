"""Ids that nothing else has: `util.autoId`, `autoUlid` and `autoKsuid`.

Source: AppSync Developer Guide, "Utility helpers in $util" ("ID generation utils"); the specification of ULID
(github.com/ulid/spec); the README of KSUID (github.com/segmentio/ksuid).
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Final

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE_62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KSUID_EPOCH: Final = 1_400_000_000


def auto_id() -> str:
    """A random UUID."""
    return str(uuid.uuid4())


def auto_ulid(now: datetime) -> str:
    """48 bits of milliseconds and 80 random ones, as 26 letters that sort by time."""
    milliseconds = int(now.timestamp() * 1000) & (1 << 48) - 1
    return _digits(milliseconds << 80 | secrets.randbits(80), _CROCKFORD, 26)


def auto_ksuid(now: datetime) -> str:
    """32 bits of seconds and 128 random ones, as 27 letters that sort by time."""
    seconds = (int(now.timestamp()) - _KSUID_EPOCH) & (1 << 32) - 1
    return _digits(seconds << 128 | secrets.randbits(128), _BASE_62, 27)


def _digits(number: int, alphabet: str, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(reversed(digits))
