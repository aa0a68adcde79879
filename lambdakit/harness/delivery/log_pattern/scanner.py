"""The text of a pattern, read from left to right."""

from __future__ import annotations

import re
from typing import Final

_SPACE: Final = re.compile(r"\s*")
# CloudWatch Logs User Guide, "Supported regular expressions": letters, digits, some symbols and some operators.
_REGEX_CHARACTERS: Final = re.compile(r"[A-Za-z0-9:_#=@/;, \t\-^$?\[\]{}|\\*+.]*")
_UNPRINTED_ESCAPE: Final = re.compile(r"\\(?:[dDsSwW]|x[0-9A-Fa-f]{2}|[^A-Za-z0-9])|[^\\]")


class InvalidLogPattern(ValueError):
    """A text that is no pattern. Its message is as the service has it."""


class Scanner:
    """Reads a text. at: how far it came."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip_space(self) -> None:
        """Goes on to what is no white space."""
        found = _SPACE.match(self.text, self.at)
        self.at = self.at if found is None else found.end()

    @property
    def is_at_end(self) -> bool:
        """Whether nothing but white space is left."""
        self.skip_space()
        return self.at >= len(self.text)

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        self.skip_space()
        return self.text[self.at : self.at + 1]

    def take(self, *wanted: str) -> str:
        """The first of `wanted` that comes next, which is passed; empty when none does."""
        self.skip_space()
        for text in wanted:
            if self.text.startswith(text, self.at):
                self.at += len(text)
                return text
        return ""

    def match(self, expression: re.Pattern[str]) -> str:
        """What the expression finds next, which is passed; empty when it finds nothing."""
        self.skip_space()
        found = expression.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def need(self, wanted: str) -> None:
        """Passes `wanted`. InvalidLogPattern when something else comes."""
        if not self.take(wanted):
            raise self.unexpected()

    def quoted(self) -> str:
        """What stands between two double quotes, a backslash taking the next character as it is."""
        self.need('"')
        letters: list[str] = []
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter == '"':
                return "".join(letters)
            if letter == "\\" and self.at < len(self.text):
                letter = self.text[self.at]
                self.at += 1
            letters.append(letter)
        raise InvalidLogPattern("Invalid filter pattern")

    def regular_expression(self) -> re.Pattern[str]:
        """What stands between two percent signs, as an expression."""
        self.need("%")
        end = self.text.find("%", self.at)
        if end < 0:
            raise InvalidLogPattern("Invalid filter pattern")
        source, self.at = self.text[self.at : end], end + 1
        allowed = _REGEX_CHARACTERS.match(source)
        reached = 0 if allowed is None else allowed.end()
        if reached < len(source):
            raise InvalidLogPattern(f"Invalid character(s) in term '{source[reached]}'")
        if "".join(_UNPRINTED_ESCAPE.findall(source)) != source:
            raise InvalidLogPattern("Invalid filter pattern")
        try:
            return re.compile(source, re.ASCII)
        except re.error:
            raise InvalidLogPattern("Invalid filter pattern") from None

    def unexpected(self) -> InvalidLogPattern:
        """What is said of a character that cannot stand where it does."""
        letter = self.peek()
        return InvalidLogPattern(f"Invalid character(s) in term '{letter}'" if letter else "Invalid filter pattern")
