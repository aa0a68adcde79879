"""Values, operators and functions of the SQL of IoT rules, over one message.

Source: AWS IoT Core Developer Guide, "AWS IoT SQL reference" ("Operators", "Functions", "Data types").
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdakit.records import dataclass


class _Undefined:
    """The value of what is not there."""


UNDEFINED: Final = _Undefined()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message on a topic. values: the payload, read; UNDEFINED for one that is no JSON. milliseconds: since 1970."""

    topic: str
    payload: bytes
    values: Any
    milliseconds: int


Expression = Callable[[Message], Any]


def read_message(topic: str, payload: bytes, milliseconds: int) -> Message:
    """A message as rules see it."""
    try:
        values = json.loads(payload)
    except (ValueError, RecursionError):
        values = UNDEFINED
    return Message(topic=topic, payload=payload, values=values, milliseconds=milliseconds)


def constant(value: Any) -> Expression:
    """The same for every message."""
    return lambda message: value


def follow(value: Any, steps: Sequence[str | int]) -> Any:
    """What a path leads to; UNDEFINED where it leads nowhere."""
    for step in steps:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else UNDEFINED
        else:
            value = value.get(step, UNDEFINED) if isinstance(value, dict) else UNDEFINED
    return value


def either(left: Expression, right: Expression) -> Expression:
    """OR."""
    return lambda message: left(message) is True or right(message) is True


def both(left: Expression, right: Expression) -> Expression:
    """AND."""
    return lambda message: left(message) is True and right(message) is True


def negated(inner: Expression) -> Expression:
    """NOT; of what is no truth it is Undefined."""
    return lambda message: _opposite(inner(message))


def _opposite(value: Any) -> Any:
    return not value if isinstance(value, bool) else UNDEFINED


def compared(left: Expression, right: Expression, holds: Callable[[Any, Any], Any]) -> Expression:
    """A comparison."""
    return lambda message: holds(left(message), right(message))


def equal(left: Any, right: Any) -> Any:
    """Whether two values are the same, of one type; UNDEFINED where one is not there."""
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    return left == right and (type(left) is type(right) or (_is_number(left) and _is_number(right)))


def _ordered(by: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def holds(left: Any, right: Any) -> Any:
        alike = (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str))
        return by(left, right) if alike else UNDEFINED

    return holds


def calculated(left: Expression, right: Expression, sign: str) -> Expression:
    """Arithmetic; `+` with a text on either side puts texts together."""

    def value(message: Message) -> Any:
        first, second = left(message), right(message)
        if sign == "+" and (isinstance(first, str) or isinstance(second, str)):
            return UNDEFINED if UNDEFINED in (first, second) else as_text(first) + as_text(second)
        if not (_is_number(first) and _is_number(second)) or (sign in "/%" and second == 0):
            return UNDEFINED
        return _OPERATORS[sign](first, second)

    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: Any) -> str:
    """A value inside text."""
    if value is UNDEFINED:
        return "Undefined"
    return value if isinstance(value, str) else json.dumps(value)


def _topic(message: Message, arguments: Sequence[Any]) -> Any:
    if not arguments:
        return message.topic
    levels = message.topic.split("/")
    number = arguments[0]
    return levels[number - 1] if isinstance(number, int) and 1 <= number <= len(levels) else UNDEFINED


def _encoded(message: Message, arguments: Sequence[Any]) -> Any:
    value, scheme = arguments
    if scheme != "base64":
        return UNDEFINED
    return base64.b64encode(value if isinstance(value, bytes) else as_text(value).encode()).decode()


def _on_text(change: Callable[[str], Any]) -> Callable[[Message, Sequence[Any]], Any]:
    return lambda message, arguments: change(arguments[0]) if isinstance(arguments[0], str) else UNDEFINED


WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
NOT_SERVED: Final = frozenset({"CASE", "EXISTS", "SELECT", "BETWEEN", "LIKE", "IS", "SET"})
COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": equal,
    "<>": lambda left, right: _opposite(equal(left, right)),
    "!=": lambda left, right: _opposite(equal(left, right)),
    "<=": _ordered(lambda left, right: left <= right),
    ">=": _ordered(lambda left, right: left >= right),
    "<": _ordered(lambda left, right: left < right),
    ">": _ordered(lambda left, right: left > right),
}
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": lambda left, right: left % right,
}
# Name -> the fewest and the most arguments, and what it does.
FUNCTIONS: Final[Mapping[str, tuple[int, int, Callable[[Message, Sequence[Any]], Any]]]] = {
    "topic": (0, 1, _topic),
    "timestamp": (0, 0, lambda message, arguments: message.milliseconds),
    "newuuid": (0, 0, lambda message, arguments: str(uuid.uuid4())),
    "encode": (2, 2, _encoded),
    "lower": (1, 1, _on_text(str.lower)),
    "upper": (1, 1, _on_text(str.upper)),
    "length": (1, 1, _on_text(len)),
    "startswith": (2, 2, lambda message, arguments: as_text(arguments[0]).startswith(as_text(arguments[1]))),
    "endswith": (2, 2, lambda message, arguments: as_text(arguments[0]).endswith(as_text(arguments[1]))),
    "isundefined": (1, 1, lambda message, arguments: arguments[0] is UNDEFINED),
    "isnull": (1, 1, lambda message, arguments: arguments[0] is None),
}
