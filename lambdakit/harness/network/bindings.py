"""What stands for something outside the harness: a local server for a recorded database, a host that a test allowed.

In: the names a test gives, and the endpoints of what is deployed. Out: where a connection to a host and port goes.
"""

from __future__ import annotations

import ipaddress
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.records import dataclass

_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))+")
_ALLOWED_PORTS: Final = (443, 80)
# What a server of each kind listens on by itself, by the scheme of its URL.
_PORT_OF_SCHEME: Final[Mapping[str, int]] = {
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "redis": 6379,
    "rediss": 6379,
    "valkey": 6379,
    "memcached": 11211,
    "mongodb": 27017,
    "http": 80,
    "https": 443,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceEndpoint:
    """Where a deployed resource says that it is to be reached. path: its construct path; may be empty.

    ports: those at which a client may look for it: the one its attribute names, and the usual one of its kind.
    """

    logical_id: str
    path: str
    physical_id: str
    type: str
    host: str
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a connection goes instead. name: what a test called it."""

    name: str
    host: str
    port: int


class Bindings:
    """What a test bound and allowed. endpoints: of all that is deployed at the moment.

    served: may be set: where hosts lead that the harness serves itself, by host and port.
    """

    def __init__(self, endpoints: Callable[[], Sequence[ResourceEndpoint]]) -> None:
        self._endpoints = endpoints
        self.served: Callable[[], Mapping[str, Mapping[int, Target]]] = dict
        self._bound: dict[str, Target] = {}
        self._allowed: dict[str, tuple[int, ...]] = {}
        self._lock = threading.Lock()

    def bind(self, resource: str, url: str) -> None:
        """Has connections to a resource go to a server of this machine; again for another one.

        resource: a logical id, construct path, physical id or a unique part of one; or a host's name.
        HarnessError for a name that means none or several, and for a URL that leads anywhere but to this machine.
        """
        target = _target(resource, url)
        if not self._meant(resource) and not _HOST.fullmatch(resource.lower()):
            raise self._means_nothing(resource)
        with self._lock:
            self._bound[resource] = target

    def allow(self, host: str) -> None:
        """Lets connections out to a host on the internet. host: `name`, for the web's ports, or `name:port`."""
        name, _, port = host.partition(":")
        if not _HOST.fullmatch(name.lower()) or (port and not (port.isdigit() and 0 < int(port) < 65_536)):
            raise HarnessError(
                Diagnostic(
                    pointer="allow_host",
                    problem=f"{host!r} is no name of a host, such as api.example.com or api.example.com:8443",
                    code="LK505",
                )
            )
        ports = (int(port),) if port else _ALLOWED_PORTS
        with self._lock:
            before = self._allowed.get(name.lower(), ())
            self._allowed[name.lower()] = tuple(dict.fromkeys((*before, *ports)))

    def is_allowed(self, host: str, port: int) -> bool:
        """Whether a test let connections out to a host on the internet."""
        with self._lock:
            return port in self._allowed.get(host.lower(), ())

    def targets(self) -> Mapping[str, Mapping[int, Target]]:
        """Where connections go, by host and port; what is bound goes before what is allowed, and that before served."""
        with self._lock:
            bound, allowed = dict(self._bound), dict(self._allowed)
        found: dict[str, dict[int, Target]] = {host: dict(targets) for host, targets in self.served().items()}
        for host, ports in allowed.items():
            found.setdefault(host, {}).update({port: Target(name=host, host=host, port=port) for port in ports})
        for resource, target in bound.items():
            endpoints = self._meant(resource)
            if not endpoints:
                found.setdefault(resource.lower(), {})[target.port] = target
            for endpoint in endpoints:
                found.setdefault(endpoint.host.lower(), {}).update(dict.fromkeys(endpoint.ports, target))
        return found

    def server_of(self, host: str, port: int) -> Target | None:
        """The server of this machine that stands for a host; None when none does. port: whose goes before another."""
        ports = self.targets().get(host.lower(), {})
        found = (one for one in (ports.get(port), *ports.values()) if one is not None and _is_loopback(one.host))
        return next(found, None)

    def host_of(self, type_names: tuple[str, ...], physical_id: str) -> str:
        """The host of a deployed resource; empty when there is none. type_names: those it may be of."""
        hosts = (one.host for one in self._endpoints() if one.type in type_names and one.physical_id == physical_id)
        return next(hosts, "")

    def resource_at(self, host: str) -> ResourceEndpoint | None:
        """The deployed resource that a host belongs to; None when it belongs to none."""
        return next((endpoint for endpoint in self._endpoints() if endpoint.host.lower() == host), None)

    def _meant(self, resource: str) -> Sequence[ResourceEndpoint]:
        """The endpoints of the one resource that a name means; none when it means none."""
        endpoints = self._endpoints()
        exact = [endpoint for endpoint in endpoints if resource in _names(endpoint)]
        found = exact or [endpoint for endpoint in endpoints if any(resource in name for name in _names(endpoint))]
        if len({(endpoint.logical_id, endpoint.physical_id) for endpoint in found}) > 1:
            names = ", ".join(_shown(found))
            raise HarnessError(
                Diagnostic(
                    pointer="bind",
                    problem=f"{resource!r} means {names}",
                    code="LK544",
                    hint="pass a longer part, or the host of the endpoint",
                )
            )
        return found

    def _means_nothing(self, resource: str) -> HarnessError:
        names = _shown(self._endpoints())
        there = f"; there is {', '.join(names)}" if names else ""
        return HarnessError(
            Diagnostic(
                pointer="bind",
                problem=f"{resource!r} is no deployed database, cache or domain{there}",
                code="LK545",
                hint="deploy it first, and give its logical id, its construct path or a unique part of either",
            )
        )


def _names(endpoint: ResourceEndpoint) -> Iterable[str]:
    return filter(None, (endpoint.logical_id, endpoint.path, endpoint.physical_id, endpoint.host))


def _shown(endpoints: Iterable[ResourceEndpoint]) -> Sequence[str]:
    return list(dict.fromkeys(endpoint.path or endpoint.logical_id for endpoint in endpoints))


def _target(resource: str, url: str) -> Target:
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        host, port = parts.hostname or "", parts.port or _PORT_OF_SCHEME.get(parts.scheme, 0)
    except ValueError:
        host, port = "", 0
    if host == "localhost":
        host = "127.0.0.1"
    if not port or not _is_loopback(host):
        raise HarnessError(
            Diagnostic(
                pointer=f"bind({resource!r})",
                problem=f"{url!r} names no server of this machine",
                code="LK505",
                hint='pass a URL such as "postgresql://127.0.0.1:5432/test"; only 127.0.0.1, ::1 and localhost will do',
            )
        )
    return Target(name=resource, host=host, port=port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
