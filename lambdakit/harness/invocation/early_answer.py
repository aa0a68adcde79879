"""The answer of one invocation that goes out before all of it is written down.

Whoever reads the trace meanwhile waits for the rest; the environment counts as in use until then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lambdakit.trace import TraceLog

if TYPE_CHECKING:
    from lambdakit.harness.invocation.invoke import InvocationResult


class EarlyAnswer:
    """Gives the answer on, at most once. on_answer: who wants it early; absence: nobody."""

    def __init__(self, trace: TraceLog, on_answer: Callable[[InvocationResult], None] | None) -> None:
        self._trace = trace
        self._on_answer = on_answer
        self._owed: int | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether somebody wants it early."""
        return self._on_answer is not None

    def give(self, result: InvocationResult) -> None:
        """Gives it on; the trace then owes what belongs to it."""
        assert self._on_answer is not None
        self._owed = self._trace.owe()
        self._on_answer(result)

    def is_written_down(self) -> None:
        """All of the invocation is in the trace, and in its log."""
        if self._owed is not None:
            self._trace.settle(self._owed)
