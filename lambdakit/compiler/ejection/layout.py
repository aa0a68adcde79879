"""Expressions as the text that `ruff format` leaves as it is: on one line, or an item a line and a comma after each.

A name is written by what `Words` says: what is imported, and what is a variable.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Final, Protocol, assert_never

from lambdakit.compiler.ejection.expressions import (
    UNPACKED,
    Attribute,
    Call,
    Entries,
    Expression,
    Given,
    Items,
    Literal,
    Module,
    ProjectPath,
    Reference,
    Subscript,
    Text,
    Unwritable,
)
from lambdakit.compiler.ejection.text_literals import text_literal, text_pieces
from lambdakit.records import dataclass

WIDTH: Final = 88
_INDENT: Final = "    "
_BRACKETS: Final = {"list": ("[", "]"), "tuple": ("(", ")"), "set": ("{", "}")}


class Words(Protocol):
    """What the code around an expression calls things."""

    def variable(self, expression: Expression) -> str | None:
        """The variable that holds the value; None when the expression itself is to be written."""

    def imported(self, module: str, name: str | None) -> str:
        """The words for a name of a module, or for the module itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Text of expressions."""

    words: Words
    project: str = "PROJECT"

    def lines(self, head: str, expression: Expression, *, indent: int) -> str:
        """A statement: `head`, such as `self.orders = `, and the expression, indented by so many levels."""
        margin = _INDENT * indent
        text = self.text(expression, indent=indent, column=len(margin) + columns(head), after=0)
        is_long = isinstance(expression, Text) and "\n" not in text and len(margin) + columns(head + text) > WIDTH
        if is_long and len(margin) + len(_INDENT) + columns(text) <= WIDTH:
            text = f"(\n{margin}{_INDENT}{text}\n{margin})"
        first, is_broken, _ = text.partition("\n")
        is_called = is_broken and isinstance(expression, Call)
        if is_called and len(margin) + columns(head + first) > WIDTH >= len(margin) + len(_INDENT) + columns(first):
            # A name so long that not even the opening bracket stands beside it.
            inner = self.text(expression, indent=indent + 1, column=len(margin) + len(_INDENT), after=0)
            text = f"(\n{margin}{_INDENT}{inner}\n{margin})"
        return f"{margin}{head}{text}"

    def text(self, expression: Expression, *, indent: int, column: int, after: int) -> str:
        """The expression's text. column: where it begins. after: columns that follow on its last line."""
        flat = self.flat(expression)
        if column + columns(flat) + after <= WIDTH:
            return flat
        if self.words.variable(expression) is not None:
            return flat
        match expression:
            case Call(function=function, arguments=arguments, keywords=keywords) if arguments or keywords:
                items: list[tuple[str, Expression]] = [("", each) for each in arguments]
                items += [(_keyword(name), each) for name, each in keywords]
                return f"{self.flat(function)}({self._broken(items, indent)})"
            case Call(function=Attribute(owner=Call() as owner, name=name)):
                return self._broken_before(owner, f".{name}()", indent, column, after)
            case Attribute(owner=Call() as owner, name=name):
                return self._broken_before(owner, f".{name}", indent, column, after)
            case Items(kind=kind, items=values) if values:
                opening, closing = _BRACKETS[kind]
                return f"{opening}{self._broken([('', each) for each in values], indent)}{closing}"
            case Entries(entries=entries) if entries:
                pairs = [(f"{self.flat(key)}: ", each) for key, each in entries]
                return f"{{{self._broken(pairs, indent)}}}"
            case ProjectPath(steps=steps, as_text=False) if len(steps) > 1:
                step_items: list[tuple[str, Expression]] = [("", Text((step,))) for step in steps]
                return f"{self.project}.joinpath({self._broken(step_items, indent)})"
            case Text(parts=(str() as only,)):
                return self._pieces(only, indent, flat)
        return flat

    def _broken_before(self, owner: Call, rest: str, indent: int, column: int, after: int) -> str:
        """A call whose result is used on its own last line."""
        return self.text(owner, indent=indent, column=column, after=after + columns(rest)) + rest

    def _broken(self, items: Sequence[tuple[str, Expression]], indent: int) -> str:
        """One item a line, each with its head, between line ends."""
        inner = _INDENT * (indent + 1)
        lines = [
            f"{inner}{head}{self.text(each, indent=indent + 1, column=len(inner) + columns(head), after=1)},\n"
            for head, each in items
        ]
        return f"\n{''.join(lines)}{_INDENT * indent}"

    def _pieces(self, text: str, indent: int, flat: str) -> str:
        """A long text in several literals that Python joins."""
        inner = _INDENT * (indent + 1)
        pieces = text_pieces(text, WIDTH - len(inner), columns)
        if len(pieces) == 1:
            return flat
        return "(\n" + "".join(f"{inner}{piece}\n" for piece in pieces) + f"{_INDENT * indent})"

    def flat(self, expression: Expression) -> str:
        """The expression on one line, however long."""
        variable = self.words.variable(expression)
        if variable is not None:
            return variable
        match expression:
            case Literal(value=value):
                return _number(value) if isinstance(value, float) else repr(value)
            case Text(parts=parts):
                return self._text(parts)
            case Given(name=name):
                return name
            case Module(name=name):
                return self.words.imported(name, None)
            case Reference(module=module, name=name):
                return self.words.imported(module, name)
            case Unwritable(what=what):
                raise CannotBeWritten(what)
        return self._composed(expression)

    def _composed(self, expression: ProjectPath | Attribute | Subscript | Items | Entries | Call) -> str:
        match expression:
            case ProjectPath(steps=steps, as_text=as_text):
                path = f"{self.project} / {text_literal('/'.join(steps))}" if steps else self.project
                return f"str({path})" if as_text else path
            case Attribute(owner=owner, name=name):
                return f"{self.flat(owner)}.{name}"
            case Subscript(owner=owner, key=key):
                return f"{self.flat(owner)}[{self.flat(key)}]"
            case Items():
                return self._flat_items(expression)
            case Entries(entries=entries):
                return "{" + ", ".join(f"{self.flat(key)}: {self.flat(each)}" for key, each in entries) + "}"
            case Call(function=function, arguments=arguments, keywords=keywords):
                given = [self.flat(each) for each in arguments]
                given += [f"{_keyword(name)}{self.flat(each)}" for name, each in keywords]
                return f"{self.flat(function)}({', '.join(given)})"
        assert_never(expression)

    def _flat_items(self, expression: Items) -> str:
        if expression.kind == "set" and not expression.items:
            return "set()"
        opening, closing = _BRACKETS[expression.kind]
        items = ", ".join(self.flat(each) for each in expression.items)
        return f"{opening}{items}{',' if expression.kind == 'tuple' and len(expression.items) == 1 else ''}{closing}"

    def _text(self, parts: Sequence[str | Expression]) -> str:
        if all(isinstance(part, str) for part in parts):
            return text_literal("".join(str(part) for part in parts))
        written = [part if isinstance(part, str) else self.flat(part) for part in parts]
        if len(parts) == 1:
            return written[0]
        # Before Python 3.12, what is in the braces of a format holds neither its quotes nor a backslash.
        if any(set(text) & set("\"'\\") for part, text in zip(parts, written, strict=True) if part is not text):
            literals = (text_literal(part) if isinstance(part, str) else self.flat(part) for part in parts)
            return f'"".join([{", ".join(literals)}])'
        return text_literal(
            "".join(
                part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else f"{{{text}}}"
                for part, text in zip(parts, written, strict=True)
            ),
            prefix="f",
        )


class CannotBeWritten(Exception):
    """An expression that no code can be written for; `str()` says what it is."""


def _keyword(name: str) -> str:
    return name if name == UNPACKED else f"{name}="


def _number(value: float) -> str:
    return repr(value).replace("e+", "e") if math.isfinite(value) else f'float("{value}")'


def columns(text: str) -> int:
    """How wide the text is: characters of East Asian scripts take two columns, as formatters count them."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
