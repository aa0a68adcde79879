"""Requests that delivery streams make: where they go from here, and what a server answers.

A destination's host leads to the server that a test bound to it, or to an API that is deployed here; nothing is sent
anywhere else.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

from lambdakit.harness.network.bindings import ResourceEndpoint, Target
from lambdakit.records import dataclass

# Amazon Data Firehose Developer Guide, "Understand HTTP endpoint delivery request and response specifications": "HTTP
# endpoints have 3 minutes to respond to a request before Amazon Data Firehose times out that request".
SECONDS_MAX: Final = 180.0
_ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRequest:
    """A request. body: as it is sent. plain: the body before it was compressed."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    plain: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAnswer:
    """What a server said. content_type: in lower case, without parameters."""

    status: int
    content_type: str
    body: bytes


class NoAnswer(Exception):
    """Nothing came back. is_late: the time for it was over; otherwise the connection failed."""

    def __init__(self, problem: str, *, is_late: bool) -> None:
        super().__init__(problem)
        self.is_late = is_late


class Bound(Protocol):
    """What tests bound: see `Bindings`."""

    def server_of(self, host: str, port: int) -> Target | None:
        """The server of this machine that stands for a host; None when none does."""

    def resource_at(self, host: str) -> ResourceEndpoint | None:
        """The deployed resource that a host belongs to."""

    def host_of(self, type_names: tuple[str, ...], physical_id: str) -> str:
        """The host of a deployed resource; empty when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a request goes instead. path: with its query."""

    host: str
    port: int
    path: str
    is_tls: bool


class EndpointServers:
    """Finds the servers of destinations, and asks them.

    localize: has the URL of an API that is deployed here lead to where it is served.
    """

    def __init__(self, bound: Bound, localize: Callable[[str], str]) -> None:
        self.bound = bound
        self.localize = localize
        self._open: set[http.client.HTTPConnection] = set()
        self._is_closed = False
        self._lock = threading.Lock()

    def close(self) -> None:
        """No answer is waited for any more. Idempotent."""
        with self._lock:
            self._is_closed, waiting = True, list(self._open)
        for connection in waiting:
            _hang_up(connection)

    def find(self, url: str) -> Address | None:
        """Where requests for a URL go; None when nothing stands for it."""
        found = _parts(url)
        if found is None:
            return None
        server = self.bound.server_of(found.host, found.port)
        if server is not None:
            # A server that stands for another is spoken to without TLS.
            return Address(host=server.host, port=server.port, path=found.path, is_tls=False)
        local = _parts(self.localize(url))
        return local if local is not None and local.host in _LOOPBACK else None

    def send(self, request: EndpointRequest, address: Address) -> EndpointAnswer:
        """The answer to a request. NoAnswer."""
        connection = _connection(address)
        with self._lock:
            self._open.add(connection)
            is_closed = self._is_closed
        try:
            if is_closed:
                raise NoAnswer("the harness ends", is_late=False)
            connection.request(request.method, address.path, request.body, dict(request.headers))
            response = connection.getresponse()
            body = response.read(_ANSWER_BYTES_MAX)
        except TimeoutError:
            raise NoAnswer(f"no answer within {SECONDS_MAX:g} seconds", is_late=True) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(str(error) or type(error).__name__, is_late=False) from None
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
        content_type = response.headers.get_content_type() if response.headers.get("Content-Type") else ""
        return EndpointAnswer(status=response.status, content_type=content_type, body=body)


def _parts(url: str) -> Address | None:
    """A URL's own address; None for what is no URL of HTTP."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if not host or not port:
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(host=host, port=port, path=path, is_tls=parts.scheme == "https")


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """Wakes whoever waits for an answer."""
    with contextlib.suppress(OSError, AttributeError):  # there is no socket before it is connected
        connection.sock.shutdown(socket.SHUT_RDWR)


def _connection(address: Address) -> http.client.HTTPConnection:
    if not address.is_tls:
        return http.client.HTTPConnection(address.host, address.port, timeout=SECONDS_MAX)
    # Nobody certifies a server of this machine.
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(address.host, address.port, timeout=SECONDS_MAX, context=unverified)
