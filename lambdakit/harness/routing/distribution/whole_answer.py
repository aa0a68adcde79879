"""An answer that is made while it is sent, taken whole: a distribution gives it on once it is complete."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from lambdakit.harness.wire import Response


class _Collected:
    """Takes what is written. The status of an answer that was cut is 502."""

    def __init__(self) -> None:
        self.status = 0
        self.waiting = 0
        self.client_left = False
        self.response: Response | None = None
        self.was_cut = False
        self._headers: Sequence[tuple[str, str]] = ()
        self._body = bytearray()

    def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self.status, self._headers = status, headers

    def respond(self, response: Response) -> None:
        self.status, self.response = response.status, response

    def write(self, data: bytes) -> None:
        self._body += data

    def send_waiting(self) -> None:
        """Nothing waits."""

    def fileno(self) -> int:
        return -1

    def cut(self) -> None:
        self.was_cut = True

    def made(self) -> Response:
        if self.response is not None:
            return self.response
        return Response(status=self.status or 502, headers=self._headers, body=bytes(self._body))


def whole(response: Response) -> Response:
    """The same answer, without a stream."""
    if response.stream is None:
        return response
    collected = _Collected()
    response.stream(collected)
    if collected.was_cut:
        return dataclasses.replace(collected.made(), status=502, body=b"")
    return collected.made()
