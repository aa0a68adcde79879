"""CIDR blocks for networks of which nobody knows any: free ones, as AWS would allow them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Final

_VPC_PREFIX: Final = 16
_SUBNET_PREFIX: Final = 24
_SMALLEST_PREFIX: Final = 28
_TEN: Final = ipaddress.IPv4Network("10.0.0.0/8")
# Amazon VPC User Guide, "VPC CIDR blocks": blocks of 100.64.0.0/10 may be added to any VPC.
_SHARED: Final = ipaddress.IPv4Network("100.64.0.0/10")


def block_for_vpc(inside: Iterable[str], others: Iterable[str]) -> str:
    """A block for a VPC. inside: blocks of subnets that it will get. others: of the VPCs there are."""
    for block in networks(inside):
        if block.prefixlen >= _VPC_PREFIX:
            return str(block.supernet(new_prefix=_VPC_PREFIX))
    taken = list(networks(others))
    free = _free(_TEN, _VPC_PREFIX, taken)
    return str(next(free, next(_TEN.subnets(new_prefix=_VPC_PREFIX))))


def block_for_subnet(vpc: Iterable[str], taken: Iterable[str]) -> str:
    """A free block for a subnet: within the VPC's, else one that the VPC has to be given as well."""
    used = list(networks(taken))
    for whole in networks(vpc):
        prefix = min(max(whole.prefixlen + 4, _SUBNET_PREFIX), _SMALLEST_PREFIX)
        # From the end, for templates that make subnets count from the beginning.
        last = next(_free(whole, prefix, used, backwards=True), None)
        if last is not None:
            return str(last)
    return str(next(_free(_SHARED, _SUBNET_PREFIX, used)))


def lies_in(block: str, wholes: Iterable[str]) -> bool:
    """Whether one of the blocks holds all of this one."""
    inner = next(networks([block]), None)
    return inner is not None and any(inner.subnet_of(whole) for whole in networks(wholes))


def networks(blocks: Iterable[str]) -> Iterator[ipaddress.IPv4Network]:
    """Those that are IPv4 blocks."""
    for block in blocks:
        try:
            yield ipaddress.IPv4Network(block, strict=False)
        except ValueError:
            continue


def _free(
    whole: ipaddress.IPv4Network, prefix: int, used: list[ipaddress.IPv4Network], *, backwards: bool = False
) -> Iterator[ipaddress.IPv4Network]:
    count = 2 ** (prefix - whole.prefixlen) if prefix >= whole.prefixlen else 0
    size = 2 ** (32 - prefix)
    for index in range(count - 1, -1, -1) if backwards else range(count):
        block = ipaddress.IPv4Network((int(whole.network_address) + index * size, prefix))
        if not any(block.overlaps(other) for other in used):
            yield block
