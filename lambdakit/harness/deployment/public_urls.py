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
from dataclasses import dataclass
from typing import Protocol

from lambdakit.harness.listener import Listener, RequestHandler
from lambdakit.harness.wire import Request, RequestParser, Response
from lambdakit.limits import HTTP_API_PAYLOAD_BYTES_MAX

_DOOR_URL = re.compile(
    r"(?:https|wss)://([a-z0-9]+)\.(?:execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|lambda-url\.[a-z0-9-]+\.on\.aws)"
)
# Source: SQS Developer Guide, "Queue and message identifiers".
_QUEUE_ORIGIN = re.compile(r"https?://sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?=/\d{12}/)")
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
    """

    def __init__(self, endpoint_url: Callable[[], str] | None = None) -> None:
        self._endpoint_url = endpoint_url
        self.open_unknown: Callable[[str], None] = lambda door_id: None
        self._doors: dict[str, _Door] = {}
        self._ids: dict[str, str] = {}  # by what else a door is known by
        self._lock = threading.Lock()

    def open(
        self,
        door_id: str,
        handle: DoorHandler,
        *,
        also_called: str = "",
        reset: Callable[[], None] = lambda: None,
    ) -> str:
        """Serves a door and returns its base URL, without a trailing slash.

        also_called: the physical id of its resource, where that is another. reset: forgets what the door remembers.
        """
        listener = Listener(
            handle, name=f"door-{door_id}", parser=lambda: RequestParser(body_bytes_max=_BODY_BYTES_MAX)
        )
        with self._lock:
            self._doors[door_id] = _Door(listener=listener, handle=handle, reset=reset)
            self._ids[also_called or door_id] = door_id
        return listener.url

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
        """Who serves a custom domain, by the `Host` of a request; None for any other host."""
        name = host.partition(":")[0].lower()
        return self.handler(name) if "." in name else None

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

    def reset(self, door_id: str) -> None:
        """Lets a door forget what it remembers; nothing happens when there is none."""
        door = self._doors.get(door_id)
        if door is not None:
            door.reset()

    def close_door(self, door_id: str) -> None:
        """Stops serving a door; nothing happens when there is none."""
        door = self.take_away(door_id)
        if door is not None:
            door()

    def take_away(self, door_id: str) -> Callable[[], None] | None:
        """Forgets a door, and returns what ends its listener and joins its connections; None when there is none."""
        with self._lock:
            door = self._doors.pop(door_id, None)
            for name in [name for name, known in self._ids.items() if known == door_id]:
                del self._ids[name]
        return None if door is None else door.listener.close

    def close(self) -> None:
        """Closes every door. Idempotent."""
        for door_id in list(self._doors):
            self.close_door(door_id)

    def localize(self, value: object) -> object:
        """`value` with every URL of a queue, or of a door that is served here, replaced, at any depth."""
        if isinstance(value, str):
            return self._localized(value)
        if isinstance(value, list):
            return [self.localize(item) for item in value]
        if isinstance(value, dict):
            return {key: self.localize(item) for key, item in value.items()}
        return value

    def _localized(self, text: str) -> str:
        if "://" not in text:
            return text
        text = _DOOR_URL.sub(lambda match: self.url(match[1]) or match[0], text)
        for name, door in list(self._doors.items()):
            if "." in name:  # a custom domain's
                text = re.sub(rf"https://{re.escape(name)}(?=[/:?\s]|$)", door.listener.url, text)
        endpoint = self._endpoint_url
        return text if endpoint is None else _QUEUE_ORIGIN.sub(lambda _: endpoint(), text)
