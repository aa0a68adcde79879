"""Addresses for names, for as long as the harness lives: every name resolves, as in a VPC, and leads nowhere by itself.

Two addresses stand for each name. One is routed into nothing, and connections to it wait for a decision; at the other
one the harness may listen inside an environment.
Source: RFC 2544, RFC 6890: 198.18.0.0/15 is for tests, and is nobody's on the internet.
"""

from __future__ import annotations

import ipaddress
import threading
from typing import Final

OUTSIDE: Final = ipaddress.IPv4Network("198.18.0.0/16")
RELAYED: Final = ipaddress.IPv4Network("198.19.0.0/16")
_NAMES_MAX: Final = OUTSIDE.num_addresses - 2


def is_relayed(address: str) -> bool:
    """Whether the harness may listen at an address inside an environment."""
    return ipaddress.IPv4Address(address) in RELAYED


class SyntheticNames:
    """The names that were asked for, and their addresses."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._lock = threading.Lock()

    def outside(self, name: str) -> str | None:
        """The address of a name at which nothing listens; None when there are no more."""
        number = self._number(name)
        return None if number is None else str(OUTSIDE[number])

    def relayed(self, name: str) -> str | None:
        """The address of a name at which the harness listens; None when there are no more."""
        number = self._number(name)
        return None if number is None else str(RELAYED[number])

    def name_of(self, address: str) -> str:
        """The name behind an address; empty when it stands for none."""
        number = int(ipaddress.IPv4Address(address)) & 0xFFFF
        known = ipaddress.IPv4Address(address) in OUTSIDE or ipaddress.IPv4Address(address) in RELAYED
        with self._lock:
            return self._names[number - 1] if known and 0 < number <= len(self._names) else ""

    def _number(self, name: str) -> int | None:
        with self._lock:
            if name not in self._numbers:
                if len(self._names) >= _NAMES_MAX:
                    return None
                self._names.append(name)
                self._numbers[name] = len(self._names)
            return self._numbers[name]
