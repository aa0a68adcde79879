"""The listeners that were made inside the network namespaces of execution environments, served by one thread.

A function in a sandbox reaches nothing but these: the harness's endpoint and its front doors, under the same ports as
outside.
Source: epoll(7); network_namespaces(7): a socket stays in the namespace it was made in, whoever holds it.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import threading
from collections.abc import Callable, Sequence

from lambdakit.harness.listener import Connections, RequestHandler

HTTPS_PORT = 443


class InnerListeners:
    """Accepts for all environments. Linux only, as the namespaces are.

    tls: the server's side of what comes in on port 443. Absence: nothing is to listen there.
    """

    def __init__(self, tls: Callable[[], ssl.SSLContext] | None = None) -> None:
        self._connections = Connections("inner")
        self._secured = None if tls is None else Connections("inner-tls", tls=tls)
        self._handlers: dict[int, tuple[socket.socket, RequestHandler]] = {}
        self._lock = threading.Lock()
        self._poll = select.epoll()
        self._wake, self._waker = os.pipe()
        self._poll.register(self._wake, select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name="inner-accept", daemon=True)
        self._thread.start()

    def attach(self, listeners: Sequence[tuple[socket.socket, RequestHandler]]) -> None:
        """Serves each listener with its handler, until it is detached."""
        for listening, handle in listeners:
            listening.setblocking(False)
            with self._lock:
                self._handlers[listening.fileno()] = (listening, handle)
            self._poll.register(listening.fileno(), select.EPOLLIN)

    def detach(self, listeners: Sequence[socket.socket]) -> None:
        """Stops serving and closes listeners; their connections end with the processes that hold them."""
        for listening in listeners:
            with self._lock:
                known = self._handlers.pop(listening.fileno(), None)
            if known is not None:
                with contextlib.suppress(OSError):
                    self._poll.unregister(listening.fileno())
            listening.close()

    def close(self) -> None:
        """Ends every listener and connection. Idempotent."""
        if self._waker < 0:
            return
        os.close(self._waker)
        self._waker = -1
        self._thread.join()
        self.detach([listening for listening, _ in list(self._handlers.values())])
        self._connections.close()
        if self._secured is not None:
            self._secured.close()
        self._poll.close()
        os.close(self._wake)

    def _run(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._wake:
                    return
                self._accept(descriptor)

    def _accept(self, descriptor: int) -> None:
        with self._lock:
            known = self._handlers.get(descriptor)
        if known is None:
            return
        listening, handle = known
        with contextlib.suppress(OSError):
            connection, peer = listening.accept()
            connection.setblocking(True)
            secured = self._secured is not None and listening.getsockname()[1] == HTTPS_PORT
            connections = self._secured if secured else self._connections
            assert connections is not None
            connections.serve(connection, peer, handle)
