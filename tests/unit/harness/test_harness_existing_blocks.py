"""CIDR blocks for networks of which nobody knows any."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.deployment.existing.blocks import block_for_subnet, block_for_vpc, lies_in


@pytest.mark.parametrize(
    ("inside", "others", "block"),
    [
        ([], [], "10.0.0.0/16"),
        ([], ["10.0.0.0/16"], "10.1.0.0/16"),
        ([], ["10.0.0.0/20", "10.1.255.0/24"], "10.2.0.0/16"),
        ([], ["10.0.0.0/8"], "10.0.0.0/16"),
        (["192.168.7.0/24"], [], "192.168.0.0/16"),
        (["10.5.0.0/16"], ["10.5.0.0/16"], "10.5.0.0/16"),
        (["no block", "2001:db8::/56", "172.16.9.0/28"], [], "172.16.0.0/16"),
    ],
)
def test_block_for_a_vpc(inside: list[str], others: list[str], block: str) -> None:
    assert block_for_vpc(inside, others) == block


@pytest.mark.parametrize(
    ("vpc", "taken", "block"),
    [
        (["10.0.0.0/16"], [], "10.0.255.0/24"),
        (["10.0.0.0/16"], ["10.0.255.128/25"], "10.0.254.0/24"),
        (["10.0.0.0/22"], [], "10.0.3.192/26"),
        (["10.0.0.0/28"], [], "10.0.0.0/28"),
        (["10.0.0.0/28"], ["10.0.0.0/28"], "100.64.0.0/24"),
        (["10.0.0.0/28", "10.1.0.0/24"], ["10.0.0.0/28"], "10.1.0.240/28"),
        (["10.0.0.0/16"], ["10.0.0.0/16", "100.64.0.0/24"], "100.64.1.0/24"),
    ],
)
def test_block_for_a_subnet(vpc: list[str], taken: list[str], block: str) -> None:
    assert block_for_subnet(vpc, taken) == block


@given(st.integers(16, 28), st.integers(0, 40))
def test_subnets_never_overlap_and_are_of_a_size_that_aws_has(prefix: int, count: int) -> None:
    vpc = str(ipaddress.IPv4Network(("10.64.0.0", prefix)))
    taken: list[str] = []

    for _ in range(count):
        taken.append(block_for_subnet([vpc], taken))

    blocks = [ipaddress.IPv4Network(each) for each in taken]
    assert all(16 <= each.prefixlen <= 28 for each in blocks)
    assert not any(one.overlaps(other) for index, one in enumerate(blocks) for other in blocks[:index])


@pytest.mark.parametrize(
    ("block", "wholes", "holds"),
    [
        ("10.0.1.0/24", ["10.0.0.0/16"], True),
        ("10.0.0.0/16", ["10.0.0.0/16"], True),
        ("10.0.0.0/16", ["10.0.1.0/24"], False),
        ("10.1.0.0/24", ["10.0.0.0/16", "10.1.0.0/20"], True),
        ("10.0.1.0/24", [], False),
        ("2001:db8::/64", ["10.0.0.0/16"], False),
    ],
)
def test_lies_in(block: str, wholes: list[str], holds: bool) -> None:
    assert lies_in(block, wholes) is holds
