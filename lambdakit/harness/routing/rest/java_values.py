"""Values of templates as Java has them: how they are written, compared and reckoned with, and what they can be asked.

Values are None, booleans, numbers, texts, lists, maps, and the objects of `velocity`. A map is written as
`{name=value}`, a list as JSON, whose maps are JSON too: a list is JSON's own, a map is any of Java's.
Source: Apache Velocity Engine 1.7, "VTL Reference"; Java SE API, `String`, `List`, `Map`; for what maps look like, and
that a reference to nothing leaves nothing, what API Gateway was seen to answer ("API Gateway integration response
mapping: parse statusCode and body from Step Function output", stackoverflow.com/q/73536237).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.routing.rest.java_patterns import PatternRefused, matches, replaced, split
from lambdakit.records import dataclass

_INTEGER_MAX: Final = 2**63
_ITEMS_MAX: Final = 100_000
_TEXT_MAX: Final = 20_000_000
_Spend = Callable[[int], None]


class ValueFailed(Exception):
    """What a value was asked for, and what it cannot give; in Java an exception."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a map, as `entrySet()` gives it."""

    key: Any
    value: Any


def is_true(value: Any) -> bool:
    """Whether a condition holds: for everything but nothing and false; an empty text is something."""
    return value is not None and value is not False


def text_of(value: Any, spend: _Spend) -> str:
    """A value as it is written; nothing for None. spend: told how much was written."""
    if isinstance(value, str):
        spend(len(value) >> 6)
        return value
    if value is None:
        return ""
    if isinstance(value, dict):
        parts = (f"{_inner(key, spend)}={_inner(each, spend)}" for key, each in value.items())
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list):
        return json_of(value, spend)
    if isinstance(value, Entry):
        return f"{_inner(value.key, spend)}={_inner(value.value, spend)}"
    spend(1)
    return _plain(value)


def json_of(value: Any, spend: _Spend) -> str:
    """A value as JSON, without spaces."""
    parts: list[str] = []
    _add_json(parts, value, spend)
    return "".join(parts)


def _inner(value: Any, spend: _Spend) -> str:
    spend(1)
    return "null" if value is None else text_of(value, spend)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    return str(value)


def _float(value: float) -> str:
    """Source: Java SE API, `Double.toString`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = f"{value:.17f}" if "e" in repr(value) else repr(value)
        return text
    digits, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        digits, _, exponent = f"{value:e}".partition("e")
        for precision in range(17):
            digits, _, exponent = f"{value:.{precision}e}".partition("e")
            if float(f"{digits}e{exponent}") == value:
                break
    return f"{digits if '.' in digits else f'{digits}.0'}E{int(exponent)}"


def _add_json(parts: list[str], value: Any, spend: _Spend) -> None:
    spend(1)
    if isinstance(value, dict):
        parts.append("{")
        for number, (key, each) in enumerate(value.items()):
            parts.append(f"{',' if number else ''}{_json_text(text_of(key, spend), spend)}:")
            _add_json(parts, each, spend)
        parts.append("}")
    elif isinstance(value, list):
        parts.append("[")
        for number, each in enumerate(value):
            if number:
                parts.append(",")
            _add_json(parts, each, spend)
        parts.append("]")
    elif value is None:
        parts.append("null")
    elif isinstance(value, bool | int | float):
        parts.append(_plain(value) if isinstance(value, bool | int) or math.isfinite(value) else "null")
    else:
        parts.append(_json_text(text_of(value, spend), spend))


def _json_text(text: str, spend: _Spend) -> str:
    spend(len(text) >> 6)
    return json.dumps(text, ensure_ascii=False)


def are_equal(left: Any, right: Any, spend: _Spend) -> bool:
    """`==`: numbers by what they are worth, values of different kinds by how they are written."""
    if left is None or right is None or left is right:
        return left is right
    if _is_number(left) and _is_number(right):
        return bool(left == right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        return type(left) is type(right) and json_of(left, spend) == json_of(right, spend)
    return text_of(left, spend) == text_of(right, spend)


def is_before(left: Any, right: Any) -> bool | None:
    """`<`; None where the two cannot be compared, of which nothing holds."""
    if not (_is_number(left) and _is_number(right)):
        return None
    return bool(left < right)


def reckoned(sign: str, left: Any, right: Any, spend: _Spend) -> Any:
    """The sum, difference, product, quotient or rest of two numbers; of texts `+` makes one; else nothing."""
    if sign == "+" and (isinstance(left, str) or isinstance(right, str)) and left is not None and right is not None:
        return _short_enough(text_of(left, spend) + text_of(right, spend))
    if not (_is_number(left) and _is_number(right)):
        return None
    if sign in "/%" and right == 0:
        return None
    whole = isinstance(left, int) and isinstance(right, int)
    try:
        number = _integers(sign, left, right) if whole else _floats(sign, float(left), float(right))
    except OverflowError:
        return None
    if isinstance(number, int) and abs(number) > _INTEGER_MAX**16:
        raise ValueFailed("a number has more than 1,000 binary digits")
    return number


def _integers(sign: str, left: int, right: int) -> int:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            quotient = abs(left) // abs(right)
            return quotient if (left < 0) == (right < 0) else -quotient
        case _:
            return left - right * _integers("/", left, right)


def _floats(sign: str, left: float, right: float) -> float:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case _:
            return math.fmod(left, right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short_enough(text: str) -> str:
    if len(text) > _TEXT_MAX:
        raise ValueFailed(f"a text of more than {_TEXT_MAX:,} characters")
    return text


def asked(value: Any, name: str, arguments: list[Any], spend: _Spend) -> Any:
    """What a method gives; nothing for one that there is not. ValueFailed for what is an exception in Java."""
    spend(1 + (len(value) >> 6 if isinstance(value, str | list | dict) else 0))
    try:
        if name in _COMPARING and len(arguments) == 1:
            return _COMPARING[name](value, arguments[0], spend)
        if name == "toString" and not arguments:
            return text_of(value, spend)
        method = _methods(value).get(name)
        return None if method is None else method(value, *arguments)
    except (PatternRefused, IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueFailed(f"{name}: {error}") from None


def _contains(value: Any, other: Any, spend: _Spend) -> bool | None:
    if isinstance(value, list):
        return any(are_equal(each, other, spend) for each in value)
    return other in value if isinstance(value, str) else None


def _contains_value(value: Any, other: Any, spend: _Spend) -> bool | None:
    return _contains(list(value.values()), other, spend) if isinstance(value, dict) else None


def _equals(value: Any, other: Any, spend: _Spend) -> bool:
    return type(value) is type(other) and are_equal(value, other, spend)


def _index_of(value: Any, other: Any, spend: _Spend) -> int | None:
    if isinstance(value, list):
        return next((number for number, each in enumerate(value) if are_equal(each, other, spend)), -1)
    return value.find(other) if isinstance(value, str) else None


def _remove(value: Any, what: Any, spend: _Spend) -> Any:
    if isinstance(value, dict):
        return value.pop(what, None)
    if not isinstance(value, list):
        return None
    if _is_number(what):
        return value.pop(_checked(value, what))
    at = _index_of(value, what, spend)
    if at is not None and at >= 0:
        del value[at]
    return at != -1


def _methods(value: Any) -> Mapping[str, Callable[..., Any]]:
    if isinstance(value, str):
        return _OF_TEXTS
    if isinstance(value, list):
        return _OF_LISTS
    if isinstance(value, dict):
        return _OF_MAPS
    if isinstance(value, Entry):
        return _OF_ENTRIES
    return _OF_NUMBERS if _is_number(value) else {}


def _substring(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= start <= end <= len(text):
        raise IndexError(f"{start} to {end} is not within a text of {len(text)} characters")
    return text[start:end]


def _char_at(text: str, index: int) -> str:
    return _substring(text, index, index + 1)


def _replace(text: str, old: str, new: str) -> str:
    if len(text) + text.count(old) * len(new) > _TEXT_MAX:
        raise ValueError(f"a text of more than {_TEXT_MAX:,} characters")
    return text.replace(old, new)


def _get(values: list[Any], index: int) -> Any:
    return values[_checked(values, index)]


def _set(values: list[Any], index: int, value: Any) -> Any:
    before = values[_checked(values, index)]
    values[index] = value
    return before


def _checked(values: list[Any], index: int) -> int:
    if not 0 <= index < len(values):
        raise IndexError(f"{index} is not within a list of {len(values)}")
    return index


def _add(values: list[Any], *given: Any) -> bool | None:
    if len(given) == 2:
        values.insert(given[0], given[1])
        return None
    values.append(*given)
    return True


def _add_all(values: list[Any], more: Any) -> bool:
    if len(values) + len(more) > _ITEMS_MAX:
        raise ValueError(f"a list of more than {_ITEMS_MAX} values")
    values.extend(list(more))
    return bool(more)


def _put(values: dict[Any, Any], key: Any, value: Any) -> Any:
    before = values.get(key)
    values[key] = value
    return before


_COMPARING: Final[Mapping[str, Callable[[Any, Any, _Spend], Any]]] = {
    "contains": _contains,
    "containsValue": _contains_value,
    "equals": _equals,
    "indexOf": _index_of,
    "remove": _remove,
}
_OF_NUMBERS: Final[Mapping[str, Callable[..., Any]]] = {
    "intValue": int,
    "longValue": int,
    "doubleValue": float,
    "floatValue": float,
    "compareTo": lambda value, other: (value > other) - (value < other),
}
_OF_TEXTS: Final[Mapping[str, Callable[..., Any]]] = {
    "charAt": _char_at,
    "compareTo": lambda text, other: (text > other) - (text < other),
    "concat": lambda text, other: _short_enough(text + other),
    "endsWith": lambda text, end: text.endswith(end),
    "equalsIgnoreCase": lambda text, other: isinstance(other, str) and text.casefold() == other.casefold(),
    "indexOf": lambda text, part, start=0: text.find(part, start),
    "isEmpty": lambda text: not text,
    "lastIndexOf": lambda text, part: text.rfind(part),
    "length": len,
    "matches": lambda text, pattern: matches(pattern, text),
    "replace": _replace,
    "replaceAll": lambda text, pattern, new: replaced(pattern, new, text),
    "replaceFirst": lambda text, pattern, new: replaced(pattern, new, text, count=1),
    "split": lambda text, pattern: split(pattern, text),
    "startsWith": lambda text, start: text.startswith(start),
    "substring": _substring,
    "toLowerCase": lambda text: text.lower(),
    "toUpperCase": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
}
_OF_LISTS: Final[Mapping[str, Callable[..., Any]]] = {
    "add": _add,
    "addAll": _add_all,
    "clear": lambda values: values.clear(),
    "get": _get,
    "isEmpty": lambda values: not values,
    "set": _set,
    "size": len,
    "subList": lambda values, start, end: values[_checked([*values, None], start) : _checked([*values, None], end)],
}
_OF_MAPS: Final[Mapping[str, Callable[..., Any]]] = {
    "clear": lambda values: values.clear(),
    "containsKey": lambda values, key: key in values,
    "entrySet": lambda values: [Entry(key, value) for key, value in values.items()],
    "get": lambda values, key: values.get(key),
    "getOrDefault": lambda values, key, default: values.get(key, default),
    "isEmpty": lambda values: not values,
    "keySet": list,
    "put": _put,
    "putAll": lambda values, more: values.update(more),
    "size": len,
    "values": lambda values: list(values.values()),
}
_OF_ENTRIES: Final[Mapping[str, Callable[..., Any]]] = {
    "getKey": lambda entry: entry.key,
    "getValue": lambda entry: entry.value,
}
