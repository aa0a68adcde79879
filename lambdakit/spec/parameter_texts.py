"""`${Name}`: a declared parameter in a text that is handed on to CloudFormation as it is.

`${AWS::Region}` and the like are the pseudo parameters, which every stack has. Such texts are the values of environment
variables and tags, and descriptions. `${!Name}` is the text `${Name}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from typing import Any, Final

from pydantic import BaseModel

from lambdakit.spec.application import Application
from lambdakit.spec.pointer import Pointer

_PSEUDO: Final = "AWS::"
# What one text can hold. Source: CloudFormation Template Reference, "Pseudo parameters reference"
PSEUDO_PARAMETERS: Final = tuple(
    f"{_PSEUDO}{name}" for name in ("AccountId", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
_REFERENCE: Final = re.compile(r"\$\{(!?)((?:AWS::)?[A-Za-z0-9_]+)\}")
# `${jobs.Arn}`, as CloudFormation's Fn::Sub has attributes, which begin with a capital.
_ATTRIBUTE: Final = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_-]*)\.[A-Z][A-Za-z0-9.]*\}")
_TEXT_MAPPINGS: Final = frozenset({"environment", "tags"})
_TEXTS: Final = frozenset({"description"})
# Others hold no such texts: in CloudFormation's own words, a parameter is a !Ref or in a !Sub.
_SECTIONS: Final = ("defaults", "layers", "network", "resources", "functions", "patterns")


def references(text: str) -> list[str]:
    """The names that `text` refers to, in their order."""
    return [name for escaped, name in _REFERENCE.findall(text) if not escaped]


def is_pseudo(name: str) -> bool:
    """Whether the name is a pseudo parameter's, be there such a one or not."""
    return name.startswith(_PSEUDO)


def attribute_owners(text: str) -> list[str]:
    """The names whose attributes `text` asks for as Fn::Sub would, which no text of a document's can hold."""
    return _ATTRIBUTE.findall(text)


def parts_of(text: str, declared: Set[str], *, has_parameters: bool = True) -> list[tuple[str, bool]]:
    """The text in parts, each with whether it is the name of a parameter; escapes are resolved.

    has_parameters: whether the document declares any; where it does not, only pseudo parameters are looked for.
    """
    parts: list[tuple[str, bool]] = []
    position = 0
    for found in _REFERENCE.finditer(text):
        escaped, name = found.groups()
        if not has_parameters and not is_pseudo(name):
            continue
        if not escaped and name not in declared and name not in PSEUDO_PARAMETERS:
            continue
        parts.append((text[position : found.start()], False))
        parts.append((f"${{{name}}}", False) if escaped else (name, True))
        position = found.end()
    parts.append((text[position:], False))
    return _joined(parts)


def texts_of(application: Application) -> Iterator[tuple[Pointer, str]]:
    """Every text in which a parameter can stand, with its place."""
    for name in _SECTIONS:
        yield from _texts(getattr(application, name), (name,))


def with_texts(application: Application, replace: Callable[[str], str]) -> Application:
    """The application with each of its `texts_of` replaced; nothing is validated again."""
    changed: dict[str, Any] = {
        name: _replaced(getattr(application, name), replace)
        for name in _SECTIONS
        if name in application.model_fields_set
    }
    return application.model_copy(update=changed)


def _joined(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """The same without empty texts, and with one where two follow each other."""
    joined: list[tuple[str, bool]] = []
    for text, is_name in parts:
        if not is_name and joined and not joined[-1][1]:
            joined[-1] = (joined[-1][0] + text, False)
        elif text:
            joined.append((text, is_name))
    return joined


def _texts(value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    for step, inner in _inner(value):
        below = (*pointer, step)
        if step in _TEXTS and isinstance(inner, str):
            yield below, inner
        elif step in _TEXT_MAPPINGS and isinstance(inner, dict):
            yield from (((*below, key), text) for key, text in inner.items() if isinstance(text, str))
        else:
            yield from _texts(inner, below)


def _inner(value: Any) -> Iterator[tuple[str | int, Any]]:
    """What stands in a model, or in a mapping or list of models; JSON that a document hands on is not looked into."""
    match value:
        case BaseModel():
            yield from (
                (name, getattr(value, name)) for name in type(value).model_fields if name in value.model_fields_set
            )
        case dict():
            yield from ((key, inner) for key, inner in value.items() if isinstance(inner, BaseModel))
        case list() | tuple():
            yield from ((place, inner) for place, inner in enumerate(value) if isinstance(inner, BaseModel))


def _replaced(value: Any, replace: Callable[[str], str]) -> Any:
    match value:
        case BaseModel():
            return value.model_copy(update={str(name): _field(name, inner, replace) for name, inner in _inner(value)})
        case dict():
            return {key: _replaced(inner, replace) for key, inner in value.items()}
        case list():
            return [_replaced(inner, replace) for inner in value]
    return value


def _field(name: str | int, value: Any, replace: Callable[[str], str]) -> Any:
    if name in _TEXTS and isinstance(value, str):
        return replace(value)
    if name in _TEXT_MAPPINGS and isinstance(value, dict):
        return {key: replace(text) if isinstance(text, str) else text for key, text in value.items()}
    return _replaced(value, replace)
