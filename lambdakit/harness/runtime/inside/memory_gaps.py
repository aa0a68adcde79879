"""The gaps in the zygote's memory, filled before it forks.

What a child makes goes into the gaps that freed objects have left all over the pages it shares with its parent; each
page is then copied for a few bytes: 1 MB of a child with two boto3 clients. Without gaps it goes together, onto new
pages. Source: `Objects/obmalloc.c` of CPython: pools of one size of object each, from 16 to 512 bytes; what is larger,
and what is not Python's, comes from the C library's own heap: mallinfo(3).
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable

_POOL_BYTES = 16 * 1024
_POOL_HEADER_BYTES = 48
_LARGEST_BYTES = 512
_BYTES_OVERHEAD = 33  # of a bytes object
_FILLS_MAX = 50_000
_HEAP_SIZES = (*range(64 * 1024, 4096, -1024), *range(4096, 1024, -64), *range(1024, 16, -16))


class _HeapFigures(ctypes.Structure):
    """`struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def fill() -> list[object]:
    """Objects of every size that leave no gap; to be kept."""
    _fill_heap()
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


def _fill_heap() -> None:
    """Takes what is free below the top of the C library's heap, and never gives it back; GNU's alone tells of it."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return
    library.malloc_trim(0)
    library.mallinfo2.restype = _HeapFigures
    library.sbrk.restype = library.malloc.restype = ctypes.c_size_t
    library.malloc.argtypes = [ctypes.c_size_t]
    for size in _HEAP_SIZES:
        for _ in range(_FILLS_MAX):
            top = library.sbrk(0) - library.mallinfo2().keepcost
            if library.malloc(size) >= top:
                break
