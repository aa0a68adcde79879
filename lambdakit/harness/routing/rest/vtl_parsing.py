"""How elements of a template are read, where airspeed reads them in another way than Velocity 1.7 does.

`element` is an element of airspeed's: text and place in it, with `identity_match` and its like.
Source: Apache Velocity Engine 1.7, "VTL Reference Guide" (identifiers may have hyphens; a quote is doubled to be
written, and backslashes stand for themselves).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.rest.vtl_work import TemplateFailed, Work

_SPACE: Final = re.compile(r"\s*")
_SIGNS: Final[Mapping[str, str]] = {
    **{"or": "||", "and": "&&", "gt": ">", "lt": "<", "ne": "!=", "eq": "==", "ge": ">=", "le": "<="}
}


def _begin(element: Any, work: Work, text: str, start: int = 0) -> None:
    """Reads an element that begins at `start`. work: stands where airspeed has the template's name."""
    work.spend(1)
    element.filename, element._full_text = work, text
    element.start = element.end = start
    grammar = element.grammar
    try:
        element.parse()
    except grammar.NoMatch:
        if element.end > start and isinstance(element, (grammar.IfDirective, grammar.ForeachDirective)):
            raise TemplateFailed(f"a directive is not complete: {text[start : start + 40]}") from None
        raise


def _parse_string(element: Any) -> None:
    (raw,) = element.identity_match(element.STRING)
    quote = element._full_text[element.start]
    element.value = raw.replace(quote * 2, quote)


def _parse_interpolated(element: Any) -> None:
    _parse_string(element)
    element.block = element.grammar.Block(element.filename, element.value, 0)


def _parse_operator(element: Any) -> None:
    (sign,) = element.identity_match(element.BINARY_OP)
    element.sign = _SIGNS.get(sign, sign)


def _parse_set(element: Any) -> None:
    element.identity_match(element.START)
    element.optional_match(_SPACE)
    element.place = element.require_next_element(element.grammar.FormalReference, "a reference")
    element.require_match(element.EQUALS, "=")
    element.value = element.require_next_element(element.grammar.Expression, "an expression")
    element.require_match(element.END, "closing paren")


def _parse_comment(element: Any) -> None:
    text, start = element._full_text, element.start
    if text.startswith("##", start):
        element.end = (text.find("\n", start) + 1) or len(text)
    elif text.startswith("#*", start):
        end = text.find("*#", start + 2)
        if end < 0:
            raise TemplateFailed("a comment of the template has no end")
        element.end = end + 2
        element.optional_match(element.grammar.WHITESPACE_TO_END_OF_LINE)
    else:
        raise element.grammar.NoMatch


# By the names of elements: their members.
PARSING: Final[Mapping[str, Mapping[str, Any]]] = {
    "_Element": {"__init__": _begin},
    "NameOrCall": {"NAME": re.compile(r"([_a-z][a-z0-9_-]*)", re.IGNORECASE)},
    "StringLiteral": {"STRING": re.compile(r"'((?:[^']++|'')*+)'"), "parse": _parse_string},
    "InterpolatedStringLiteral": {"STRING": re.compile(r'"((?:[^"]++|"")*+)"'), "parse": _parse_interpolated},
    "BooleanLiteral": {"BOOLEAN": re.compile(r"(true|false)\b")},
    "NullLiteral": {"NULL": re.compile(r"(null)\b")},
    "BinaryOperator": {
        "BINARY_OP": re.compile(r"\s*(>=|<=|<|==|!=|>|\|\||&&|[-+*/%]|(?:or|and|gt|lt|ne|eq|ge|le)\b)\s*"),
        "parse": _parse_operator,
    },
    "SetDirective": {"parse": _parse_set},
    "Comment": {"parse": _parse_comment},
}
