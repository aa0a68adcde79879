"""Requests of delivery streams and state machines: where they go from here, and what a server answers.

A host leads to the server that a test bound to it, to an API that is deployed here or, of a state machine, out to one
that a test allowed; nothing is sent anywhere else.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

from lambdakit.harness.network.bindings import ResourceEndpoint, Target
from lambdakit.records import dataclass

# Amazon Data Firehose Developer Guide, "Understand HTTP endpoint delivery request and response specifications": "HTTP
# endpoints have 3 minutes to respond to a request before Amazon Data Firehose times out that request".
SECONDS_MAX: Final = 180.0
_ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRequest:
    """A request. body: as it is sent. plain: the body before it was compressed.

    headers: one with several values is sent as often. `Host` is what its address is called, unless it is among them.
    """

    method: str
    url: str
    headers: Mapping[str, str | Sequence[str]]
    body: bytes
    plain: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAnswer:
    """What a server said. content_type: in lower case, without parameters. headers: as they came."""

    status: int
    content_type: str
    body: bytes
    reason: str = ""
    headers: Sequence[tuple[str, str]] = ()


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

    def is_allowed(self, host: str, port: int) -> bool:
        """Whether connections are let out to a host on the internet."""

    def host_of(self, type_names: tuple[str, ...], physical_id: str) -> str:
        """The host of a deployed resource; empty when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a request goes instead. path: with its query. is_outside: off this machine."""

    host: str
    port: int
    path: str
    is_tls: bool
    is_outside: bool = False


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

    def find_anywhere(self, url: str) -> Address | None:
        """The same, where hosts on the internet that a test allowed are asked as well."""
        here, there = self.find(url), _parts(url)
        if here is not None or there is None or not self.bound.is_allowed(there.host, there.port):
            return here
        return dataclasses.replace(there, is_outside=True)

    def send(self, request: EndpointRequest, address: Address, *, seconds: float = SECONDS_MAX) -> EndpointAnswer:
        """The answer to a request. NoAnswer. seconds: the longest that a server may take for any part of it."""
        connection = _connection(address, seconds)
        with self._lock:
            self._open.add(connection)
            is_closed = self._is_closed
        try:
            if is_closed:
                raise NoAnswer("the harness ends", is_late=False)
            _write(connection, request, address.path)
            response = connection.getresponse()
            body = response.read(_ANSWER_BYTES_MAX)
        except TimeoutError:
            raise NoAnswer(f"no answer within {seconds:g} seconds", is_late=True) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(str(error) or type(error).__name__, is_late=False) from None
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
        content_type = response.headers.get_content_type() if response.headers.get("Content-Type") else ""
        return EndpointAnswer(
            status=response.status,
            content_type=content_type,
            body=body,
            reason=response.reason,
            headers=response.getheaders(),
        )


def _write(connection: http.client.HTTPConnection, request: EndpointRequest, path: str) -> None:
    given = {name.lower() for name in request.headers}
    connection.putrequest(request.method, path, skip_host="host" in given, skip_accept_encoding=True)
    for name, value in request.headers.items():
        for one in [value] if isinstance(value, str) else value:
            connection.putheader(name, one)
    if request.body or request.method in _WITH_LENGTH:
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body or None)


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


def _connection(address: Address, seconds: float) -> http.client.HTTPConnection:
    if not address.is_tls:
        return http.client.HTTPConnection(address.host, address.port, timeout=seconds)
    context = ssl.create_default_context()
    if not address.is_outside:
        # Nobody certifies a server of this machine.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(address.host, address.port, timeout=seconds, context=context)
