"""Values of templates as a person reads them: `${Table.Arn}/index/*` for the functions that say so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

_LITERAL: Final = re.compile(r"\$\{!([^}]*)\}")
_REFERENCE: Final = re.compile(r"\$\{([^!}][^}]*)\}")


def rendered(value: object) -> str:
    """The value on one line. Absent values, None, give an empty text."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
    function = intrinsic(value)
    if function is not None:
        assert isinstance(value, Mapping)
        return _function(function, value[function])
    return json.dumps(_readable(value), ensure_ascii=False, default=str)


def intrinsic(value: object) -> str | None:
    """The name of the function that a value is; None for a plain value."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    name = next(iter(value))
    return name if name in ("Ref", "Condition") or str(name).startswith("Fn::") else None


def references(value: object) -> Iterator[tuple[str, str]]:
    """Each `(logical id, attribute)` that a value refers to, in order; the attribute is empty for `Ref`.

    Both branches of `Fn::If` count. Parameters and pseudo parameters are among them.
    """
    if isinstance(value, list):
        for item in value:
            yield from references(item)
        return
    if not isinstance(value, Mapping):
        return
    match intrinsic(value):
        case "Ref" if isinstance(value["Ref"], str):
            yield value["Ref"], ""
        case "Fn::GetAtt":
            yield from _attribute(value["Fn::GetAtt"])
        case "Fn::Sub":
            yield from _substituted(value["Fn::Sub"])
        case _:
            for item in value.values():
                yield from references(item)


def _attribute(argument: object) -> Iterator[tuple[str, str]]:
    if isinstance(argument, str):
        name, _, attribute = argument.partition(".")
        yield name, attribute
    elif isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str):
        yield argument[0], rendered(argument[1])


def _substituted(argument: object) -> Iterator[tuple[str, str]]:
    text: object = argument
    own: Mapping[str, object] = {}
    if isinstance(argument, list) and len(argument) == 2:
        text, own = argument[0], argument[1] if isinstance(argument[1], Mapping) else {}
    for name in _REFERENCE.findall(text) if isinstance(text, str) else ():
        if name not in own:
            logical_id, _, attribute = name.partition(".")
            yield logical_id, attribute
    yield from references(list(own.values()))


def _function(name: str, argument: object) -> str:
    match name, argument:
        case "Ref", str():
            return f"${{{argument}}}"
        case "Fn::GetAtt", str():
            return f"${{{argument}}}"
        case "Fn::GetAtt", [owner, attribute]:
            return f"${{{rendered(owner)}.{rendered(attribute)}}}"
        case "Fn::Sub", str():
            return _LITERAL.sub(r"${\1}", argument)
        case "Fn::Sub", [str() as text, Mapping() as own]:
            return _REFERENCE.sub(lambda found: rendered(own[found[1]]) if found[1] in own else found[0], text)
        case "Fn::Join", [str() as delimiter, list() as parts]:
            return delimiter.join(rendered(part) for part in parts)
        case "Fn::ImportValue", _:
            return f"${{import {rendered(argument)}}}"
    inner = ", ".join(rendered(item) for item in argument) if isinstance(argument, list) else rendered(argument)
    return f"{name.removeprefix('Fn::')}({inner})"


def _readable(value: object) -> object:
    if intrinsic(value) is not None:
        return rendered(value)
    if isinstance(value, Mapping):
        return {str(key): _readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    return value
