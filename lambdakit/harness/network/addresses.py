"""Addresses and blocks of them as numbers, and what they have in common."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable
from typing import Final

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """The addresses from first to last. version: 4 or 6."""

    version: int
    first: int
    last: int

    @property
    def size(self) -> int:
        """How many addresses it has."""
        return self.last - self.first + 1

    def address(self, place: int) -> str:
        """One of the addresses as text, counted from 0."""
        number = self.first + place
        return str(ipaddress.IPv4Address(number) if self.version == 4 else ipaddress.IPv6Address(number))

    def covers(self, other: Block) -> bool:
        """Whether every address of the other one is in this one."""
        return self.version == other.version and self.first <= other.first and other.last <= self.last

    def overlaps(self, other: Block) -> bool:
        """Whether they have an address in common."""
        return self.version == other.version and self.first <= other.last and other.first <= self.last


@functools.lru_cache(maxsize=4096)
def block_of(text: str) -> Block | None:
    """A CIDR block, or the block of one address; None for any other text."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return Block(network.version, int(network.network_address), int(network.broadcast_address))


def blocks_of(texts: Iterable[str]) -> tuple[Block, ...]:
    """The blocks among the texts."""
    return tuple(block for block in (block_of(text) for text in texts) if block is not None)


def without(blocks: Iterable[Block], taken: Block) -> tuple[Block, ...]:
    """The blocks' addresses that are not in `taken`."""
    left = []
    for block in blocks:
        if not block.overlaps(taken):
            left.append(block)
            continue
        if block.first < taken.first:
            left.append(Block(block.version, block.first, taken.first - 1))
        if taken.last < block.last:
            left.append(Block(block.version, taken.last + 1, block.last))
    return tuple(left)


def covered(wanted: Iterable[Block], by: Iterable[Block]) -> bool:
    """Whether every address of `wanted` is in one of the blocks `by`."""
    left = tuple(wanted)
    for block in by:
        left = without(left, block)
        if not left:
            return True
    return not left


def _blocks(*texts: str) -> tuple[Block, ...]:
    return tuple(Block(n.version, int(n[0]), int(n[-1])) for n in map(ipaddress.ip_network, texts))


# Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 1918, RFC 6598, RFC 4193, RFC 3927, RFC 4291).
LOOPBACK: Final = _blocks("127.0.0.0/8", "::1/128")
LINK_LOCAL: Final = _blocks("169.254.0.0/16", "fe80::/10")
PRIVATE: Final = _blocks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")

_SPECIAL: Final = (*PRIVATE, *LOOPBACK, *LINK_LOCAL, *_blocks("0.0.0.0/8", "224.0.0.0/3"))
INTERNET: Final = tuple(
    functools.reduce(without, (block for block in _SPECIAL if block.version == 4), _blocks("0.0.0.0/0"))
)
INTERNET_6: Final = _blocks("2000::/3")


def is_in(block: Block, blocks: Iterable[Block]) -> bool:
    """Whether one of the blocks covers it."""
    return any(each.covers(block) for each in blocks)
