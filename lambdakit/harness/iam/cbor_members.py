"""CBOR bodies, as the protocol Smithy RPC v2 and Kinesis's Java clients send them.

Source: RFC 8949, 3 and 3.2 (indefinite lengths), 3.4 (tags, whose content alone counts here).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, Final

_DEPTH_MAX: Final = 64
_INDEFINITE: Final = 31
_BREAK: Final = object()
_SIMPLE: Final[Mapping[int, Any]] = {20: False, 21: True, 22: None, 23: None}
_FLOATS: Final[Mapping[int, tuple[str, int]]] = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}


def read_cbor(body: bytes) -> Mapping[str, Any]:
    """The members of the map that `body` is; empty for anything else."""
    try:
        value = _Reader(body).item(0)
    except (ValueError, IndexError, struct.error, TypeError):
        return {}
    return value if isinstance(value, dict) else {}


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._place = 0

    def item(self, depth: int) -> Any:
        """The next value; `_BREAK` at the end of an indefinite one. ValueError for what is no CBOR."""
        if depth > _DEPTH_MAX:
            raise ValueError("too deep")
        first = self._body[self._place]
        self._place += 1
        kind, detail = first >> 5, first & 31
        if kind == 7:
            return self._simple(detail)
        length = None if detail == _INDEFINITE else self._number(detail)
        match kind:
            case 0:
                return length
            case 1:
                return None if length is None else -1 - length
            case 2 | 3:
                return self._string(length, depth, text=kind == 3)
            case 4:
                return self._items(length, depth)
            case 5:
                parts = self._items(None if length is None else length * 2, depth)
                return {str(name): value for name, value in zip(parts[::2], parts[1::2], strict=True)}
            case _:
                return self.item(depth + 1)

    def _number(self, detail: int) -> int:
        if detail < 24:
            return detail
        if detail > 27:
            raise ValueError("reserved")
        return int.from_bytes(self._take(1 << (detail - 24)), "big")

    def _take(self, length: int) -> bytes:
        end = self._place + length
        if end > len(self._body):
            raise ValueError("cut off")
        taken, self._place = self._body[self._place : end], end
        return taken

    def _string(self, length: int | None, depth: int, *, text: bool) -> str | bytes:
        if length is None:
            parts = self._items(None, depth)
            return "".join(parts) if text else b"".join(parts)
        taken = self._take(length)
        return taken.decode("utf-8", "replace") if text else taken

    def _items(self, length: int | None, depth: int) -> list[Any]:
        if length is not None and length > len(self._body):  # each takes a byte at least
            raise ValueError("cut off")
        found: list[Any] = []
        while length is None or len(found) < length:
            value = self.item(depth + 1)
            if value is _BREAK:
                if length is None:
                    return found
                raise ValueError("a break where none may be")
            found.append(value)
        return found

    def _simple(self, detail: int) -> Any:
        if detail == _INDEFINITE:
            return _BREAK
        if detail in _FLOATS:
            form, length = _FLOATS[detail]
            return struct.unpack(form, self._take(length))[0]
        if detail == 24:
            self._take(1)
        return _SIMPLE.get(detail)
