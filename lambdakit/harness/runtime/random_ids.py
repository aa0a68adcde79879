"""Ids that nobody has to be unable to guess: of requests, attempts and traces.

`uuid` and `secrets` ask the system for every one, which costs an invocation more than all it does with them.
"""

from __future__ import annotations

import random

_VERSION_4 = 0x4000_8000_0000_0000_0000  # RFC 9562, 5.4: version and variant
_OF_VERSION = 0xF000_C000_0000_0000_0000


def random_uuid() -> str:
    """A UUID of version 4."""
    digits = f"{random.getrandbits(128) & ~_OF_VERSION | _VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def random_hex(digits: int) -> str:
    """So many hexadecimal digits."""
    return f"{random.getrandbits(4 * digits):0{digits}x}"
