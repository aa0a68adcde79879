"""How CloudFormation turns a number or a truth value into text."""

from __future__ import annotations


def as_text(value: object) -> str | None:
    """The text of a string, number or truth value (`true`, `false`); None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return None
