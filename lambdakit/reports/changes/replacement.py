"""Which changes take a new resource, and what follows the new one.

Source: CloudFormation User Guide, "Update behaviors of stack resources"; the provider schemas' `createOnlyProperties`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lambdakit.assembly.provider_schemas import resource_type
from lambdakit.assembly.same_value import same
from lambdakit.reports.changes.model import Replaces
from lambdakit.reports.changes.property_changes import Difference, segments
from lambdakit.reports.rendered_value import intrinsic, references

_CUSTOM: Final = ("Custom::", "AWS::CloudFormation::CustomResource")


def replaces(type_name: str, difference: Difference) -> Replaces:
    """Whether a change takes a new resource.

    Of a custom resource the function behind it decides, and of types that AWS publishes no schema for nothing is
    known: it may.
    """
    schema = None if type_name.startswith(_CUSTOM) else resource_type(type_name)
    if schema is None:
        return Replaces.MAY
    changed = segments(difference.path)
    for fixed in map(segments, schema.create_only):
        if changed[: len(fixed)] == fixed:
            return Replaces.YES
        if fixed[: len(changed)] == changed:
            below = fixed[len(changed) :]
            if not same(_at(difference.before, below), _at(difference.after, below)):
                return Replaces.YES
    return Replaces.NO


def following(properties: Mapping[str, object], replaced: Mapping[str, Replaces]) -> Iterator[tuple[str, object, str]]:
    """`(path, value, logical id)` of each value that refers to a replaced resource, which it then follows."""
    yield from _following(properties, "", replaced)


def _following(value: object, path: str, replaced: Mapping[str, Replaces]) -> Iterator[tuple[str, object, str]]:
    if isinstance(value, Mapping) and intrinsic(value) is None:
        for name, item in value.items():
            yield from _following(item, f"{path}.{name}" if path else str(name), replaced)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _following(item, f"{path}[{place}]", replaced)
    else:
        names = [name for name, _ in references(value) if name in replaced]
        if names:
            yield path, value, names[0]


def _at(value: object, names: tuple[str, ...]) -> object:
    """What stands below a value; a list, or a function, stands for all that it holds."""
    for name in names:
        if not isinstance(value, Mapping) or intrinsic(value) is not None:
            return value
        value = value.get(name)
    return value
