from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.spec.pointer import Pointer, parse_pointer, render_pointer


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ((), ""),
        (("patterns", "orders", "routes", "GET /orders"), "patterns.orders.routes.GET /orders"),
        (("routes", "GET /orders/{order_id}", "layers", 0), "routes.GET /orders/{order_id}.layers[0]"),
        (("routes", "$default"), "routes.$default"),
        (("routes", "GET /v1.0/orders", "code"), 'routes."GET /v1.0/orders".code'),
        (("a", ""), 'a.""'),
        (("a", "[0]"), 'a."[0]"'),
        (("a", 'say "x"'), 'a."say \\"x\\""'),
        ((0, "a"), "[0].a"),
    ],
)
def test_pointer_has_one_text(pointer: Pointer, text: str) -> None:
    assert render_pointer(pointer) == text
    assert parse_pointer(text) == pointer


@given(st.lists(st.one_of(st.text(), st.integers(min_value=0, max_value=99_999))))
def test_every_pointer_survives_its_text(steps: list[str | int]) -> None:
    assert parse_pointer(render_pointer(tuple(steps))) == tuple(steps)


@given(st.text())
def test_any_text_can_be_read_as_far_as_it_is_a_pointer(text: str) -> None:
    parse_pointer(text)
