"""Expressions as text: what Python reads back is what was meant, in a layout that formatters leave alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.compiler.ejection.expressions import (
    Attribute,
    Call,
    Entries,
    Expression,
    Given,
    Items,
    Literal,
    ProjectPath,
    Reference,
    Text,
    Unwritable,
)
from lambdakit.compiler.ejection.layout import WIDTH, CannotBeWritten, Layout, columns
from lambdakit.compiler.ejection.names import Names, class_name, variable_name
from lambdakit.compiler.ejection.text_literals import text_literal, text_pieces


class PlainWords:
    """Nothing is a variable, and every name is its own."""

    def variable(self, expression: Expression) -> str | None:
        return None

    def imported(self, module: str, name: str | None) -> str:
        return name or module


LAYOUT = Layout(words=PlainWords())
TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("'\"\\\n{}$ ,")) | st.text("'\"\\ \n", max_size=300)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    TEXTS | SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=12,
)


def expression(value: object) -> Expression:
    match value:
        case str():
            return Text((value,) if value else ())
        case list() | tuple():
            return Items("list" if isinstance(value, list) else "tuple", tuple(map(expression, value)))
        case dict():
            return Entries(tuple((expression(key), expression(each)) for key, each in value.items()))
        case None | bool() | int() | float():
            return Literal(value)
    raise AssertionError(value)


@given(TEXTS)
def test_a_literal_means_its_text(text: str) -> None:
    literal = text_literal(text)

    assert ast.literal_eval(literal) == text
    assert literal[0] == "'" or text.count('"') <= text.count("'")
    assert literal.isprintable()


@given(TEXTS, st.integers(min_value=12, max_value=100))
def test_pieces_make_up_the_text(text: str, width: int) -> None:
    pieces = text_pieces(text, width, columns)

    assert "".join(ast.literal_eval(piece) for piece in pieces) == text


@settings(max_examples=200)
@given(VALUES, st.integers(min_value=0, max_value=60))
def test_a_value_is_read_back(value: object, column: int) -> None:
    text = LAYOUT.text(expression(value), indent=1, column=column, after=0)

    assert ast.literal_eval(text) == value


def test_the_formatter_leaves_every_layout(tmp_path: Path) -> None:
    values: list[object] = [
        *("x" * length for length in range(60, 130, 3)),
        *("word " * count for count in range(10, 60, 7)),
        *(f"{'ab ' * count}\n{'cd' * count}\n" for count in range(1, 60, 9)),
        *([f"item {number}" for number in range(count)] for count in range(12)),
        *({f"key {number}": [number] * count for number in range(count)} for count in range(9)),
        *(("tuple", number * "y") for number in range(70, 100, 2)),
        {"a": {"b": {"c": ["d" * 90, "'" * 40 + '"' * 40]}}},
        [[]],
        [("one",), {}],
        "文字" * 60,
        [{"long key " * 8: "long value " * 12}],
        -1.5e300,
    ]
    lines = [LAYOUT.lines(f"name_{place} = ", expression(value), indent=0) for place, value in enumerate(values)]
    (tmp_path / "values.py").write_text("\n".join(lines) + "\n", encoding="utf-8")

    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--diff"]
    done = subprocess.run([*ruff, "--line-length", str(WIDTH), "values.py"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (Attribute(Reference("aws_cdk", "RemovalPolicy"), "DESTROY"), "RemovalPolicy.DESTROY"),
        (ProjectPath(()), "PROJECT"),
        (ProjectPath(("a b", "c")), 'PROJECT / "a b/c"'),
        (ProjectPath(("a",), as_text=True), 'str(PROJECT / "a")'),
        (Text(("arn:", Attribute(Given("self"), "region"), ":{x}")), 'f"arn:{self.region}:{{x}}"'),
        (Text((Attribute(Given("self"), "region"),)), "self.region"),
        (
            Text(("a", Call(Reference("aws_cdk", "Fn.ref"), (Text(("B",)),)))),
            '"".join(["a", Fn.ref("B")])',
        ),
        (Items("tuple", (Literal(1),)), "(1,)"),
        (Items("set", ()), "set()"),
        (Call(Given("f"), (Literal(1),), (("a", Literal(None)),)), "f(1, a=None)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_expressions_read_as_people_write_them(written: Expression, text: str) -> None:
    assert LAYOUT.flat(written) == text


def test_what_cannot_be_written_says_so() -> None:
    with pytest.raises(CannotBeWritten, match="a live thing"):
        LAYOUT.lines("", Call(Given("f"), (Items("list", (Unwritable("a live thing"),)),)), indent=0)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("orders", "orders"),
        ("my-orders", "my_orders"),
        ("orders:source", "orders_source"),
        ("URLShortener", "url_shortener"),
        ("a__b--c", "a_b_c"),
        ("2nd", "_2nd"),
        ("--", "value"),
    ],
)
def test_variables_are_named_after_keys(key: str, name: str) -> None:
    assert variable_name(key) == name
    assert name.isidentifier()


def test_names_are_given_once_each() -> None:
    names = Names({"tags"})

    assert [names.give(each) for each in ("tags", "tags", "class", "orders", "orders", "orders")] == [
        *("tags_", "tags_2", "class_"),
        *("orders", "orders_2", "orders_3"),
    ]


@pytest.mark.parametrize(("name", "of_class"), [("shop", "Shop"), ("my-shop-2", "MyShop2"), ("URLs", "URLs")])
def test_classes_are_named_after_stacks(name: str, of_class: str) -> None:
    assert class_name(name) == of_class
