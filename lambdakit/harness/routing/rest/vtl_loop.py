"""`$foreach`: where a loop of a template stands, and how it ends.

Source: Apache Velocity Engine 1.7, "User Guide", "Foreach Loop".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class LoopEnded(Exception):
    """`#break`, or `$foreach.stop()`."""


class TemplateEnded(Exception):
    """`#stop`."""


class Loop:
    """A loop of `length` rounds. parent: the loop around it; None for none."""

    def __init__(self, length: int, parent: Any) -> None:
        self._length = length
        self._parent = parent
        self._count = 0

    def next_round(self) -> dict[str, Any]:
        """The variables of the next round."""
        self._count += 1
        return {"foreach": self, "velocityCount": self._count, "velocityHasNext": self._count < self._length}

    def template_properties(self) -> Mapping[str, Any]:
        """What a template reads of it: `$foreach.hasNext`."""
        return {
            "count": self._count,
            "first": self._count == 1,
            "hasNext": self._count < self._length,
            "index": self._count - 1,
            "last": self._count == self._length,
            "parent": self._parent,
        }

    def template_methods(self) -> Mapping[str, Callable[..., Any]]:
        """What a template calls: `$foreach.hasNext()`."""
        facts = self.template_properties()
        getters: dict[str, Callable[..., Any]] = {
            "hasNext": lambda: facts["hasNext"],
            "isFirst": lambda: facts["first"],
            "isLast": lambda: facts["last"],
            "getCount": lambda: facts["count"],
            "getIndex": lambda: facts["index"],
        }
        return {**getters, "stop": self._stop}

    @staticmethod
    def _stop() -> None:
        raise LoopEnded
