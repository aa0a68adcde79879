"""Numbers within bounds: what is wrong with those that are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdakit.constructs.function_properties import seconds_of
from lambdakit.constructs.unresolved import known
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import Duration


def range_problems(pointer: str, value: float | None, low: int, high: int) -> Iterator[Diagnostic]:
    """The refusal of a number outside its bounds, both included. None, which only the deployment knows, is none."""
    value = known(value)
    if value is not None and not low <= value <= high:
        name = pointer.rpartition(".")[2]
        yield Diagnostic(
            pointer=pointer,
            problem=f"{value:g} is {'below' if value < low else 'above'} what is allowed, {low} to {high}",
            code="LK401",
            hint=f"{name}: {low if value < low else high}",
        )


def optional_seconds(duration: Duration | int | None) -> float | None:
    """A duration as a number of seconds; None when it is absent, or only the deployment knows it."""
    return None if duration is None else seconds_of(duration)
