"""Python expressions, as far as an ejected application needs them.

Two expressions are the same only when they are one object: a call that was made twice is two calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Final, TypeAlias
from typing import Literal as OneOf

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """None, a boolean or a number."""

    value: bool | int | float | None


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A string; parts of it that only the deployment knows are expressions."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ProjectPath:
    """A path below the document's directory, in steps; as_text: given as a string."""

    steps: tuple[str, ...]
    as_text: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A module by its full name, which an attribute is taken of."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A name of a module: `aws_cdk.aws_s3` and `Bucket`."""

    module: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """An attribute of another expression's value."""

    owner: Expression
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Subscript:
    """An item of another expression's value."""

    owner: Expression
    key: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A list, tuple or set."""

    kind: OneOf["list", "tuple", "set"]
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """A dictionary."""

    entries: tuple[tuple[Expression, Expression], ...]


# The name of a keyword argument that is a mapping of such.
UNPACKED: Final = "**"


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call, without the keyword arguments whose defaults say the same."""

    function: Expression
    arguments: tuple[Expression, ...] = ()
    keywords: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What the code around the statements already has, by its name there: the application."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Unwritable:
    """What no code can be written for. what: says what it is, for a message."""

    what: str


Expression: TypeAlias = (
    Literal
    | Text
    | ProjectPath
    | Module
    | Reference
    | Attribute
    | Subscript
    | Items
    | Entries
    | Call
    | Given
    | Unwritable
)


def parts_of(expression: Expression) -> Iterator[Expression]:
    """The expressions that this one is directly made of, in the order in which Python evaluates them."""
    match expression:
        case Text(parts=parts):
            yield from (part for part in parts if not isinstance(part, str))
        case Attribute(owner=owner):
            yield owner
        case Subscript(owner=owner, key=key):
            yield from (owner, key)
        case Items(items=items):
            yield from items
        case Entries(entries=entries):
            for key, value in entries:
                yield from (key, value)
        case Call(function=function, arguments=arguments, keywords=keywords):
            yield function
            yield from arguments
            yield from (value for _, value in keywords)


def walk(expression: Expression, ends: Set[Expression] = frozenset()) -> Iterator[Expression]:
    """The expression and everything in it, what several parts share once. ends: what is not looked into."""
    seen: set[Expression] = set()
    left = [expression]
    while left:
        each = left.pop()
        if each not in seen:
            seen.add(each)
            yield each
            left.extend(part for part in parts_of(each) if part not in ends)


def is_imported(expression: Expression) -> bool:
    """Whether it is a call of `Bucket.from_bucket_name` and its like, which makes no resource."""
    match expression:
        case Call(function=Attribute(name=name)):
            return name.startswith("from_")
    return False
