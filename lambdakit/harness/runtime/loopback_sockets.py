"""Sockets with which the harness connects to something that listens inside an execution environment.

A socket stays in the network namespace it was made in, whoever holds it. So the environment makes a few that are not
connected, and hands them to the harness, which connects them when it has something to send; afterwards they are used
again. Without a sandbox there is one loopback for all, and any new socket will do.
Source: network_namespaces(7); connect(2): an address of family AF_UNSPEC dissolves the association.
"""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Sequence

_ADDRESS_BYTES = 16  # struct sockaddr; all zero is AF_UNSPEC


class LoopbackSockets:
    """The free sockets of one environment. made_inside: None when a new one reaches the environment as well."""

    def __init__(self, made_inside: Sequence[socket.socket] | None = None) -> None:
        self._made_inside = made_inside is not None
        self._free = list(made_inside or ())
        self._taken: set[socket.socket] = set()

    def take(self) -> socket.socket | None:
        """An unconnected socket that never blocks; None while all are in use."""
        if self._free:
            taken = self._free.pop()
        elif self._made_inside:
            return None
        else:
            taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        taken.setblocking(False)
        self._taken.add(taken)
        return taken

    def give_back(self, taken: socket.socket) -> None:
        """Ends its connection; the socket itself can be used again."""
        if taken not in self._taken:
            return
        self._taken.discard(taken)
        if self._made_inside and _disconnect(taken):
            self._free.append(taken)
        else:
            taken.close()

    def keep(self, count: int) -> None:
        """Closes the free ones above `count`, taken ones included in the count."""
        while self._free and len(self._free) + len(self._taken) > count:
            self._free.pop().close()

    def close(self) -> None:
        """Closes all of them. Idempotent."""
        for each in (*self._free, *self._taken):
            each.close()
        self._free, self._taken = [], set()


def _disconnect(connected: socket.socket) -> bool:
    """Whether the socket is as good as new. Through connect(2) itself: Python knows no address without a family."""
    call = ctypes.CDLL(None, use_errno=True).connect
    return bool(call(connected.fileno(), bytes(_ADDRESS_BYTES), _ADDRESS_BYTES) == 0)
