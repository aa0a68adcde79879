"""The routes and sockets by which the harness stands for the world around an execution environment.

Every address that is nobody's is routed into the loopback, where its packets end without an answer, as in a network
that has no path: whoever connects there hangs until somebody decides otherwise.
Source: rtnetlink(7), packet(7); measured as root and as an ordinary user, with and without forwarding.
"""

from __future__ import annotations

import os
import socket
import struct

RESOLVER = ("127.0.0.1", 53)  # where resolv.conf(5) says that one is looked for when nothing names another

_SOURCE = "169.254.76.1"  # what a function that connects sees as its own address
_LINK_LOCAL = ("169.254.0.0", 16)  # at once refused, as there is nobody
_RELAYED = ("198.19.0.0", 16)  # where the harness listens for names

_RTM_NEWROUTE = 24
_REQUEST_ACK_CREATE_REPLACE = 0x1 | 0x4 | 0x400 | 0x100
_DESTINATION, _OUTPUT, _PREFERRED_SOURCE = 1, 4, 7
_UNICAST, _LOCAL = 1, 2
_TABLE_MAIN, _TABLE_LOCAL = 254, 255
_SCOPE_LINK, _SCOPE_HOST = 253, 254
_PROTOCOL_BOOT = 3
_LOOPBACK_INDEX = 1


def make(relays: list[list[object]]) -> list[socket.socket]:
    """A resolver's socket, a packet socket that watches nothing yet, and a listener for each address and port.

    Where the machine allows no packet socket, another one stands in its place, and what is nobody's is unreachable at
    once. To be called with CAP_NET_ADMIN and CAP_NET_BIND_SERVICE over the namespace, whose loopback is up.
    """
    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    resolver.bind(RESOLVER)
    try:
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    except OSError:
        tap = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    _add_routes(hangs=tap.family == socket.AF_PACKET)
    made = [resolver, tap]
    for address, port in relays:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind((address, port))
        listener.listen(128)
        made.append(listener)
    return made


def _add_routes(*, hangs: bool) -> None:
    local = struct.pack("=BBBB", _TABLE_LOCAL, _PROTOCOL_BOOT, _SCOPE_HOST, _LOCAL)
    anywhere = struct.pack("=BBBB", _TABLE_MAIN, _PROTOCOL_BOOT, _SCOPE_LINK, _UNICAST)
    messages = [_route(local, *_LINK_LOCAL), _route(local, *_RELAYED)]
    if hangs:
        messages.append(_route(anywhere, "", 0, _attribute(_PREFERRED_SOURCE, socket.inet_aton(_SOURCE))))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel_routes:
        kernel_routes.send(b"".join(messages))
        for _ in messages:
            error = -struct.unpack_from("=i", kernel_routes.recv(4096), 16)[0]
            if error:
                raise OSError(error, f"route: {os.strerror(error)}")


def _route(kind: bytes, destination: str, bits: int, more: bytes = b"") -> bytes:
    body = struct.pack("=BBBB", socket.AF_INET, bits, 0, 0) + kind + struct.pack("=I", 0)
    body += _attribute(_DESTINATION, socket.inet_aton(destination)) if destination else b""
    body += _attribute(_OUTPUT, struct.pack("=I", _LOOPBACK_INDEX)) + more
    return struct.pack("=IHHII", 16 + len(body), _RTM_NEWROUTE, _REQUEST_ACK_CREATE_REPLACE, 1, 0) + body


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
