"""The addresses under which front doors are reached: an API's AWS host name in a template becomes a loopback URL.

So do a function URL's, a custom domain's and a queue's: the SDK for JavaScript sends its requests to the URL's host,
whatever endpoint it was given. Every door has a listener of its own, so that paths, redirects and cookies are what they
are on AWS.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from lambdakit.harness.listener import Listener, RequestHandler
from lambdakit.harness.wire import Request, RequestParser, Response
from lambdakit.limits import HTTP_API_PAYLOAD_BYTES_MAX
from lambdakit.records import dataclass

_DOOR_URL = re.compile(
    r"(https|wss)://([a-z0-9]+)\.(?:(?:execute-api|appsync-api|appsync-realtime-api)\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
    r"|lambda-url\.[a-z0-9-]+\.on\.aws)"
)
# Source: SQS Developer Guide, "Queue and message identifiers".
_QUEUE_ORIGIN = re.compile(r"https?://sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?=/\d{12}/)")
# An API's host name alone, as clients that put the scheme before it are told it.
_API_NAME = re.compile(
    r"([a-z0-9]+)\.(?:execute-api|appsync-api|appsync-realtime-api)\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
)
# Source: Elastic Load Balancing User Guide, "How Elastic Load Balancing works": a load balancer's DNS name.
_BALANCER_NAME = re.compile(r"[A-Za-z0-9-]+\.[a-z0-9-]+\.elb\.amazonaws\.com(?:\.cn)?")
_BALANCER_URL = re.compile(rf"(https?)://({_BALANCER_NAME.pattern})(?::(\d{{1,5}}))?(?![\w.-])")
# Any other host that somebody may be asked for: of a website or a distribution, its other names among them.
_SITE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+")
_SITE_URL = re.compile(rf"(https?)://({_SITE_NAME.pattern})(?::(\d{{1,5}}))?(?![\w.-])")
_BODY_BYTES_MAX = HTTP_API_PAYLOAD_BYTES_MAX + 64 * 1024  # a little over what the API takes: its own 413 answers that


class DoorHandler(Protocol):
    """Whoever serves a door."""

    def __call__(self, request: Request, environment: str = "") -> Response:
        """The answer. environment: the execution environment that the request comes from; empty for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    listener: Listener
    handle: DoorHandler
    reset: Callable[[], None]


class FrontDoors:
    """The doors by their ids: of an API, of a function URL, or the name of a custom domain.

    endpoint_url: where the AWS APIs are served. Absence: queues keep the URLs that AWS gives them.
    open_unknown: may be set: told an id that somebody asks for and that has no door; opens one, if there is to be one.
    balancer_door: may be set: the id of the door of a load balancer's port, by its DNS name, with port 0 for the one
    that clients want; None for no balancer's.
    site_door: may be set: the same of websites and distributions.
    """

    def __init__(self, endpoint_url: Callable[[], str] | None = None) -> None:
        self._endpoint_url = endpoint_url
        self.open_unknown: Callable[[str], None] = lambda door_id: None
        self.balancer_door: Callable[[str, int], str | None] = lambda host, port: None
        self.site_door: Callable[[str, int], str | None] = lambda host, port: None
        self._doors: dict[str, _Door] = {}
        self._ids: dict[str, str] = {}  # by what else a door is known by
        self._retired: list[Listener] = []  # whose last requests may still be under way
        self._lock = threading.Lock()

    def open(
        self,
        door_id: str,
        handle: DoorHandler,
        *,
        also_called: str = "",
        reset: Callable[[], None] = lambda: None,
    ) -> str:
        """Serves a door and returns its base URL, without a trailing slash. One with the same id is closed.

        also_called: the physical id of its resource, where that is another. reset: forgets what the door remembers.
        """
        door = _Door(listener=_listener(door_id, handle), handle=handle, reset=reset)
        with self._lock:
            before = self._doors.get(door_id)
            self._doors[door_id] = door
            self._ids[also_called or door_id] = door_id
        if before is not None:
            self._retire(before)
        return door.listener.url

    def open_once(
        self,
        door_id: str,
        handle: DoorHandler,
        *,
        also_called: str = "",
        reset: Callable[[], None] = lambda: None,
    ) -> str:
        """The same for a door that several may want to open at once: the first one stays, and its URL is returned."""
        door = _Door(listener=_listener(door_id, handle), handle=handle, reset=reset)
        with self._lock:
            first = self._doors.setdefault(door_id, door)
            self._ids[also_called or door_id] = door_id
        if first is not door:
            door.listener.close()  # nobody was told of it
        return first.listener.url

    def handler(self, door_id: str) -> DoorHandler | None:
        """Who serves a door; None when there is no such door."""
        door = self._doors.get(door_id)
        return None if door is None else door.handle

    def asked_for(self, door_id: str) -> DoorHandler | None:
        """The same, where a door may still have to be opened."""
        if door_id not in self._doors:
            self.open_unknown(door_id)
        return self.handler(door_id)

    def handler_of_host(self, host: str) -> DoorHandler | None:
        """Who serves a custom domain, a load balancer or a site, by the `Host` of a request; None for any other."""
        name, _, port = host.lower().partition(":")
        if "." not in name:
            return None
        balancer = self.balancer_door(name, int(port) if port.isdigit() else 80) if ".elb.amazonaws." in name else None
        return self.handler(name if balancer is None else balancer) or self.handler(self.site_door(name, 0) or "")

    def handler_at(self, port: int) -> DoorHandler | None:
        """Who serves the door with a port of this machine; None for any other port."""
        with self._lock:
            doors = list(self._doors.values())
        return next((door.handle for door in doors if door.listener.port == port), None)

    @property
    def endpoint_url(self) -> str:
        """Where the AWS APIs are served; empty where nobody said."""
        return "" if self._endpoint_url is None else self._endpoint_url()

    def ids(self) -> list[str]:
        """The ids of all doors."""
        return list(self._doors)

    def url(self, door_id: str) -> str | None:
        """The base URL of a door; None when there is no such door."""
        door = self._doors.get(door_id)
        return None if door is None else door.listener.url

    def address(self, physical_id: str) -> tuple[str, str] | None:
        """A resource's door: its id and its base URL; None for a resource without one."""
        door_id = self._ids.get(physical_id, "")
        url = self.url(door_id)
        return None if url is None else (door_id, url)

    def ports(self, environment: str = "") -> Mapping[int, RequestHandler]:
        """Who serves which port. environment: the one that asks there."""
        with self._lock:
            doors = list(self._doors.values())
        return {door.listener.port: functools.partial(door.handle, environment=environment) for door in doors}

    def call_also(self, door_id: str, physical_id: str) -> None:
        """From now on a door is that of another resource as well."""
        with self._lock:
            self._ids[physical_id] = door_id

    def reset(self, door_id: str) -> None:
        """Lets a door forget what it remembers; nothing happens when there is none."""
        door = self._doors.get(door_id)
        if door is not None:
            door.reset()

    def close_door(self, door_id: str) -> None:
        """Stops serving a door; nothing happens when there is none.

        Requests that are under way are answered, and not waited for: one of them may be what closes the door.
        """
        with self._lock:
            door = self._doors.pop(door_id, None)
            for name in [name for name, known in self._ids.items() if known == door_id]:
                del self._ids[name]
        if door is not None:
            self._retire(door)

    def close(self) -> None:
        """Closes every door, with what is under way. Idempotent."""
        for door_id in list(self._doors):
            self.close_door(door_id)
        for listener in self._retired:
            listener.close()

    def localize(self, value: object) -> object:
        """`value` with every URL of a queue, or of a door that is served here, replaced, at any depth."""
        if isinstance(value, str):
            return self._localized(value)
        if isinstance(value, list):
            return [self.localize(item) for item in value]
        if isinstance(value, dict):
            return {key: self.localize(item) for key, item in value.items()}
        return value

    def localize_url(self, url: str) -> str:
        """The same of a URL that is about to be asked: the door of an API is opened, where there is none yet."""
        asked = _DOOR_URL.match(url)
        if asked is not None:
            self.asked_for(asked[2])
        return self._localized(url)

    def localize_output(self, value: object, *, is_exported: bool) -> object:
        """The same of a stack's output, where the host name of an API or a balancer becomes an address with a port too.

        is_exported: another stack may import the name, and wants AWS's.
        """
        found = self.localize(value)
        if is_exported or not isinstance(found, str):
            return found
        api = _API_NAME.fullmatch(found)
        door_id = api[1] if api else self.balancer_door(found, 0) if _BALANCER_NAME.fullmatch(found) else None
        if door_id is None and _SITE_NAME.fullmatch(found):
            door_id = self.site_door(found.lower(), 0)
        url = None if door_id is None else self.url(door_id)
        return found if url is None else url.removeprefix("http://")

    def _localized(self, text: str) -> str:
        if "://" not in text:
            return text
        text = _DOOR_URL.sub(lambda match: _as_asked(match[1], self.url(match[2])) or match[0], text)
        text = _BALANCER_URL.sub(self._balancer_url, text)
        text = _SITE_URL.sub(self._site_url, text)
        for name, door in list(self._doors.items()):
            if "." in name:  # a custom domain's
                url = door.listener.url
                host = rf"(https|wss)://{re.escape(name)}(?=[/:?\s]|$)"
                text = re.sub(host, lambda match, url=url: _as_asked(match[1], url) or match[0], text)  # type: ignore[misc]
        endpoint = self._endpoint_url
        return text if endpoint is None else _QUEUE_ORIGIN.sub(lambda _: endpoint(), text)

    def _retire(self, door: _Door) -> None:
        door.reset()  # a connection that goes on for long is told that it ends
        door.listener.retire()
        with self._lock:
            self._retired = [*(each for each in self._retired if not each.is_over), door.listener]

    def _balancer_url(self, match: re.Match[str]) -> str:
        """The port of a balancer that a URL leads to; TLS ends before it, so that the scheme is http."""
        port = int(match[3] or (443 if match[1] == "https" else 80))
        door_id = self.balancer_door(match[2], port)
        return (None if door_id is None else self.url(door_id)) or match[0]

    def _site_url(self, match: re.Match[str]) -> str:
        port = int(match[3] or (443 if match[1] == "https" else 80))
        door_id = self.site_door(match[2].lower(), port)
        return (None if door_id is None else self.url(door_id)) or match[0]


def _as_asked(scheme: str, url: str | None) -> str | None:
    """A door's URL for those who come by HTTP, or by WebSocket."""
    return f"ws://{url.partition('://')[2]}" if url is not None and scheme == "wss" else url


def _listener(door_id: str, handle: DoorHandler) -> Listener:
    return Listener(handle, name=f"door-{door_id}", parser=lambda: RequestParser(body_bytes_max=_BODY_BYTES_MAX))
