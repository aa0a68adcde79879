"""Which properties of a resource the harness reads, and the finding of those that it does not.

A property that nobody reads would be dropped in silence, and a system would behave here as it never does on AWS. So
each provisioner states what it reads, and everything else is refused before anything is created.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any


class Leaf(Enum):
    """What becomes of a property's whole value.

    READ: it takes effect.
    RECORDED: it is kept and shown by the service's API, and nothing acts on it.
    """

    READ = "read"
    RECORDED = "recorded"


READ = Leaf.READ
RECORDED = Leaf.RECORDED

PropertyTree = Mapping[str, "PropertyTree | Leaf"]
"""Property name -> its own properties, or what becomes of its value. A list's items all follow the one subtree."""


def reads(names: str = "", /, **nested: PropertyTree | Leaf) -> PropertyTree:
    """Properties that take effect. names: parted by spaces, each with its whole value. nested: those with a tree."""
    return {**dict.fromkeys(names.split(), READ), **nested}


def records(names: str) -> PropertyTree:
    """Properties that are kept and that nothing acts on. names: parted by spaces."""
    return dict.fromkeys(names.split(), RECORDED)


def unread(tree: PropertyTree, properties: object, pointer: str) -> Iterator[str]:
    """The pointers of properties in `properties` that `tree` does not have.

    properties: resolved or not; of an unresolved `Fn::If` both branches are looked at, other intrinsic functions stand
    for values that are not known yet and are passed over.
    """
    if isinstance(properties, list):
        for index, item in enumerate(properties):
            yield from unread(tree, item, f"{pointer}[{index}]")
        return
    if not isinstance(properties, Mapping):
        return
    function = _intrinsic(properties)
    if function == "Fn::If":
        branches = properties[function]
        for branch in branches[1:] if isinstance(branches, list) else ():
            yield from unread(tree, branch, pointer)
        return
    if function is not None:
        return
    for name, value in properties.items():
        place = f"{pointer}.{name}"
        subtree = tree.get(name)
        if subtree is None:
            yield place
        elif not isinstance(subtree, Leaf):
            yield from unread(subtree, value, place)


def recorded(tree: PropertyTree, properties: object, pointer: str) -> Iterator[str]:
    """The pointers of properties in resolved `properties` that are kept and that nothing acts on."""
    if isinstance(properties, list):
        for index, item in enumerate(properties):
            yield from recorded(tree, item, f"{pointer}[{index}]")
    elif isinstance(properties, Mapping):
        for name, value in properties.items():
            subtree = tree.get(name)
            if subtree is Leaf.RECORDED:
                yield f"{pointer}.{name}"
            elif subtree is not None and not isinstance(subtree, Leaf):
                yield from recorded(subtree, value, f"{pointer}.{name}")


def _intrinsic(value: Mapping[str, object]) -> str | None:
    if len(value) != 1:
        return None
    name = next(iter(value))
    return name if name == "Ref" or name.startswith("Fn::") else None


def value_at(properties: Mapping[str, Any], path: str) -> Any:
    """What stands at a path such as `Endpoint.Address`; None when nothing does."""
    found: Any = properties
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
