"""What a template may take: its work is counted, and so is what it writes."""

from __future__ import annotations

from typing import Final

_STEPS_MAX: Final = 1_000_000
_WRITTEN_MAX: Final = 20_000_000


class TemplateFailed(Exception):
    """A template that cannot be read, or that failed on the way; the text says why."""


class Work:
    """Counts steps: of reading a template, or of working it out."""

    def __init__(self) -> None:
        self._left = _STEPS_MAX
        self._to_write = _WRITTEN_MAX

    def spend(self, steps: int) -> None:
        """Counts. TemplateFailed when it is too much."""
        self._left -= steps
        if self._left < 0:
            raise TemplateFailed(f"the template takes more than {_STEPS_MAX:,} steps")

    def wrote(self, length: int) -> None:
        """Counts characters, those of values on the way among them. TemplateFailed when there are too many."""
        self._to_write -= length
        if self._to_write < 0:
            raise TemplateFailed(f"the template writes more than {_WRITTEN_MAX:,} characters")


class Text:
    """Takes what a template writes."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._parts: list[str] = []

    def write(self, text: str) -> None:
        """Adds to it."""
        self._work.wrote(len(text))
        self._parts.append(text)

    def text(self) -> str:
        """All of it."""
        return "".join(self._parts)
