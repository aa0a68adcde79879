"""An HTTP server on loopback that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request. headers: names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class HttpReceiver:
    """Answers with each of `answers`, status and body, in turn; the last one from then on. headers: of each answer."""

    def __init__(self, *answers: tuple[int, bytes], headers: Sequence[tuple[str, str]] = ()) -> None:
        self.answers = list(answers) or [(200, b"")]
        self.received: list[Received] = []
        receiver, also = self, headers

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(
                    Received(method=self.command, path=self.path, headers=headers, body=self.rfile.read(length))
                )
                many = len(receiver.answers) > 1
                status, body = receiver.answers.pop(0) if many else receiver.answers[0]
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                for name, value in also:
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="http-receiver", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
