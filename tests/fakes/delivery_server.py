"""A server on loopback that delivery streams deliver to: an OpenSearch cluster, or an HTTP endpoint."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.fakes.http_receiver import Received

# What a server says to a request: status, content type and body.
Respond = Callable[[Received], tuple[int, str, bytes]]


class DeliveryServer:
    """Keeps what it is sent. respond: may be set at any time."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.received: list[Received] = []
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens, or did."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listens, again on the port that it had."""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(method="POST", path=self.path, headers=headers, body=body)
                owner.received.append(request)
                status, content_type, answer = owner.respond(request)
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="delivery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listens no more."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def documents(self) -> list[tuple[dict[str, Any], Any]]:
        """The actions and documents of all bulk requests."""
        lines = [json.loads(line) for one in self.received for line in one.body.splitlines()]
        return list(zip((line["index"] for line in lines[::2]), lines[1::2], strict=True))


def indexed(*statuses: int) -> Respond:
    """A cluster's answer to a bulk request: a status for each document, the last one for the others."""

    def respond(request: Received) -> tuple[int, str, bytes]:
        count = len(request.body.splitlines()) // 2
        given = [*statuses[:count], *[statuses[-1] if statuses else 201] * (count - len(statuses))]
        refused = {"error": {"type": "mapper_parsing_exception", "reason": "failed to parse"}}
        items = [{"index": {"status": status, **(refused if status >= 300 else {})}} for status in given]
        body = {"took": 1, "errors": max(given) >= 300, "items": items}
        return 200, "application/json; charset=UTF-8", json.dumps(body).encode()

    return respond


def acknowledged(request: Received) -> tuple[int, str, bytes]:
    """An endpoint's answer to a delivery that it takes."""
    said = {"requestId": request.headers["x-amz-firehose-request-id"], "timestamp": 1578090903599}
    return 200, "application/json", json.dumps(said).encode()
