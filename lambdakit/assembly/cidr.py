"""Splitting a block of IP addresses.

Source: CloudFormation Template Reference, "Fn::Cidr".
"""

from __future__ import annotations

import ipaddress
from typing import Final

from lambdakit.assembly.codes import WRONG_ARGUMENT
from lambdakit.assembly.place import Place, shown

COUNT_MAX: Final = 256


def split_block(block: str, *, count: int, host_bits: int, place: Place) -> list[str]:
    """The first `count` blocks of 2 to the power of `host_bits` addresses within `block`.

    host_bits: what the function's page calls subnet bits: 8 gives /24 blocks for IPv4 and /120 for IPv6.
    """
    try:
        network = ipaddress.ip_network(block, strict=False)
    except ValueError:
        raise (place / 0).error(f"{shown(block)} is not a block of IP addresses", WRONG_ARGUMENT) from None
    if not 1 <= count <= COUNT_MAX:
        raise (place / 1).error(f"{count} is not between 1 and {COUNT_MAX}", WRONG_ARGUMENT)
    prefix = network.max_prefixlen - host_bits
    if not 1 <= host_bits <= network.max_prefixlen or prefix < network.prefixlen:
        raise (place / 2).error(f"blocks of {host_bits} bits do not fit into {block}", WRONG_ARGUMENT)
    if count > 1 << min(prefix - network.prefixlen, 9):
        raise place.error(f"{block} holds fewer than {count} blocks of {host_bits} bits", WRONG_ARGUMENT)
    first = int(network.network_address)
    address = type(network.network_address)
    return [f"{address(first + (index << host_bits))}/{prefix}" for index in range(count)]
