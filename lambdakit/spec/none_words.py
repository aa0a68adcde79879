"""Which keys of a document take the word `none` as a value of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from lambdakit.spec.application import Application
from lambdakit.spec.environments import EnvironmentOverlay
from lambdakit.spec.refusal import Checked

NONE = "none"


@cache
def keys_with_none() -> frozenset[str]:
    """The names of all fields that are read so, of any model."""
    found: set[str] = set()
    # An overlay's sections take it for what it means in overlays.
    seen: set[type[BaseModel]] = {EnvironmentOverlay}
    waiting: list[type[BaseModel]] = [Application]
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            parts = [*_parts(field.annotation), *field.metadata]
            if any(_is_word(part) for part in parts):
                found.add(name)
            waiting += [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
    return frozenset(found)


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation, and what it is made of."""
    yield annotation
    if get_origin(annotation) is not Literal:
        for argument in get_args(annotation):
            yield from _parts(argument)


def _is_word(part: Any) -> bool:
    if isinstance(part, Checked):
        return {"const": NONE} in part.schema.get("anyOf", ())
    return get_origin(part) is Literal and NONE in get_args(part)
