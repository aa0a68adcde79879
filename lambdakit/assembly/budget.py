"""The bound on what resolving a template may produce, so that a small hostile template cannot fill the memory."""

from __future__ import annotations

from typing import Final

from lambdakit.assembly.codes import OUT_OF_BOUNDS
from lambdakit.assembly.place import Place

# Far above any value CloudFormation deals in: its templates have at most 1 MB.
CHARACTERS_MAX: Final = 32 * 1024 * 1024
ELEMENT_COST: Final = 64


class Budget:
    """What is left of the characters that one resolution may produce; an element of a list counts as 64."""

    def __init__(self, characters: int = CHARACTERS_MAX) -> None:
        self._characters = characters
        self._left = characters

    def spend(self, place: Place, *, characters: int = 0, elements: int = 0) -> None:
        """Takes from the budget. AssemblyError when nothing is left; ask before building the value."""
        self._left -= characters + elements * ELEMENT_COST
        if self._left < 0:
            raise place.error(
                f"the template grows beyond {self._characters} characters when it is resolved",
                OUT_OF_BOUNDS,
                hint="look for nested functions or loops that repeat their own result",
            )
