"""What each property of a resource takes, from the CDK's own class for its type.

The class says which properties there are, and their kinds, as annotations under Python's names. How CloudFormation
spells them (`SSESpecification` for `sse_specification`) only the CDK knows: it is asked to render a sample.
"""

from __future__ import annotations

import datetime
import inspect
import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from aws_cdk import CfnResource

_NAMES: Final = "__jsii_name_mapping__"
Plain = Literal["text", "number", "boolean", "anything"]
_PLAIN: Final[Mapping[object, Plain]] = {
    str: "text",
    datetime.datetime: "text",
    int: "number",
    float: "number",
    bool: "boolean",
    Any: "anything",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What may stand at a place, each of it where there is more than one.

    items: of a list. values: of a mapping with keys of any name. struct: the class of a mapping with known keys.
    """

    plain: frozenset[Plain] = frozenset()
    items: Shape | None = None
    values: Shape | None = None
    struct: type | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a mapping with known keys. name: the CDK's, in camel case; python_name: in snake case."""

    name: str
    python_name: str
    shape: Shape
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step from a resource's properties to a place among them.

    struct, field, spelled: of a key, its mapping's class, the CDK's name and CloudFormation's.
    place: in a list; else any key of a mapping, when both are None.
    """

    struct: type | None = None
    field: Field | None = None
    spelled: str = ""
    place: int | None = None


Route = tuple[Step, ...]


def properties_class(resource: CfnResource) -> type | None:
    """The class of the resource's properties; None when the CDK has none for its type, as for custom resources."""
    made = type(resource)
    found = getattr(sys.modules[made.__module__], f"{made.__name__}Props", None)
    return found if made is not CfnResource and hasattr(found, _NAMES) else None


@cache
def fields_of(struct: type) -> Mapping[str, Field]:
    """The keys that a mapping of the class has, by the CDK's names."""
    hints = get_type_hints(struct.__init__)  # type: ignore[misc]  # it is read, not called
    parameters = inspect.signature(struct).parameters
    return {
        name: Field(
            name=name,
            python_name=python_name,
            shape=_shape(hints[python_name]),
            required=parameters[python_name].default is inspect.Parameter.empty,
        )
        for python_name, name in getattr(struct, _NAMES).items()
    }


def spelled_fields(resource: CfnResource, struct: type, route: Route) -> dict[str, Field]:
    """The keys of the mapping of that class at the route, as CloudFormation spells them."""
    fields = fields_of(struct)
    sample: Any = {name: {"Ref": name} for name in fields}
    for step in reversed(route):
        if step.struct is not None and step.field is not None:
            sample = {**{name: {"Ref": name} for name in fields_of(step.struct)}, step.field.name: sample}
        else:
            sample = {"key": sample} if step.place is None else [sample]
    try:
        rendered: Any = resource._render_properties(sample)
        for step in route:
            rendered = rendered[step.spelled or (0 if step.place is not None else "key")]
        return {key: fields[value["Ref"]] for key, value in rendered.items()}
    # Where a property takes mappings of several classes, the sample may be taken for another one's.
    except (RuntimeError, LookupError, TypeError, AttributeError):
        return {name[0].upper() + name[1:]: field for name, field in fields.items()}


def _shape(annotation: Any) -> Shape:
    members = _members(annotation)
    struct = next((member for member in members if hasattr(member, _NAMES)), None)
    items = next((member for member in members if get_origin(member) is Sequence), None)
    # A dict stands for a struct's keyword arguments where there is a struct.
    values = next((member for member in members if get_origin(member) is Mapping), None)
    plain = frozenset(_PLAIN[member] for member in members if member in _PLAIN)
    if struct is items is values is None and not plain:
        return Shape(plain=frozenset({"anything"}))
    return Shape(
        plain=plain,
        items=None if items is None else _shape(get_args(items)[0]),
        values=None if values is None else _shape(get_args(values)[1]),
        struct=struct,
    )


def _members(annotation: Any) -> list[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for member in get_args(annotation) for inner in _members(member)]
    return [annotation]
