"""An operation's input against the bounds of its shapes: required members, patterns, lengths, ranges, value sets.

All findings at once, in the words of the service: `2 validation errors detected: Value 'x' at 'functionName' failed to
satisfy constraint: …; …`. Source: botocore's service model; the form is what the service answers with.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdakit.harness.lambda_service.api_model import Shape
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.validation import refuse


def check_input(shape: Shape | None, values: Mapping[str, Any]) -> None:
    """ValidationException with every bound that `values` break; a runtime has an exception of its own."""
    if shape is not None:
        refuse(list(_structure(shape, values, "")))
        _check_runtime(shape, values)


def _check_runtime(shape: Shape, values: Mapping[str, Any]) -> None:
    """The service itself, not its front, looks at a function's runtime."""
    runtime = values.get("Runtime")
    member = shape.members.get("Runtime")
    if member is not None and runtime is not None and runtime not in member.enum:
        raise ServiceFault(
            "InvalidParameterValueException",
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(member.enum)}] or be a valid ARN",
        )


def _structure(shape: Shape, values: Mapping[str, Any], place: str) -> Iterator[str]:
    for name, member in shape.members.items():
        value = values.get(name)
        below = f"{place}{name[:1].lower()}{name[1:]}"
        if value is not None:
            yield from _value(member, value, below)
        elif name in shape.required_members:
            yield f"Value null at '{below}' failed to satisfy constraint: Member must not be null"


def _value(shape: Shape, value: Any, place: str) -> Iterator[str]:
    if place == "runtime":
        return
    for constraint in _broken(shape, value):
        yield _finding(shape, value, place, constraint)
    match shape.type_name:
        case "structure":
            yield from _structure(shape, value, f"{place}.")
        case "list":
            yield from _list(shape, value, place)
        case "map":
            yield from _map(shape, value, place)


def _list(shape: Shape, value: list[Any], place: str) -> Iterator[str]:
    if shape.member.type_name == "structure":
        for number, item in enumerate(value, start=1):
            yield from _structure(shape.member, item or {}, f"{place}.{number}.member.")
    elif any(item is None or any(_broken(shape.member, item)) for item in value):
        yield _finding(shape, value, place, f"Member must satisfy constraint: [{_all(shape.member)}]")


def _map(shape: Shape, value: Mapping[str, Any], place: str) -> Iterator[str]:
    if any(True for key in value for _ in _broken(shape.key, key)):
        yield _finding(shape, value, place, f"Map keys must satisfy constraint: [{_all(shape.key)}]")
    if any(item is None or any(_broken(shape.value, item)) for item in value.values()):
        yield _finding(shape, value, place, f"Map value must satisfy constraint: [{_all(shape.value)}]")


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints of `shape` itself that `value` breaks."""
    for text, kind, bound in _constraints(shape):
        match kind:
            case "max":
                holds = _size(shape, value) <= bound
            case "min":
                holds = _size(shape, value) >= bound
            case "pattern":
                holds = _compiled(bound).fullmatch(value) is not None
            case _:
                holds = value in bound
        if not holds:
            yield text


def _constraints(shape: Shape) -> Iterator[tuple[str, str, Any]]:
    is_number = shape.type_name in ("integer", "long", "double", "float")
    what = "value" if is_number else "length"
    bounds = shape.metadata
    if "max" in bounds:
        yield f"Member must have {what} less than or equal to {bounds['max']}", "max", bounds["max"]
    if "min" in bounds:
        yield f"Member must have {what} greater than or equal to {bounds['min']}", "min", bounds["min"]
    if "pattern" in bounds:
        pattern = bounds["pattern"]
        yield f"Member must satisfy regular expression pattern: {pattern}", "pattern", pattern
    if getattr(shape, "enum", None):
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]", "enum", frozenset(shape.enum)


def _all(shape: Shape) -> str:
    return ", ".join([*(text for text, _, _ in _constraints(shape)), "Member must not be null"])


def _size(shape: Shape, value: Any) -> float:
    return value if shape.type_name in ("integer", "long", "double", "float") else len(value)


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Java's classes of letters, separators and numbers are Python's `\\w` and `\\s`, as closely as `re` has them."""
    return re.compile(pattern.replace(r"\p{L}\p{Z}\p{N}", r"\w\s"))


def _finding(shape: Shape, value: Any, place: str, constraint: str) -> str:
    if shape.metadata.get("sensitive"):
        return f"Value at '{place}' failed to satisfy constraint: {constraint}"
    return f"Value '{_text(value)}' at '{place}' failed to satisfy constraint: {constraint}"


def _text(value: Any) -> str:
    """As Java writes a list and a map."""
    if isinstance(value, list):
        return f"[{', '.join(_text(item) for item in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_text(item)}" for key, item in value.items()) + "}"
    return str(value)
