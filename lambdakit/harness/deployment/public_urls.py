"""The addresses under which front doors are reached: an API's AWS host name in a template becomes a loopback URL.

So does a queue's URL: the SDK for JavaScript sends its requests to the URL's host, whatever endpoint it was given.
Every API has a listener of its own, so that paths, redirects and cookies are what they are on AWS.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping

from lambdakit.harness.listener import Listener, RequestHandler
from lambdakit.harness.wire import RequestParser
from lambdakit.limits import HTTP_API_PAYLOAD_BYTES_MAX

_API_URL = re.compile(r"(?:https|wss)://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
# Source: SQS Developer Guide, "Queue and message identifiers".
_QUEUE_ORIGIN = re.compile(r"https?://sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?=/\d{12}/)")
_BODY_BYTES_MAX = HTTP_API_PAYLOAD_BYTES_MAX + 64 * 1024  # a little over what the API takes: its own 413 answers that


class FrontDoors:
    """The listeners of all APIs, by the API's id.

    endpoint_url: where the AWS APIs are served. Absence: queues keep the URLs that AWS gives them.
    """

    def __init__(self, endpoint_url: Callable[[], str] | None = None) -> None:
        self._endpoint_url = endpoint_url
        self._listeners: dict[str, Listener] = {}
        self._handlers: dict[str, RequestHandler] = {}
        self._lock = threading.Lock()

    def open(self, api_id: str, handle: RequestHandler) -> str:
        """Serves an API and returns its base URL, without a trailing slash."""
        listener = Listener(handle, name=f"api-{api_id}", parser=lambda: RequestParser(body_bytes_max=_BODY_BYTES_MAX))
        with self._lock:
            self._listeners[api_id] = listener
            self._handlers[api_id] = handle
        return listener.url

    def handler(self, api_id: str) -> RequestHandler | None:
        """Who serves an API; None when there is no such API."""
        return self._handlers.get(api_id)

    def url(self, api_id: str) -> str | None:
        """The base URL of an API; None when it has no door."""
        listener = self._listeners.get(api_id)
        return None if listener is None else listener.url

    def ports(self) -> Mapping[int, RequestHandler]:
        """Who serves which port."""
        with self._lock:
            return {listener.port: self._handlers[api_id] for api_id, listener in self._listeners.items()}

    def close_door(self, api_id: str) -> None:
        """Stops serving an API; nothing happens when it has no door."""
        with self._lock:
            listener = self._listeners.pop(api_id, None)
            self._handlers.pop(api_id, None)
        if listener is not None:
            listener.close()

    def close(self) -> None:
        """Closes every door. Idempotent."""
        for api_id in list(self._listeners):
            self.close_door(api_id)

    def localize(self, value: object) -> object:
        """`value` with every URL of a queue, or of an API that is served here, replaced, at any depth."""
        if isinstance(value, str):
            told = _API_URL.sub(lambda match: self.url(match[1]) or match[0], value)
            endpoint = self._endpoint_url
            return told if endpoint is None else _QUEUE_ORIGIN.sub(lambda _: endpoint(), told)
        if isinstance(value, list):
            return [self.localize(item) for item in value]
        if isinstance(value, dict):
            return {key: self.localize(item) for key, item in value.items()}
        return value
