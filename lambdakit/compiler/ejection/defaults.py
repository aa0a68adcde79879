"""Which arguments of a call say what their absence would say."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any


def says_its_default(function: Any, name: str, value: Any) -> bool:
    """Whether the keyword argument `name` of `function` may be left out, as its default is `value`."""
    if isinstance(function, type) and is_dataclass(function):
        return _is_same(_of_field(function, name), value)
    called = function.__init__ if isinstance(function, type) else function  # type: ignore[misc]  # any class's
    parameter = _parameters(called).get(name)
    return parameter is not None and _is_same(parameter.default, value)


def _of_field(function: type, name: str) -> Any:
    field = next((each for each in fields(function) if each.name == name), None)
    if field is None:
        return inspect.Parameter.empty
    if field.default_factory is not MISSING:
        return field.default_factory()
    return inspect.Parameter.empty if field.default is MISSING else field.default


@cache
def _parameters(function: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def _is_same(default: Any, value: Any) -> bool:
    # Before any comparison, which the CDK's objects do not have.
    if default is value:
        return True
    if default is inspect.Parameter.empty or default is None or value is None:
        return False
    if isinstance(default, list | tuple) and isinstance(value, list | tuple):
        return len(default) == len(value) and all(map(_is_same, default, value))
    if isinstance(default, Mapping) and isinstance(value, Mapping):
        return dict(default) == dict(value)
    if type(default) is not type(value):
        return False
    if is_dataclass(default) and not isinstance(default, type):
        # Field by field, as a list says the same as a tuple.
        return all(_is_same(getattr(default, each.name), getattr(value, each.name)) for each in fields(default))
    return bool(default == value)
