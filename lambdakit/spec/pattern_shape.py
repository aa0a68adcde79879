"""Event patterns and filters: what their services refuse of one, by its place.

Sources: Amazon EventBridge User Guide, "Comparison operators for use in event patterns"; AWS Lambda Developer Guide,
"Filter rule syntax"; Amazon SNS Developer Guide, "Subscription filter policy constraints".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from lambdakit.records import dataclass
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.wording import given, in_yaml, one_of, quoted, shown

_BASIC: Final = ("prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case")
_ALL: Final = (*_BASIC, "cidr", "wildcard")
_SIGNS: Final = ("=", "<", "<=", ">", ">=")
_OR: Final = "$or"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What one service takes. operators: of a leaf. nested: those within anything-but, beside values.

    is_cased: prefix and suffix take equals-ignore-case within. is_deep: fields may have fields.
    """

    operators: tuple[str, ...]
    nested: tuple[str, ...] = ()
    is_cased: bool = False
    is_deep: bool = True


RULE: Final = Dialect(operators=_ALL, nested=("prefix", "suffix", "equals-ignore-case", "wildcard"), is_cased=True)
FILTER_CRITERIA: Final = Dialect(operators=_BASIC)
SNS_ATTRIBUTES: Final = Dialect(operators=_ALL, nested=("prefix", "suffix", "wildcard"), is_deep=False)
SNS_BODY: Final = Dialect(operators=_ALL, nested=("prefix", "suffix", "wildcard"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that a service refuses. pointer: below the pattern."""

    pointer: Pointer
    problem: str
    hint: str = ""


def pattern_faults(pattern: Mapping[str, Any], dialect: Dialect, here: Pointer = ()) -> Iterator[Fault]:
    """Everything that the dialect refuses of a pattern."""
    if not pattern:
        yield Fault(pointer=here, problem="it says nothing that an event could have", hint='write {field: ["value"]}')
    for name, value in pattern.items():
        place = (*here, name)
        if _is_or(name, value):
            for number, one in enumerate(value):
                yield from pattern_faults(one, dialect, (*place, number))
        elif isinstance(value, dict):
            if not dialect.is_deep:
                problem = "attributes of messages have no fields of their own"
                yield Fault(pointer=place, problem=problem, hint="add filter_policy_scope: message_body")
            else:
                yield from pattern_faults(value, dialect, place)
        elif isinstance(value, list):
            yield from _of_leaf(value, dialect, place)
        elif name in dialect.operators and here:
            problem = f"{quoted(name)} is an operator, which stands in the list of its field's values"
            yield Fault(pointer=place, problem=problem, hint=f"write {here[-1]}: [{{{name}: {shown(value)}}}]")
        else:
            problem = f"must be a list of the values that match, not {given(value)}"
            yield Fault(pointer=place, problem=problem, hint=f"write [{shown(value)}]")


def _is_or(name: str, value: object) -> bool:
    """Whether it is a choice of patterns; anything else is a field of that name."""
    return name == _OR and isinstance(value, list) and len(value) > 1 and all(isinstance(o, dict) and o for o in value)


def _of_leaf(values: list[Any], dialect: Dialect, here: Pointer) -> Iterator[Fault]:
    if not values:
        yield Fault(pointer=here, problem="a list with nothing in it matches nothing", hint="write at least one value")
    for number, value in enumerate(values):
        place = (*here, number)
        if isinstance(value, list):
            problem = "a list within the list of values: AWS takes texts, numbers, true, false and operators there"
            yield Fault(pointer=place, problem=problem, hint="leave out one pair of brackets")
        elif isinstance(value, dict):
            yield from _of_expression(value, dialect, place)


def _of_expression(expression: Mapping[str, Any], dialect: Dialect, here: Pointer) -> Iterator[Fault]:
    if len(expression) != 1:
        problem = f"an operator stands alone, and {len(expression)} keys are given"
        yield Fault(pointer=here, problem=problem, hint=f"write one of {', '.join(dialect.operators)}")
        return
    [(name, value)] = expression.items()
    if name not in dialect.operators:
        close = nearest(name, dialect.operators)
        problem = f"{quoted(name)} is no operator here, which are {one_of(dialect.operators)}"
        yield Fault(pointer=here, problem=problem, hint=f"write {close}" if close else "")
        return
    problem = _CHECKS[name](value, dialect)
    if problem:
        yield Fault(pointer=(*here, name), problem=problem, hint=f"write {in_yaml(_EXAMPLES[name])}")


def _affix(value: Any, dialect: Dialect) -> str:
    if isinstance(value, dict) and dialect.is_cased:
        is_right = list(value) == ["equals-ignore-case"] and isinstance(value["equals-ignore-case"], str)
        return "" if is_right else "must be text, or equals-ignore-case with text"
    return _text(value, dialect)


def _text(value: Any, dialect: Dialect) -> str:
    del dialect
    return "" if isinstance(value, str) else f"must be text, not {given(value)}"


def _wildcard(value: Any, dialect: Dialect) -> str:
    if not isinstance(value, str):
        return _text(value, dialect)
    plain = re.sub(r"\\[*\\]", "", value)
    if "\\" in plain:
        return f"{quoted(value)} has a backslash before something else than * and a backslash"
    return f"{quoted(value)} has two * in a row" if "**" in plain else ""


def _numeric(value: Any, dialect: Dialect) -> str:
    del dialect
    if not isinstance(value, list) or len(value) not in (2, 4):
        return f"must be a list of a sign and a number, once or twice, not {_short(value)}"
    for sign, bound in zip(value[::2], value[1::2], strict=True):
        if sign not in _SIGNS:
            return f"{shown(sign)} is no sign, which are {one_of(_SIGNS)}"
        if not _is_number(bound):
            return f"{shown(bound)} is no number"
    if len(value) == 4 and not (value[0] in (">", ">=") and value[2] in ("<", "<=") and value[1] < value[3]):
        return "two signs are a lower bound by > or >=, then a higher one by < or <="
    return ""


def _cidr(value: Any, dialect: Dialect) -> str:
    if not isinstance(value, str):
        return _text(value, dialect)
    import ipaddress  # few patterns ask for an address

    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return f"{quoted(value)} is no range of addresses"
    return "" if "/" in value else f"{quoted(value)} has no /, behind which the length of the prefix stands"


def _exists(value: Any, dialect: Dialect) -> str:
    del dialect
    return "" if isinstance(value, bool) else f"must be true or false, not {given(value)}"


def _anything_but(value: Any, dialect: Dialect) -> str:
    if isinstance(value, dict):
        return _anything_but_matching(value, dialect)
    values = value if isinstance(value, list) else [value]
    if values and (all(isinstance(one, str) for one in values) or all(_is_number(one) for one in values)):
        return ""
    return f"must be a text, a number, or a list of either, not {_short(value)}"


def _anything_but_matching(value: Mapping[str, Any], dialect: Dialect) -> str:
    if len(value) != 1 or next(iter(value)) not in dialect.nested:
        within = f"{one_of(dialect.nested)} may stand within" if dialect.nested else "no operator stands within"
        return f"{within} anything-but here, not {', '.join(map(quoted, value)) or 'an empty mapping'}"
    [(name, inner)] = value.items()
    texts = inner if isinstance(inner, list) else [inner]
    if not texts or not all(isinstance(text, str) for text in texts):
        return f"{name} within anything-but takes texts"
    if "" in texts and name in ("prefix", "suffix"):
        return f"{name} within anything-but takes no empty text"
    return next((fault for text in texts if (fault := _CHECKS[name](text, dialect))), "")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: object) -> str:
    return in_yaml(value) if isinstance(value, list) and len(str(value)) < 40 else given(value)


_CHECKS: Final[Mapping[str, Callable[[Any, Dialect], str]]] = {
    "prefix": _affix,
    "suffix": _affix,
    "equals-ignore-case": _text,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": _exists,
    "anything-but": _anything_but,
}
_EXAMPLES: Final[Mapping[str, object]] = {
    "prefix": {"prefix": "shop."},
    "suffix": {"suffix": ".png"},
    "equals-ignore-case": {"equals-ignore-case": "open"},
    "wildcard": {"wildcard": "shop/*/new"},
    "numeric": {"numeric": ['">="', 10, '"<"', 20]},
    "cidr": {"cidr": "10.0.0.0/24"},
    "exists": {"exists": True},
    "anything-but": {"anything-but": ["test"]},
}
