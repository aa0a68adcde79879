"""Condition keys that are read when a condition asks for one: most statements have no conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping


class LazyKeys(Mapping[str, tuple[str, ...]]):
    """Keys, in lower case, with their values. make: tells them all; called once, if one is asked for."""

    __slots__ = ("_known", "_make")

    def __init__(self, make: Callable[[], Mapping[str, tuple[str, ...]]]) -> None:
        self._make = make
        self._known: Mapping[str, tuple[str, ...]] | None = None

    def __getitem__(self, key: str) -> tuple[str, ...]:
        return self._keys()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())

    def __repr__(self) -> str:
        return repr(dict(self._keys()))

    def _keys(self) -> Mapping[str, tuple[str, ...]]:
        known = self._known
        if known is None:
            known = self._known = self._make()
        return known
