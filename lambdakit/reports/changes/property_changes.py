"""Two values of a template compared, down to the paths that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeGuard

from lambdakit.assembly.same_value import same
from lambdakit.records import dataclass
from lambdakit.reports.rendered_value import intrinsic

# What names an item of a list, most telling first.
_ITEM_NAMES: Final = ("Key", "Id", "Sid", "AttributeName", "IndexName", "PolicyName", "Name", "RuleName")

Objects = list[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two values that differ, at a path. None stands for no value."""

    path: str
    before: object
    after: object


def differences(before: object, after: object, path: str = "") -> Iterator[Difference]:
    """Each path at which the values differ, in the order of `before`, then of `after`.

    Policy documents, functions and lists of plain values are compared whole.
    """
    if same(before, after):
        return
    if _is_plain_object(before) and _is_plain_object(after):
        for name in dict.fromkeys((*before, *after)):
            yield from differences(before.get(name), after.get(name), f"{path}.{name}" if path else str(name))
    elif _is_list_of_objects(before) and _is_list_of_objects(after):
        yield from _of_lists(before, after, path)
    else:
        yield Difference(path, before, after)


def is_policy_document(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value says who may do what."""
    return isinstance(value, Mapping) and "Statement" in value


def holds_policy_document(value: object) -> bool:
    """Whether a value, or anything within it, says who may do what."""
    if isinstance(value, list):
        return any(holds_policy_document(item) for item in value)
    if not isinstance(value, Mapping):
        return False
    return is_policy_document(value) or any(holds_policy_document(item) for item in value.values())


def segments(path: str) -> tuple[str, ...]:
    """The names of a path, without the places in lists: `Rules[0].Status` gives `Rules` and `Status`."""
    names = []
    for part in path.split("."):
        name = part.partition("[")[0]
        if name and name != "*":
            names.append(name)
    return tuple(names)


def _of_lists(before: Objects, after: Objects, path: str) -> Iterator[Difference]:
    name = next((name for name in _ITEM_NAMES if _names_all(name, before) and _names_all(name, after)), None)
    if name is not None:
        old, new = ({str(item[name]): item for item in items} for items in (before, after))
        for key in dict.fromkeys((*old, *new)):
            yield from differences(old.get(key), new.get(key), f"{path}[{key}]")
        return
    left = list(enumerate(before))
    added = []
    for place, item in enumerate(after):
        equal = next((index for index, (_, other) in enumerate(left) if same(other, item)), None)
        if equal is None:
            added.append((place, item))
        else:
            del left[equal]
    for (_, old_item), (place, new_item) in zip(left, added, strict=False):
        yield from differences(old_item, new_item, f"{path}[{place}]")
    for place, item in left[len(added) :]:
        yield Difference(f"{path}[{place}]", item, None)
    for place, item in added[len(left) :]:
        yield Difference(f"{path}[{place}]", None, item)


def _names_all(name: str, items: Objects) -> bool:
    names = [item.get(name) for item in items]
    return all(isinstance(found, str) for found in names) and len(set(map(str, names))) == len(names)


def _is_plain_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping) and intrinsic(value) is None and not is_policy_document(value)


def _is_list_of_objects(value: object) -> TypeGuard[Objects]:
    return isinstance(value, list) and bool(value) and all(_is_plain_object(item) for item in value)
