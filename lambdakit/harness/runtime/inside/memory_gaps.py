"""The gaps in the zygote's memory, filled before it forks.

What a child makes goes into the gaps that freed objects have left all over the pages it shares with its parent; each
page is then copied for a few bytes: 0.6 MB of a child with two boto3 clients. Without gaps it goes together, onto new
pages. Source: `Objects/obmalloc.c` of CPython: pools of one size of object each, from 16 to 512 bytes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

_POOL_BYTES = 16 * 1024
_POOL_HEADER_BYTES = 48
_LARGEST_BYTES = 512
_BYTES_OVERHEAD = 33  # of a bytes object
_FILLS_MAX = 50_000


def fill() -> list[object]:
    """Objects of every size that leave no gap; to be kept."""
    kept: list[object] = []
    _fill_until_fresh(kept, object)
    numbers = iter(range(1 << 20, 1 << 30))
    _fill_until_fresh(kept, lambda: next(numbers))
    for size in range(3 * 16, _LARGEST_BYTES + 1, 16):
        _fill_until_fresh(kept, functools.partial(bytes, size - _BYTES_OVERHEAD))
    return kept


def _fill_until_fresh(kept: list[object], make: Callable[[], object]) -> None:
    """Makes objects until the second one that begins a pool: one may have been the gap at a pool's beginning."""
    begun = 0
    for _ in range(_FILLS_MAX):
        made = make()
        kept.append(made)
        begun += id(made) % _POOL_BYTES == _POOL_HEADER_BYTES
        if begun == 2:
            return
