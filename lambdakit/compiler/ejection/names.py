"""Names for variables and classes: readable, valid in Python, and none twice."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable
from typing import Final

_WORD_ENDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9]+")
# Soft keywords are valid names, and read badly.
_BUILTINS: Final = frozenset(dir(builtins)) | frozenset(keyword.softkwlist)


class Names:
    """Names that are given once each. taken: those that mean something else already."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = frozenset(taken)
        self._given: set[str] = set()

    def give(self, wanted: str) -> str:
        """`wanted`, with an underscore after it where that means something else, with a number where it is given."""
        wanted = f"{wanted}_" if keyword.iskeyword(wanted) or wanted in self._taken else wanted
        name, number = wanted, 2
        while name in self._given or name in self._taken:
            name = f"{wanted.rstrip('_')}_{number}"
            number += 1
        self._given.add(name)
        return name


def builtin_names() -> frozenset[str]:
    """What a variable would hide."""
    return _BUILTINS


def variable_name(text: str) -> str:
    """`my-orders` gives `my_orders`, `URLShortener` gives `url_shortener`, `2nd` gives `_2nd`."""
    words = _NOT_IN_NAMES.sub("_", _WORD_ENDS.sub("_", text)).strip("_").lower() or "value"
    return f"_{words}" if words[0].isdigit() else words


def class_name(text: str) -> str:
    """`my-shop` gives `MyShop`."""
    parts = [part for part in _NOT_IN_NAMES.split(text) if part]
    name = "".join(part[0].upper() + part[1:] for part in parts) or "Application"
    return f"_{name}" if name[0].isdigit() else name
