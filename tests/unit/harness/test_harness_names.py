"""Physical names for what the template leaves without one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.deployment.names import generated_name

_WORDS = st.text(alphabet="ABCabc019", min_size=1, max_size=128)


def _name(stack: str = "shop", logical_id: str = "TableABC", **settings: Any) -> str:
    scope: tuple[str, ...] = settings.pop("scope", ("123456789012", "us-east-1"))
    return generated_name(*scope, stack=stack, logical_id=logical_id, **{"length_max": 64, **settings})


def test_it_names_the_stack_and_the_resource() -> None:
    assert re.fullmatch(r"shop-TableABC-[A-Z2-7]{12}", _name())


def test_it_is_the_same_each_time() -> None:
    assert _name() == _name()


@pytest.mark.parametrize(
    "other",
    [
        {"stack": "shop2"},
        {"logical_id": "TableABD"},
        {"scope": ("123456789012", "eu-west-1")},
        {"scope": ("111122223333", "us-east-1")},
    ],
)
def test_another_resource_has_another_name(other: dict[str, Any]) -> None:
    assert _name(**other)[-12:] != _name()[-12:]


@given(stack=_WORDS, logical_id=_WORDS, length_max=st.sampled_from([20, 24, 32, 40, 63, 64, 100, 128, 255, 512]))
def test_it_is_never_too_long_and_always_well_formed(stack: str, logical_id: str, length_max: int) -> None:
    name = _name(stack, logical_id, length_max=length_max)

    assert len(name) <= length_max
    assert re.fullmatch(r"[A-Za-z0-9]+-[A-Za-z0-9]+-[A-Z2-7]{12}", name)


@given(stack=_WORDS, one=_WORDS, two=_WORDS)
def test_what_is_cut_off_still_tells_two_apart(stack: str, one: str, two: str) -> None:
    assert (_name(stack, one, length_max=24) == _name(stack, two, length_max=24)) == (one == two)


@given(stack=_WORDS, logical_id=_WORDS)
def test_buckets_and_fifo_queues_have_their_own_rules(stack: str, logical_id: str) -> None:
    bucket = _name(stack, logical_id, length_max=63, lower_case=True)
    queue = _name(stack, logical_id, length_max=80, ending=".fifo")

    assert re.fullmatch(r"[a-z0-9-]{3,63}", bucket)
    assert queue.endswith(".fifo")
    assert len(queue) <= 80


def test_scopes_are_not_run_together() -> None:
    assert _name(scope=("ab", "c"))[-12:] != _name(scope=("a", "bc"))[-12:]
