"""Policy variables: the text of a policy in, the text or pattern for one request out.

Source: IAM User Guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from lambdakit.harness.iam.matching import is_plain, wildcards
from lambdakit.records import dataclass

Lookup = Callable[[str], tuple[str, ...] | None]

_VARIABLE: Final = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT: Final = re.compile(r"(.*?)\s*,\s*'(.*)'\s*", re.DOTALL)
_FIXED: Final = frozenset("*?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`${key, 'default'}`. key: in lower case; key names have no case. default: None without one."""

    key: str
    default: str | None = None

    def value(self, lookup: Lookup) -> str | None:
        """What stands in its place; None when the request has no such key, an empty value, or several."""
        values = lookup(self.key)
        if values is None or len(values) != 1 or not values[0]:
            return self.default
        return values[0] if is_plain(values[0]) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text with variables. pieces: texts, patterns where the text is one, and variables."""

    pieces: tuple[str | Variable, ...]

    def resolve(self, lookup: Lookup) -> str | None:
        """The text for a request; None when a variable has no value, so that nothing equals it or is like it."""
        found = []
        for piece in self.pieces:
            text = piece if isinstance(piece, str) else piece.value(lookup)
            if text is None:
                return None
            found.append(text)
        return "".join(found)

    @property
    def first_variable(self) -> int:
        """How many colons stand before the first variable."""
        before = next(index for index, piece in enumerate(self.pieces) if isinstance(piece, Variable))
        return sum(piece.count(":") for piece in self.pieces[:before] if isinstance(piece, str))


def template(text: str, *, pattern: bool, has_variables: bool) -> str | Template:
    """The text itself where it has no variables, or a pattern if `pattern`; else its template.

    `${*}`, `${?}` and `${$}` are these characters and no wildcards. has_variables: whether the policy's version knows
    variables; before 2012-10-17 they are literal text.
    """
    plain = wildcards if pattern else str
    if not has_variables or "${" not in text:
        return plain(text)
    pieces: list[str | Variable] = []
    for index, piece in enumerate(_VARIABLE.split(text)):
        if index % 2 == 0:
            pieces.append(plain(piece))
        elif piece in _FIXED:
            pieces.append(piece)
        else:
            pieces.append(_variable(piece))
    if any(isinstance(piece, Variable) for piece in pieces):
        return Template(pieces=tuple(pieces))
    return "".join(str(piece) for piece in pieces)


def _variable(text: str) -> Variable:
    match = _DEFAULT.fullmatch(text)
    key, default = match.groups() if match else (text, None)
    return Variable(key=key.strip().lower(), default=default)
