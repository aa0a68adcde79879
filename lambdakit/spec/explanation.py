"""What `lambdakit explain` tells of a diagnostic code."""

from __future__ import annotations

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """title: what is wrong, in a few words. text: why it is refused, and what to do."""

    title: str
    text: str
