"""Stands in for the C++ part of AWS's Python runtime client: the same four functions, over one kept connection.

It may be imported before a fork, which the original may not, and is faster. Errors are RuntimeError, as there.
Source: AWS Lambda Developer Guide, "Using the Lambda runtime API"; `runtime_client.cpp` of
aws/aws-lambda-python-runtime-interface-client for names and arguments.
"""

from __future__ import annotations

import os
import socket

_RECEIVE_BYTES = 256 * 1024
_XRAY_CAUSE_MAX = 1024 * 1024  # as in the original: a longer one is left out
_PREFIX = "/2018-06-01/runtime/"


_Answer = tuple[int, dict[str, str], bytes]


class _Connection:
    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._host = ""
        self._agent = ""
        self._rest = b""

    def name(self, agent: str) -> None:
        self._agent = agent

    def call(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        connection = self._connected()
        lines = [f"{method} {_PREFIX}{path} HTTP/1.1", f"Host: {self._host}", f"User-Agent: {self._agent}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")
        connection.sendall(head + body)
        return self._answer(connection)

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._host = os.environ["AWS_LAMBDA_RUNTIME_API"]
            host, _, port = self._host.partition(":")
            # `create_connection` would look the name up, and import a codec for it in every fork.
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.connect((host, int(port)))
        return self._socket

    def _answer(self, connection: socket.socket) -> _Answer:
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive(connection)
        status, headers = _head(data[:end].decode("latin-1"))
        length = int(headers.get("content-length", "0"))
        parts, missing = [data[end + 4 :]], length - (len(data) - end - 4)
        while missing > 0:
            part = self._receive(connection)
            parts.append(part)
            missing -= len(part)
        body = b"".join(parts)
        self._rest = body[length:]
        return status, headers, body[:length]

    @staticmethod
    def _receive(connection: socket.socket) -> bytes:
        data = connection.recv(_RECEIVE_BYTES)
        if not data:
            raise RuntimeError("the Runtime API closed the connection")
        return data


def _head(text: str) -> tuple[int, dict[str, str]]:
    first, *lines = text.split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(first.split(" ", 2)[1]), headers


_connection = _Connection()

# Their case is the Runtime API's; the client looks them up by it.
_HEADERS = (
    "Lambda-Runtime-Aws-Request-Id",
    "Lambda-Runtime-Invocation-Id",
    "Lambda-Runtime-Deadline-Ms",
    "Lambda-Runtime-Invoked-Function-Arn",
    "Lambda-Runtime-Trace-Id",
    "Lambda-Runtime-Client-Context",
    "Lambda-Runtime-Cognito-Identity",
    "Lambda-Runtime-Aws-Tenant-Id",
    "Content-Type",
)


def initialize_client(user_agent: str) -> None:
    """Takes the name that the client goes by."""
    _connection.name(user_agent)


def next() -> tuple[bytes, dict[str, str | int | None]]:  # the name is the original's
    """The next event and its headers; waits for it. As the original, it gives the deadline as a number."""
    status, headers, body = _connection.call("GET", "invocation/next", [], b"")
    if status != 200:
        raise RuntimeError(f"Failed to get next: {status}")
    found: dict[str, str | int | None] = {name: headers.get(name.lower()) for name in _HEADERS}
    found["Lambda-Runtime-Deadline-Ms"] = int(headers.get("lambda-runtime-deadline-ms", "0"))
    return body, found


def post_invocation_result(
    invoke_id: str, result_data: bytes, content_type: str, invocation_id: str | None = None
) -> None:
    """Hands in the result of an invocation."""
    headers = [("Content-Type", content_type)]
    if invocation_id:
        headers.append(("Lambda-Runtime-Invocation-Id", invocation_id))
    _post(f"invocation/{invoke_id}/response", headers, result_data)


def post_error(invoke_id: str, error_response_data: str, xray_fault: str, invocation_id: str | None = None) -> None:
    """Reports the failure of an invocation."""
    headers = [("Content-Type", "application/json"), ("Lambda-Runtime-Function-Error-Type", "Unhandled")]
    if invocation_id:
        headers.append(("Lambda-Runtime-Invocation-Id", invocation_id))
    if xray_fault and len(xray_fault) < _XRAY_CAUSE_MAX:
        headers.append(("Lambda-Runtime-Function-XRay-Error-Cause", xray_fault.replace("\n", " ")))
    _post(f"invocation/{invoke_id}/error", headers, error_response_data.encode())


def _post(path: str, headers: list[tuple[str, str]], body: bytes) -> None:
    status, _, _ = _connection.call("POST", path, headers, body)
    if not 200 <= status < 300:
        raise RuntimeError(f"Failed to post to {path}: {status}")
