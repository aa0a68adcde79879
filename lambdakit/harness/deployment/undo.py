"""How a change that failed is taken back: each step says, when it is done, what would undo it."""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.errors import Diagnostic


class UndoLog:
    """The steps done so far. A step that cannot be undone is told, and keeps none of the others from it."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], Diagnostic | None]] = []

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, undo: Callable[[], Diagnostic | None]) -> None:
        """Remembers how to undo what was just done. undo: returns what went wrong."""
        self._steps.append(undo)

    def run(self) -> list[Diagnostic]:
        """Undoes everything, the last step first; what could not be undone."""
        problems = []
        while self._steps:
            problem = self._steps.pop()()
            if problem is not None:
                problems.append(problem)
        return problems
