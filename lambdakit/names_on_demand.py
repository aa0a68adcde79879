"""Public names of a package that are loaded when they are first used, so that importing it costs next to nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def names_on_demand(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """The package's `__getattr__` (PEP 562), which keeps in the package what it has loaded.

    homes: name -> the module that has it. What it returns raises AttributeError for any other name.
    """

    def load(name: str) -> object:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(importlib.import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    return load
