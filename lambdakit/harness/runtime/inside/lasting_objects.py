"""What the zygote has in memory, kept from being counted: a child then reads an object without writing to its page.

Python counts references in the object itself, so that a page is copied in each child for having been looked at: 3 MB
of a child with two boto3 clients. From Python 3.12 an object with a certain count lasts until the interpreter ends and
is counted no more; everything the zygote has would last that long anyway.
Source: PEP 683, "Immortal Objects, Using a Fixed Refcount".
"""

from __future__ import annotations

import ctypes
import gc
import sys

_SINCE = (3, 12)
_LEAD_NOWHERE = frozenset({str, bytes, int, float})
_count = ctypes.c_uint32.from_address  # the half of an object's count that says whether it is counted


def make_lasting() -> None:
    """Exempts all that the collector tracks, and all that this leads to; nothing where there is no such count."""
    if sys.version_info < _SINCE or "t" in sys.abiflags:
        return
    exempt = _count(id(None)).value
    if not _is_understood(exempt):
        return
    reached = gc.get_objects()
    while reached:
        leading_on = []
        for each in reached:
            count = _count(id(each))
            if count.value != exempt:
                count.value = exempt
                if type(each) not in _LEAD_NOWHERE:
                    leading_on.append(each)
        reached = gc.get_referents(*leading_on)


def _is_understood(exempt: int) -> bool:
    """Whether an object is no longer counted once it has the count of None."""
    tried = object()
    count = _count(id(tried))
    if count.value != sys.getrefcount(tried) - 1:
        return False
    counted = count.value
    count.value = exempt
    kept = [tried] * 8
    is_exempt = count.value == exempt
    del kept
    count.value = counted
    return is_exempt
