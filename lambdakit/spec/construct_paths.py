"""By the names of an application's one stack, the paths of the constructs that they stand for.

They are a contract, as logical ids follow from them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from lambdakit.spec.placed_functions import written_functions

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.pointer import Pointer

# No pattern's key holds a colon, so that none of them is the id of a pattern.
NETWORK_ID: Final = "network:shared"
_RESOURCE: Final = "resource:"
# What the CDK, and a function with all that belongs to it, call the resource that a construct stands for.
_DEFAULTS: Final = re.compile("(/Function)?/(Resource|Default)$")


def construct_paths(application: Application) -> dict[str, str]:
    """The paths within the stack, by name: functions, resources, and the network."""
    network = {} if application.network is None else {"network": NETWORK_ID}
    functions = {name: _of_function(name, pointer) for name, _, pointer in written_functions(application)}
    return {**network, **functions, **{name: f"{_RESOURCE}{name}" for name in application.resources}}


def named_path(name: str, places: Mapping[str, str], patterns: Mapping[str, object]) -> str:
    """The path that a name, or a path that begins with one, means, as `short_path` has it. patterns: by their keys."""
    first, slash, rest = name.partition("/")
    if not slash:
        return short_path(places.get(name, name))
    return short_path(f"{first if first in patterns else places.get(first, first)}/{rest}")


def short_path(path: str) -> str:
    """The path of the construct that a resource's own path stands for: without what the CDK adds to it."""
    return _DEFAULTS.sub("", path)


def _of_function(name: str, pointer: Pointer) -> str:
    match pointer:
        case ("patterns", str(key), "function"):
            return f"{key}/Function"
        case ("patterns", str(key), *_):
            return f"{key}/{name}"
    return name
