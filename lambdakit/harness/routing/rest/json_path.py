"""JSONPath as `$input` and parameter mappings have it.

Served: members by `.name` and `['name']`, several of them, indices and slices, `*`, `..`, and filters that compare.
Source: API Gateway Developer Guide, "Variables for data transformations for API Gateway", which names goessner.net's
"JSONPath" for the language; `..` and filters give lists, as do the other steps that may lead to several values.
"""

from __future__ import annotations

import functools
import json
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from lambdakit.records import dataclass

_NAME: Final = re.compile(r"[^.\[\]()*?@'\"\s]+")
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_INDEX: Final = re.compile(r"-?\d{1,9}")
_SLICE: Final = re.compile(r"(-?\d{1,9})?:(-?\d{1,9})?(?::(\d{1,9}))?")
_LENGTH: Final = re.compile(r"\.(length|size)\(\)")
_COMPARISON: Final = re.compile(
    r"\s*@((?:\.[A-Za-z0-9_-]+|\[(?:'[^']*'|\d+)\])*)\s*(?:(==|!=|<=|>=|<|>)\s*('[^']*'|\"[^\"]*\"|[^\s&|]+))?\s*"
)
_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}

Spend = Callable[[int], None]
Step = Callable[[Any], Iterator[Any]]


class PathRefused(Exception):
    """A path that is none, or has steps that are not served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPath:
    """A path. definite: whether it leads to one value at most."""

    steps: Sequence[Step]
    definite: bool


def found(path: str, document: Any, spend: Spend) -> tuple[bool, Any]:
    """Whether a path leads anywhere in a document, and to what: a list of all where it may lead to several.

    spend: told how many values were looked at. PathRefused for what is no path.
    """
    parsed = _parsed(path)
    values = [document]
    for step in parsed.steps:
        reached: list[Any] = []
        for value in values:
            for each in step(value):
                spend(1)
                reached.append(each)
        values = reached
    if not parsed.definite:
        return True, values
    return (True, values[0]) if values else (False, None)


@functools.lru_cache(maxsize=512)
def _parsed(path: str) -> JsonPath:
    text = path.strip()
    if not text.startswith("$"):
        # A path without its beginning is read as one below the document.
        text = f"$.{text}" if text and not text.startswith(("[", ".")) else f"${text}"
    steps: list[Step] = []
    definite = True
    position = 1
    while position < len(text):
        step, position, leads_to_one = _step(text, position)
        steps.append(step)
        definite = definite and leads_to_one
    return JsonPath(steps=tuple(steps), definite=definite)


def _step(text: str, position: int) -> tuple[Step, int, bool]:
    """A step, where the next one begins, and whether it leads to one value at most."""
    if text.startswith("..", position):
        return _descendants, position + (2 if _NAME.match(text, position + 2) is None else 1), False
    length = _LENGTH.match(text, position)
    if length is not None:
        return _length, length.end(), True
    if text[position] == "[":
        return _bracket(text, position)
    if text[position] not in ".*" and not text.startswith("*", position):
        name = _NAME.match(text, position) if text[position - 1] == "." else None
        if name is None:
            raise PathRefused(f"{text!r} is no JSONPath that is served: what begins with {text[position:][:20]!r}")
        return functools.partial(_member, name[0]), name.end(), True
    at = position + (text[position] == ".")
    if text.startswith("*", at):
        return _children, at + 1, False
    name = _NAME.match(text, at)
    if name is None:
        raise PathRefused(f"{text!r} is no JSONPath that is served: what begins with {text[position:][:20]!r}")
    return functools.partial(_member, name[0]), name.end(), True


def _bracket(text: str, position: int) -> tuple[Step, int, bool]:
    if text.startswith("[?(", position):
        end = text.find(")]", position)
        if end < 0:
            raise PathRefused(f"{text!r} has a filter without an end")
        return functools.partial(_filtered, _condition(text[position + 3 : end])), end + 2, False
    end = _closing(text, position)
    inside = text[position + 1 : end].strip()
    quoted = [match[1] if match[1] is not None else match[2] for match in _QUOTED.finditer(inside)]
    if quoted and not _QUOTED.sub("", inside).strip(" ,"):
        return functools.partial(_members, tuple(map(_unescaped, quoted))), end + 1, len(quoted) == 1
    if inside == "*":
        return _children, end + 1, False
    if _INDEX.fullmatch(inside):
        return functools.partial(_index, (int(inside),)), end + 1, True
    part = _SLICE.fullmatch(inside)
    if part is not None:
        bounds = (int(value) if value else None for value in part.groups())
        return functools.partial(_slice, slice(*bounds)), end + 1, False
    numbers = [item.strip() for item in inside.split(",")]
    if all(_INDEX.fullmatch(item) for item in numbers):
        return functools.partial(_index, tuple(map(int, numbers))), end + 1, False
    raise PathRefused(f"{text!r} has [{inside}], which is not served")


def _closing(text: str, position: int) -> int:
    at = position + 1
    while at < len(text) and text[at] != "]":
        quoted = _QUOTED.match(text, at)
        at = at + 1 if quoted is None else quoted.end()
    if at >= len(text):
        raise PathRefused(f"{text!r} has a bracket without an end")
    return at


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _member(name: str, value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and name in value:
        yield value[name]


def _members(names: tuple[str, ...], value: Any) -> Iterator[Any]:
    for name in names:
        yield from _member(name, value)


def _index(numbers: tuple[int, ...], value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from (value[number] for number in numbers if -len(value) <= number < len(value))


def _slice(part: slice, value: Any) -> Iterator[Any]:
    if isinstance(value, list) and part.step != 0:
        yield from value[part]


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descendants(value: Any) -> Iterator[Any]:
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict | list):
            yield each
            pending += reversed(list(_children(each)))


def _length(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list | str):
        yield len(value)


def _filtered(condition: Callable[[Any], bool], value: Any) -> Iterator[Any]:
    yield from (each for each in _children(value) if condition(each))


def _condition(text: str) -> Callable[[Any], bool]:
    """Comparisons with `&&` and `||` between them."""
    choices = [[_comparison(part) for part in choice.split("&&")] for choice in text.split("||")]
    return lambda value: any(all(holds(value) for holds in choice) for choice in choices)


def _comparison(text: str) -> Callable[[Any], bool]:
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise PathRefused(f"the filter {text.strip()!r} is not served: compare `@.member` with a value")
    path, sign, literal = f"${match[1]}", match[2], match[3]
    if sign is None:
        return lambda value: found(path, value, _free)[0]
    wanted = _literal(literal)
    compare = _OPERATORS[sign]

    def holds(value: Any) -> bool:
        is_there, given = found(path, value, _free)
        try:
            return is_there and compare(given, wanted)
        except TypeError:
            return False

    return holds


def _literal(text: str) -> Any:
    if text[0] in "'\"":
        return text[1:-1]
    try:
        return json.loads(text)
    except ValueError:
        raise PathRefused(f"the value {text!r} of a filter is not served") from None


def _free(_: int) -> None:
    """What a comparison looks at was counted with the value it is about."""
