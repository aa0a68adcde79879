"""Connections of functions that go on to a server outside their namespace, byte by byte."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Callable
from typing import Final

from lambdakit.harness.network.guard import wait_until_left

_RECEIVE_BYTES: Final = 64 * 1024
_CONNECT_SECONDS: Final = 10
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: no time to linger, so that the close is a reset


class Relay:
    """Every connection that is passed on, each with its threads."""

    def __init__(self) -> None:
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._numbers = itertools.count(1)
        self._closed = False
        self._lock = threading.Lock()

    def connect(
        self, connection: socket.socket, target: tuple[str, int], on_refused: Callable[[OSError], None]
    ) -> None:
        """Passes a function's connection on to a target; resets it, and tells, when that cannot be reached."""
        self._start(lambda: self._serve(connection, target, on_refused), connection)

    def hold(self, connection: socket.socket, on_left: Callable[[], None]) -> None:
        """Keeps a function's connection without an answer, and tells when the function let go of it."""

        def wait() -> None:
            try:
                wait_until_left(connection.fileno())
            finally:
                on_left()
                self._let_go(connection)

        self._start(wait, connection)

    def close(self) -> None:
        """Ends every connection and joins every thread. Idempotent."""
        with self._lock:
            self._closed = True
            connections, threads = list(self._open), list(self._threads)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()

    def _start(self, work: Callable[[], None], connection: socket.socket) -> None:
        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=f"relay-{next(self._numbers)}", daemon=True)
        with self._lock:
            if self._closed:
                connection.close()
                return
            self._open.add(connection)
            self._threads.add(thread)
        thread.start()

    def _serve(self, connection: socket.socket, target: tuple[str, int], on_refused: Callable[[OSError], None]) -> None:
        try:
            outside = socket.create_connection(target, timeout=_CONNECT_SECONDS)
        except OSError as refused:
            on_refused(refused)
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._let_go(connection)
            return
        outside.settimeout(None)
        for each in (connection, outside):
            with contextlib.suppress(OSError):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open.add(outside)
            closed = self._closed
        if closed:
            outside.close()
        back = threading.Thread(target=_pump, args=(outside, connection), name="relay-back", daemon=True)
        back.start()
        _pump(connection, outside)
        back.join()
        self._let_go(connection)
        self._let_go(outside)

    def _let_go(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Passes bytes on until the source ends; the sink then learns of that end, or of the break."""
    try:
        while data := source.recv(_RECEIVE_BYTES):
            sink.sendall(data)
    except OSError:
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
    else:
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
