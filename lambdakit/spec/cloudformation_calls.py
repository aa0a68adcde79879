"""Calls of CloudFormation's functions within values, in their long form, and the names they refer to.

Source: CloudFormation Template Reference, "Intrinsic function reference"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from lambdakit.records import dataclass
from lambdakit.spec.overrides import Overridable

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.pointer import Pointer

REF: Final = "Ref"
GET_ATT: Final = "Fn::GetAtt"
SUB: Final = "Fn::Sub"
CONDITION: Final = "Condition"
_FUNCTION: Final = "Fn::"
# `${!Name}` is the text `${Name}`.
_NAME_IN_TEXT: Final = re.compile(r"\$\{([^!{}][^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `{Ref: jobs}` has the function `Ref` and the argument `jobs`.

    pointer: that of the argument. alone: whether nothing stands beside it, as it must.
    """

    function: str
    argument: Any
    pointer: Pointer
    alone: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a value refers to, with the attribute that is read; None for what `Ref` returns."""

    name: str
    attribute: str | None
    pointer: Pointer


def places(application: Application) -> Iterator[tuple[Pointer, Any]]:
    """Every value of the application that may call functions, with its place; those of conditions are apart."""
    for name, raw in application.cloudformation.items():
        for key in ("Properties", "CreationPolicy", "UpdatePolicy", "Metadata"):
            if (value := getattr(raw, key)) is not None:
                yield ("cloudformation", name, key), value
    for name, output in application.outputs.items():
        for key in ("value", "export_name"):
            if (value := getattr(output, key)) is not None:
                yield ("outputs", name, key), value
    for pointer, part in overridable(application):
        for path, properties in part.overrides.items():
            yield (*pointer, "overrides", path), properties


def overridable(application: Application) -> Iterator[tuple[Pointer, Overridable]]:
    """Every part of the application that can have overrides, with its place."""
    if application.network is not None:
        yield ("network",), application.network
    for name, resource in application.resources.items():
        if isinstance(resource, Overridable):
            yield ("resources", name), resource
    for name, function in application.functions.items():
        yield ("functions", name), function
    for key, pattern in application.patterns.items():
        yield ("patterns", key), pattern


def calls(value: Any, pointer: Pointer) -> Iterator[Call]:
    """Every call within the value at the pointer, outer ones first."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from calls(item, (*pointer, place))
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        below = (*pointer, key)
        if key.startswith(_FUNCTION) or (key == REF and len(value) == 1):
            yield Call(key, inner, below, len(value) == 1)
        yield from calls(inner, below)


def references(call: Call) -> Iterator[Reference]:
    """The names that a call refers to; none where its argument has another form than it must."""
    match call.function, call.argument:
        case ("Ref", str(name)):
            yield Reference(name, None, call.pointer)
        case ("Fn::GetAtt", [str(name), attribute]):
            yield Reference(name, attribute if isinstance(attribute, str) else "", call.pointer)
        case ("Fn::GetAtt", str(text)):
            name, attribute = name_and_attribute(text)
            yield Reference(name, attribute, call.pointer)
        case ("Fn::Sub", str(text)):
            yield from _in_text(text, frozenset(), call.pointer)
        case ("Fn::Sub", [str(text), dict(own)]):
            yield from _in_text(text, frozenset(own), call.pointer)


def name_and_attribute(text: str) -> tuple[str, str | None]:
    """`jobs.Arn` as its two parts. The dots of a construct's path are those before its last slash."""
    dot = text.find(".", text.rfind("/") + 1)
    return (text, None) if dot < 0 else (text[:dot], text[dot + 1 :])


def _in_text(text: str, own: frozenset[str], pointer: Pointer) -> Iterator[Reference]:
    for found in _NAME_IN_TEXT.findall(text):
        if found not in own:
            name, attribute = name_and_attribute(found)
            yield Reference(name, attribute, pointer)
