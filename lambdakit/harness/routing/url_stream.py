"""The answer of a function URL that is sent while the function makes it.

A function that says what its answer is (status, header fields, cookies) writes that first, as JSON, then eight NUL
bytes.
Source: AWS Lambda Developer Guide, "Response streaming for Lambda functions", "Writing response streaming-enabled
Lambda functions"; aws-lambda-nodejs-runtime-interface-client (`HttpResponseStream`: the content type and the eight
bytes); API Gateway Developer Guide, "Set up a Lambda proxy integration with payload response streaming" (within 16 KB).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from lambdakit.harness.routing.exchange import JSON_CONTENT
from lambdakit.harness.routing.result_parts import (
    MalformedResult,
    read_cookies,
    read_headers,
    read_json,
    read_repeated_headers,
    read_status,
)
from lambdakit.harness.wire import OpenAnswer, Response

_WITH_PRELUDE: Final = "application/vnd.awslambda.http-integration-response"
_DELIMITER: Final = b"\0" * 8
_PRELUDE_BYTES_MAX: Final = 16 * 1024

Finish = Callable[[Response], Response]


class UrlStream:
    """Where a streamed result goes; see `response_stream.Outlet`.

    finish: gives an answer the header fields that the door adds. failed: what is answered when the function failed
    before its answer began. says_status: every stream has to begin with its status, whatever its content type is, and a
    result that is no stream is a failure.
    """

    def __init__(self, answer: OpenAnswer, *, finish: Finish, failed: Response, says_status: bool = False) -> None:
        self._says_status = says_status
        self._answer = answer
        self._finish = finish
        self._failed = failed
        self._prelude: bytearray | None = None
        self._content_type: str | None = None  # of an answer that waits for its first byte
        self.problem = ""

    @property
    def waiting(self) -> int:
        """Bytes that could not be sent yet."""
        return self._answer.waiting

    @property
    def client_left(self) -> bool:
        """Whether the client went away."""
        return self._answer.client_left

    @property
    def status(self) -> int:
        """The status that was sent; 0 before."""
        return self._answer.status

    def fileno(self) -> int:
        """The descriptor that turns writable when more can be sent."""
        return self._answer.fileno()

    def send_waiting(self) -> None:
        """Sends what is waiting, as far as that goes."""
        self._answer.send_waiting()

    def begin(self, content_type: str) -> None:
        """The function's answer begins; what it is follows where the content type says so.

        Its status goes out with the first byte: until then an error can still change it.
        """
        if self._says_status or content_type.partition(";")[0].strip() == _WITH_PRELUDE:
            self._prelude = bytearray()
            return
        self._content_type = content_type

    def write(self, data: bytes) -> None:
        """Takes the next part."""
        if self._prelude is None:
            self._begin()
            if not self.problem:
                self._answer.write(data)
            return
        self._prelude += data
        end = self._prelude.find(_DELIMITER)
        if end < 0 and len(self._prelude) <= _PRELUDE_BYTES_MAX:
            return
        prelude, rest = bytes(self._prelude[: max(end, 0)]), bytes(self._prelude[end + len(_DELIMITER) :])
        self._prelude = None
        if not 0 <= end <= _PRELUDE_BYTES_MAX:
            self.fail("the stream does not say its status within 16 KB")
            return
        try:
            status, headers = _read_prelude(prelude)
        except MalformedResult as malformed:
            self.fail(f"the beginning of the stream: {malformed}")
            return
        self._open(status, headers)
        self._answer.write(rest)

    def whole(self, payload: bytes) -> None:
        """The result of a function that does not stream, which goes out as it is."""
        if self._says_status:
            self.fail("the function does not stream its answer")
            return
        self._answer.respond(self._finish(Response(status=200, headers=[JSON_CONTENT], body=payload)))

    def end(self, problem: str) -> None:
        """The stream is over. problem: why it is not complete; empty when it is."""
        if self._prelude is not None:
            self._prelude = None
            problem = problem or "the stream ended before it said its status"
        if problem:
            self.fail(problem)
        else:
            self._begin()

    def fail(self, problem: str) -> None:
        """Answers with an error where nothing was sent yet, and else ends the connection where it stands."""
        self.problem = self.problem or problem
        if not self._answer.status:
            self._answer.respond(self._failed)
        elif self._answer.status < 500:
            self._answer.cut()

    def _begin(self) -> None:
        content_type, self._content_type = self._content_type, None
        if content_type is not None:
            self._open(200, [("content-type", content_type)])

    def _open(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        finished = self._finish(Response(status=status, headers=headers))
        self._answer.begin(finished.status, finished.headers)


def _read_prelude(prelude: bytes) -> tuple[int, list[tuple[str, str]]]:
    """Status and header fields; 200 where no status is said."""
    said = read_json(prelude)
    if not isinstance(said, dict):
        raise MalformedResult("it is not an object")
    headers = [*read_headers(said), *read_repeated_headers(said), *read_cookies(said)]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/octet-stream"))
    return read_status(said.get("statusCode", 200)), headers
