"""References in a template's values: whom they name, and the same with a document's names.

Source: CloudFormation Template Reference, "Intrinsic function reference": Ref, Fn::GetAtt, Fn::Sub
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from lambdakit.spec.pointer import Pointer

_IN_TEXT: Final = re.compile(r"\$\{([^!{}][^{}]*)\}")
_PSEUDO: Final = "AWS::"


class UnsaidError(Exception):
    """A value names what the document does not have. name: as the template calls it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def mentions(value: object, pointer: Pointer = ()) -> Iterator[tuple[str, Pointer]]:
    """Every name that the value refers to, without attribute, each with the place of the reference."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from mentions(item, (*pointer, place))
    if not isinstance(value, Mapping):
        return
    for name in _names(value):
        yield name.partition(".")[0], pointer
    for key, item in value.items():
        yield from mentions(item, (*pointer, str(key)))


def rewritten(value: object, names: Mapping[str, str]) -> object:
    """The value with the document's names. names: what the template calls it -> what the document does.

    Pseudo parameters and constructs' paths stay as they are. UnsaidError for a name that is not in `names`.
    """
    if isinstance(value, list):
        return [rewritten(item, names) for item in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        return _call(*next(iter(value.items())), names)
    return {str(key): rewritten(item, names) for key, item in value.items()}


def _call(function: object, argument: object, names: Mapping[str, str]) -> object:
    match function, argument:
        case "Ref", str() as name:
            return {"Ref": _meant(name, names)}
        case "Fn::GetAtt", [str() as name, attribute]:
            return {"Fn::GetAtt": [_meant(name, names), rewritten(attribute, names)]}
        case "Fn::GetAtt", str() as text:
            name, _, attribute = text.partition(".")
            return {"Fn::GetAtt": [_meant(name, names), attribute]}
        case "Fn::Sub", str() as text:
            return {"Fn::Sub": _text(text, {}, names)}
        case "Fn::Sub", [str() as text, Mapping() as own]:
            return {"Fn::Sub": [_text(text, own, names), {key: rewritten(item, names) for key, item in own.items()}]}
        case "Fn::Variable", item:
            raise UnsaidError(str(item))
        case key, item:
            return {str(key): rewritten(item, names)}


def _names(value: Mapping[object, object]) -> list[str]:
    if len(value) != 1:
        return []
    match next(iter(value.items())):
        case "Ref", str() as name:
            return [name]
        case "Fn::GetAtt", [str() as name, *_]:
            return [name]
        case "Fn::GetAtt", str() as text:
            return [text]
        case "Fn::Sub", str() as text:
            return _IN_TEXT.findall(text)
        case "Fn::Sub", [str() as text, Mapping() as own]:
            return [name for name in _IN_TEXT.findall(text) if name not in own]
    return []


def _meant(name: str, names: Mapping[str, str]) -> str:
    if name.startswith(_PSEUDO) or "/" in name:
        return name
    if name not in names:
        raise UnsaidError(name)
    return names[name]


def _text(text: str, own: Mapping[object, object], names: Mapping[str, str]) -> str:
    def replaced(found: re.Match[str]) -> str:
        whole = found[1].strip()
        if whole in own:
            return found[0]
        if whole in names or whole.startswith(_PSEUDO):
            return f"${{{_meant(whole, names)}}}"
        name, dot, attribute = whole.partition(".")
        return f"${{{_meant(name, names)}{dot}{attribute}}}"

    return _IN_TEXT.sub(replaced, text)
