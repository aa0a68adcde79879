"""Which candidate a name means."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lambdakit.errors import HarnessError
from lambdakit.session.lookup import find_one, shortest_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something of a deployment that has a name."""

    name: str
    path: str
    logical_id: str = "LoadBalancerBE9EEC3A"
    stack: str = ""
    also_called: tuple[str, ...] = ()


def test_what_two_stacks_call_the_same_is_told_apart_by_its_path() -> None:
    blue = Candidate(name="LoadBalancerBE9EEC3A", path="Blue/LoadBalancer/Resource")
    green = Candidate(name="LoadBalancerBE9EEC3A", path="Green/LoadBalancer/Resource")

    with pytest.raises(HarnessError, match="means 2 of them") as refusal:
        find_one("api", "LoadBalancer", [blue, green])

    assert refusal.value.diagnostics[0].hint == 'pass the whole name, api("Blue/LoadBalancer")'
    assert find_one("api", "Blue/LoadBalancer", [blue, green]) is blue


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("shop/orders/create_order/Function/Resource", "create_order", id="of a pattern"),
        pytest.param("shop/Function/Resource", "Function", id="called so by the user"),
        pytest.param("shop/Api/Handler/Resource", "Handler", id="of a CDK app"),
        pytest.param("", "shop-create", id="without a path"),
    ],
)
def test_the_only_function_is_called_what_the_user_called_it(path: str, name: str) -> None:
    only = Candidate(name="shop-create", path=path)

    assert shortest_name(only, [only]) == name
    assert find_one("function", name, [only]) is only
