"""The body of an HTTP/1.1 request as it comes in: by length, in chunks, or none. Source: RFC 9112, 6 and 7."""

from __future__ import annotations

import re
from typing import Final

from lambdakit.harness.header_fields import BadRequest, Headers, read_fields

HEAD_BYTES_MAX: Final = 1024 * 1024  # AWS Lambda quotas: request line and headers of an invoke, the largest of all
_TRAILERS_MAX: Final = 64  # each is a line as long as a head may be
_HEX = re.compile(rb"[0-9A-Fa-f]{1,16}")


class MessageBody:
    """The body of one request that was not refused: by length, chunked, or none."""

    def __init__(self, headers: Headers, bytes_max: int) -> None:
        self.content = bytearray()
        self.trailers: list[tuple[str, str]] = []
        self.bytes_max = bytes_max
        self._in_trailers = False
        self._ends_chunk = False
        self._chunked = "transfer-encoding" in headers
        self._missing = int(headers.get("content-length", "0"))

    def take(self, buffer: bytearray) -> bool:
        """Moves what belongs to the body out of `buffer`; whether the body is complete."""
        if not self._chunked:
            self._move(buffer)
            return self._missing == 0
        while True:
            if self._missing:
                self._move(buffer)
                if self._missing:
                    return False
            line_end = buffer.find(b"\r\n")
            if line_end < 0:
                if len(buffer) > HEAD_BYTES_MAX:
                    raise BadRequest(400, "malformed chunk")
                return False
            line = bytes(buffer[:line_end])
            del buffer[: line_end + 2]
            if self._chunk_line(line):
                return True

    def _move(self, buffer: bytearray) -> None:
        part = buffer[: self._missing]
        self.content += part
        del buffer[: len(part)]
        self._missing -= len(part)

    def _chunk_line(self, line: bytes) -> bool:
        if self._in_trailers:
            return self._trailer_line(line)
        if self._ends_chunk:
            if line:
                raise BadRequest(400, "malformed chunk")
            self._ends_chunk = False
            return False
        size = line.partition(b";")[0].rstrip(b" \t")
        if not _HEX.fullmatch(size):
            raise BadRequest(400, "malformed chunk")
        self._missing = int(size, 16)
        if len(self.content) + self._missing > self.bytes_max:
            raise BadRequest(413, "the body is too long")
        self._in_trailers = self._missing == 0
        self._ends_chunk = not self._in_trailers
        return False

    def _trailer_line(self, line: bytes) -> bool:
        if line:
            self.trailers += read_fields(b"\r\n" + line)
            if len(self.trailers) > _TRAILERS_MAX:
                raise BadRequest(431, "too many trailers")
        return not line
