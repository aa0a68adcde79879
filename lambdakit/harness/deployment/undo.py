"""How a change that failed is taken back: each step says, when it is done, what would undo it."""

from __future__ import annotations

from collections.abc import Callable, Container

from lambdakit.errors import Diagnostic


class UndoLog:
    """The steps done so far. A step that cannot be undone is told, and keeps none of the others from it."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], Diagnostic | None]] = []
        self._stuck: list[tuple[Callable[[], Diagnostic | None], Diagnostic]] = []

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, undo: Callable[[], Diagnostic | None]) -> None:
        """Remembers how to undo what was just done. undo: returns what went wrong."""
        self._steps.append(undo)

    @property
    def stuck(self) -> list[Diagnostic]:
        """What could not be undone, the last step first."""
        return [problem for _, problem in self._stuck]

    def run(self) -> list[Diagnostic]:
        """Undoes everything, the last step first; what could not be undone."""
        while self._steps:
            step = self._steps.pop()
            problem = step()
            if problem is not None:
                self._stuck.append((step, problem))
        return self.stuck

    def run_stuck(self, skipped: Container[Diagnostic]) -> list[Diagnostic]:
        """Tries again what could not be undone; what still cannot. skipped: what is not tried any more."""
        again = [step for step, problem in self._stuck if problem not in skipped]
        self._stuck = []
        self._steps = again[::-1]
        return self.run()
