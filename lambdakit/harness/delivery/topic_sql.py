"""The SQL of IoT rules, as far as it is served: which messages a rule takes, and what it makes of them.

    SELECT items [FROM 'topic/filter'] [WHERE condition]

Without FROM, a rule gets only what is published to it by name ("Basic Ingest").

Items are `*` and expressions with `AS name`; expressions are paths (`a.b`, `a[0]`), text, numbers, `true`, `false`,
`null`, `+ - * / %`, comparisons, `AND OR NOT`, `IN` over a list, and the functions of `topic_sql_values`. All else is
refused by name, when the rule is made. A value that is not there is Undefined: no item, and no condition holds for it.

Source: AWS IoT Core Developer Guide, "AWS IoT SQL reference" ("SELECT clause", "FROM clause", "WHERE clause",
"Operators", "Functions", "Substitution templates").
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from lambdakit.harness.delivery.topic_sql_values import (
    COMPARISONS,
    FUNCTIONS,
    NOT_SERVED,
    UNDEFINED,
    WORDS,
    Expression,
    Message,
    as_text,
    both,
    calculated,
    compared,
    constant,
    either,
    equal,
    follow,
    negated,
)

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*'|\"[^\"]*\")|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><>|<=|>=|!=|\|\||[-+*/%=<>().,\[\]]))"
)
_DEPTH_MAX: Final = 40
_TEMPLATE: Final = re.compile(r"\$\{([^{}]*)\}")


class InvalidSql(ValueError):
    """A statement that is none, or that needs more than is served. The text says which."""


class Statement:
    """A rule's statement, read. InvalidSql for a text that is none."""

    def __init__(self, text: str) -> None:
        reader = _Reader(text)
        reader.expect("SELECT")
        self._items = reader.items()
        # Guide, "AWS IoT SQL reference": FROM is optional for rules that only Basic Ingest activates.
        self.topic_filter = reader.topic_filter() if reader.take("FROM") else ""
        self._condition = reader.expression() if reader.take("WHERE") else None
        reader.end()

    def takes(self, message: Message, *, by_name: bool = False) -> bool:
        """Whether the rule is about a message. by_name: it was published to this rule, whatever its filter is."""
        if not by_name and not (self.topic_filter and matches(self.topic_filter, message.topic)):
            return False
        return self._condition is None or self._condition(message) is True

    def result(self, message: Message) -> bytes:
        """What the actions get. InvalidSql for a payload that the statement cannot be applied to."""
        if len(self._items) == 1 and self._items[0] is None:
            return message.payload
        made: dict[str, Any] = {}
        for item in self._items:
            if item is None:
                if not isinstance(message.values, dict):
                    raise InvalidSql("SELECT * beside other items needs a payload that is a JSON object")
                made.update(message.values)
                continue
            name, expression = item
            value = expression(message)
            if value is not UNDEFINED:
                made[name] = value
        return json.dumps(made).encode()


class Template:
    """A text with `${expression}` in it, as actions have them. InvalidSql for one that cannot be read."""

    def __init__(self, text: str) -> None:
        self._parts: list[str | Expression] = []
        end = 0
        for match in _TEMPLATE.finditer(text):
            self._parts.append(text[end : match.start()])
            reader = _Reader(match[1])
            self._parts.append(reader.expression())
            reader.end()
            end = match.end()
        self._parts.append(text[end:])

    def fill(self, message: Message) -> str:
        """The text for a message; what is not there is `Undefined`."""
        return "".join(part if isinstance(part, str) else as_text(part(message)) for part in self._parts)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic filter means a topic: `+` is one level, `#` all that follow."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for number, level in enumerate(wanted):
        if level == "#":
            return True
        if number >= len(levels) or level not in ("+", levels[number]):
            return False
    return len(wanted) == len(levels)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def items(self) -> list[tuple[str, Expression] | None]:
        """The items of the SELECT clause; None stands for `*`."""
        if self._word() == "VALUE":
            raise InvalidSql("SELECT VALUE is not served")
        items: list[tuple[str, Expression] | None] = []
        while True:
            items.append(self._item())
            if not self.take(","):
                return items

    def _item(self) -> tuple[str, Expression] | None:
        if self._peek() == "*":
            self._at += 1
            return None
        begin = self._at
        expression = self.expression()
        if self.take("AS"):
            return self._next(), expression
        names = [token for token in self._tokens[begin : self._at] if re.fullmatch(r"[A-Za-z_]\w*", token)]
        if not names:
            raise InvalidSql(f"{self._text}: an item that is no path needs AS and a name")
        is_call = len(self._tokens) > begin + 1 and self._tokens[begin + 1] == "("
        return (names[0] if is_call else names[-1]), expression

    def topic_filter(self) -> str:
        """The text of the FROM clause."""
        token = self._next()
        if token[0] not in "'\"":
            raise InvalidSql(f"{self._text}: FROM needs a topic filter in quotes")
        levels = token[1:-1].split("/")
        if any("#" in level and (level != "#" or number != len(levels) - 1) for number, level in enumerate(levels)):
            raise InvalidSql(f"{self._text}: # stands for all levels that follow, at the end alone")
        if any("+" in level and level != "+" for level in levels):
            raise InvalidSql(f"{self._text}: + stands for a whole level")
        return token[1:-1]

    def expression(self) -> Expression:
        """An expression, the weakest operator first."""
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise InvalidSql(f"{self._text}: is nested too deep")
        left = self._both()
        while self.take("OR"):
            left = either(left, self._both())
        self._depth -= 1
        return left

    def _both(self) -> Expression:
        left = self._negation()
        while self.take("AND"):
            left = both(left, self._negation())
        return left

    def _negation(self) -> Expression:
        is_negated = False
        while self.take("NOT"):
            is_negated = not is_negated
        inner = self._comparison()
        return negated(inner) if is_negated else inner

    def _comparison(self) -> Expression:
        left = self._sum()
        if self.take("IN"):
            return self._within(left)
        for sign, holds in COMPARISONS.items():
            if self.take(sign):
                return compared(left, self._sum(), holds)
        return left

    def _within(self, left: Expression) -> Expression:
        close = ")" if self.take("(") else "]"
        if close == "]":
            self.expect("[")
        choices = [self.expression()]
        while self.take(","):
            choices.append(self.expression())
        self.expect(close)

        def within(message: Message) -> Any:
            value = left(message)
            return any(equal(value, choice(message)) is True for choice in choices)

        return within

    def _sum(self) -> Expression:
        left = self._product()
        while sign := self.take("+", "-"):
            left = calculated(left, self._product(), sign)
        return left

    def _product(self) -> Expression:
        left = self._single()
        while sign := self.take("*", "/", "%"):
            left = calculated(left, self._single(), sign)
        return left

    def _single(self) -> Expression:
        if self.take("("):
            inner = self.expression()
            self.expect(")")
            return inner
        is_negative = bool(self.take("-"))
        token = self._next()
        if token[0].isdigit():
            number = float(token) if any(mark in token for mark in ".eE") else int(token)
            return constant(-number if is_negative else number)
        if is_negative:
            raise InvalidSql(f"{self._text}: - stands before a number or between values")
        if token[0] in "'\"":
            return constant(token[1:-1].replace("''", "'"))
        if token.lower() in WORDS:
            return constant(WORDS[token.lower()])
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            raise InvalidSql(f"{self._text}: {token!r} is not expected there")
        if token.upper() in NOT_SERVED:
            raise InvalidSql(f"{token.upper()} is not served")
        return self._call(token) if self._peek() == "(" else self._path(token)

    def _path(self, first: str) -> Expression:
        steps: list[str | int] = [first]
        while True:
            if self.take("."):
                steps.append(self._next())
            elif self.take("["):
                index = self._next()
                if not index.isdigit():
                    raise InvalidSql(f"{self._text}: {index!r} is no index of an array")
                self.expect("]")
                steps.append(int(index))
            else:
                return lambda message: follow(message.values, steps)

    def _call(self, name: str) -> Expression:
        self.expect("(")
        function = FUNCTIONS.get(name.lower())
        if function is None:
            raise InvalidSql(f"the function {name} is not served; served are {', '.join(sorted(FUNCTIONS))}")
        arguments: list[Expression] = []
        while not self.take(")"):
            if self._peek() == "*":
                self._at += 1
                arguments.append(lambda message: message.payload)
            else:
                arguments.append(self.expression())
            if self._peek() != ")":
                self.expect(",")
        least, most, apply = function
        if not least <= len(arguments) <= most:
            raise InvalidSql(f"{name} does not take {len(arguments)} arguments")
        return lambda message: apply(message, [argument(message) for argument in arguments])

    def take(self, *words: str) -> str:
        """The next token if it is one of these, whatever its case; empty otherwise."""
        token = self._word()
        if token and token in words:
            self._at += 1
            return token
        return ""

    def expect(self, word: str) -> None:
        """Takes a token that has to be there."""
        if not self.take(word):
            raise InvalidSql(f"{self._text}: {word} is expected before {self._peek() or 'the end'!r}")

    def end(self) -> None:
        """Nothing may follow."""
        if self._at < len(self._tokens):
            word = self._tokens[self._at]
            raise InvalidSql(f"{self._text}: {word!r} is not expected there, or not served")

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _word(self) -> str:
        token = self._peek()
        return token if token[:1] in ("'", '"') else token.upper()

    def _next(self) -> str:
        if not (token := self._peek()):
            raise InvalidSql(f"{self._text}: ends too early")
        self._at += 1
        return token


def _tokens(text: str) -> list[str]:
    tokens, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidSql(f"{text}: {text[at:].strip()[:1]!r} is not understood")
        tokens.append(match[match.lastgroup or 0])
        at = match.end()
    return tokens
