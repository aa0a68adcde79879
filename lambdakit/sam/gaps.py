"""What could not be carried over, each by its place in the template."""

from __future__ import annotations

from lambdakit.errors import Diagnostic
from lambdakit.sam.template_file import TemplateFile
from lambdakit.spec.pointer import Pointer, render_pointer

NOT_CARRIED_OVER = "LK256"


class Gaps:
    """A list that grows while a template is read."""

    def __init__(self, template: TemplateFile) -> None:
        self._template = template
        self._found: dict[tuple[Pointer, str], Diagnostic] = {}

    def add(self, pointer: Pointer, problem: str, hint: str = "") -> None:
        """Notes one; the same one is noted once."""
        pointer = self._template.origin(pointer)
        self._note(pointer, problem, hint)

    def _note(self, pointer: Pointer, problem: str, hint: str) -> None:
        line, column = self._template.place(pointer)
        diagnostic = Diagnostic(
            path=str(self._template.path),
            line=line,
            column=column,
            pointer=render_pointer(pointer),
            problem=problem,
            code=NOT_CARRIED_OVER,
            hint=hint,
        )
        self._found.setdefault((pointer, problem), diagnostic)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self._found

    def take(self, other: Gaps) -> None:
        """Adds another's."""
        self._found = {**self._found, **other._found}

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, and those of the file's reading, by their place."""
        for pointer, problem, hint in self._template.noted:
            self._note(pointer, problem, hint)
        return tuple(sorted(self._found.values(), key=lambda item: (item.line or 0, item.column or 0, item.pointer)))
