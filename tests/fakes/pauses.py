"""Pauses where threads and processes meet, so that what hangs on which of them is first fails now and not some day.

The variable says how long a pause takes at most, in seconds; without it there is none. They are put into the processes
of the tests and into the harnesses that are forked, but not into functions, whose time limits are AWS's.
"""

from __future__ import annotations

import functools
import os
import queue
import random
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

VARIABLE: Final = "LAMBDAKIT_TESTS_PAUSES"
# What is paused at, how often, and whether that is before it rather than behind it. Rarer where more happens.
_PLACES: Final[tuple[tuple[type, str, float, bool], ...]] = (
    (threading.Thread, "run", 0.2, True),
    (threading.Event, "set", 0.04, False),
    (threading.Condition, "notify_all", 0.015, False),
    (threading.Condition, "__enter__", 0.005, True),
    (threading.Condition, "__exit__", 0.005, False),
    (queue.Queue, "get", 0.03, False),
    *((socket.socket, name, 0.02, False) for name in ("send", "sendall", "recv")),
    (subprocess.Popen, "__init__", 0.2, False),
)
# Packages whose modules are loaded at their first use, by whichever thread comes first, and how often one is paused at.
_LOADED_LATE: Final = ("lambdakit", "moto")
_SHARE_OF_IMPORTS: Final = 0.03


def put_pauses() -> None:
    """From now on this process pauses, if the variable says so. ValueError for one that is no number."""
    longest = float(os.environ.get(VARIABLE) or 0)
    if longest > 0:
        for owner, name, share, is_before in _PLACES:
            setattr(owner, name, _paused(getattr(owner, name), longest, share, is_before=is_before))
        sys.meta_path.insert(0, _PausingFinder(longest))


class _PausingFinder:
    """Finds nothing, after a pause: who imports the module has half of its own by then, and another thread may look."""

    def __init__(self, longest: float) -> None:
        self._pause = _pause(longest, _SHARE_OF_IMPORTS)

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        """None: the finders behind it look."""
        del path, target
        if name.partition(".")[0] in _LOADED_LATE:
            self._pause()


def _paused(own: Callable[..., Any], longest: float, share: float, *, is_before: bool) -> Callable[..., Any]:
    pause = _pause(longest, share)

    @functools.wraps(own)
    def paused(*arguments: Any, **named: Any) -> Any:
        if is_before:
            pause()
        result = own(*arguments, **named)
        if not is_before:
            pause()
        return result

    return paused


def _pause(longest: float, share: float) -> Callable[[], None]:
    chance = random.SystemRandom()  # which a forked process does not have in common with the one before

    def pause() -> None:
        if chance.random() < share:
            select.select((), (), (), chance.random() * longest)

    return pause
