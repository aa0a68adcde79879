"""Everything that the constructs can be told has a word in the document, or a reason why it is said in code alone.

A new setting of a construct fails here until it has one of the two.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args

import pytest
from pydantic import BaseModel

import lambdakit.constructs
from tests.fakes.words_of_constructs import ARGUMENTS, NO_SETTINGS, SETTINGS, Words

pytestmark = pytest.mark.xdist_group("cdk")


def _dataclasses() -> Iterator[type]:
    """Every public dataclass of the constructs' modules."""
    package = lambdakit.constructs
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        found = importlib.import_module(module.name)
        classes: dict[str, Any] = dict(inspect.getmembers(found, inspect.isclass))
        for name, value in classes.items():
            kind: type = value
            if kind.__module__ == module.name and is_dataclass(value) and not name.startswith("_"):
                yield kind


def _arguments(construct: Callable[..., Any]) -> list[str]:
    # A construct's class is called by what jsii put in front of it.
    called = vars(construct)["__init__"] if isinstance(construct, type) else construct
    parameters = inspect.signature(called).parameters.values()
    return [each.name for each in parameters if each.name not in ("self", "scope", "id", "stack", "name")]


def _missing(names: list[str], words: Words) -> list[str]:
    """The settings that the document has no word for."""
    return [
        name
        for name in names
        if name not in words.in_code
        and not any(_has(model, words.otherwise.get(name, name).split(".")) for model in words.models)
    ]


def _has(annotation: Any, keys: list[str]) -> bool:
    """Whether a model, or one among the members of a type, has the key, and that of it the next."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        found = annotation.model_fields.get(keys[0]) if keys else None
        return not keys or (found is not None and (not keys[1:] or _has(found.annotation, keys[1:])))
    return any(_has(member, keys) for member in get_args(annotation))


def test_every_class_of_settings_is_compared() -> None:
    found = {each for each in _dataclasses() if each.__name__ not in NO_SETTINGS}

    assert sorted(each.__qualname__ for each in found - SETTINGS.keys()) == []
    assert sorted(each.__qualname__ for each in SETTINGS.keys() - found) == []


@pytest.mark.parametrize("settings", SETTINGS, ids=[f"{each.__module__}.{each.__name__}" for each in SETTINGS])
def test_every_setting_has_a_word_or_a_reason(settings: Any) -> None:
    names = [each.name for each in fields(settings)]
    words = SETTINGS[settings]

    assert _missing(names, words) == []
    assert {*words.otherwise, *words.in_code, *words.partly} <= set(names)


@pytest.mark.parametrize("construct", ARGUMENTS, ids=[each.__name__ for each in ARGUMENTS])
def test_every_argument_has_a_word_or_a_reason(construct: Callable[..., Any]) -> None:
    names = _arguments(construct)
    words = ARGUMENTS[construct]

    assert _missing(names, words) == []
    assert {*words.otherwise, *words.in_code, *words.partly} <= set(names)


def test_reasons_are_for_what_has_no_word() -> None:
    spoken = [
        f"{settings.__name__}.{name}"
        for settings, words in SETTINGS.items()
        for name in words.in_code
        if any(_has(model, [name]) for model in words.models)
    ]

    assert spoken == []
