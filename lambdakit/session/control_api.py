"""The harness's HTTP port, from the caller's side: its control API, and plain requests to the AWS APIs beside it.

Plain `http.client` over loopback: proxies, mocks of HTTP libraries and of the time do not reach it. Each thread takes a
connection of its own from the idle ones and gives it back once the answer is read whole.
"""

from __future__ import annotations

import http.client
import json
import selectors
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from lambdakit.errors import Diagnostic, HarnessError, LambdakitError, error_from_wire
from lambdakit.records import dataclass
from lambdakit.session.harness_process import HarnessProcess

_TOKEN_HEADER: Final = "x-lambdakit-token"
_END_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP response. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ControlApi:
    """Requests to one harness. The first one waits until the harness is ready.

    token: proves to the harness that the caller is the one that started it.
    """

    def __init__(self, process: HarnessProcess, *, token: str) -> None:
        self._process = process
        self._token = token
        self._idle: list[http.client.HTTPConnection] = []
        self._idle_lock = threading.Lock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """No request is possible any more."""
        return self._closed

    def port(self) -> int:
        """Where the harness listens, once it is ready."""
        self._refuse_when_closed()
        return self._process.port()

    def get(self, path: str) -> dict[str, Any]:
        """The JSON object that the control API answers."""
        return self._call("GET", path, None)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The JSON object that the control API answers; absence of `body` sends `{}`."""
        return self._call("POST", path, body or {})

    def put(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """The JSON object that the control API answers."""
        return self._call("PUT", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        """The JSON object that the control API answers."""
        return self._call("DELETE", path, None)

    def request(self, method: str, path: str, *, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """The answer to one request, whatever its status.

        HarnessError when the harness has ended or ends meanwhile. There is no time limit: the harness has its own.
        """
        port = self.port()
        connection = self._take_idle() or http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            content = response.read()
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise self._lost_connection() from error
        except BaseException:
            # Interrupted between request and answer: the connection is of no use to anybody else.
            connection.close()
            raise
        if not response.will_close:
            self._keep_idle(connection)
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=content,
        )

    def close(self) -> None:
        """Closes the idle connections; every later request is refused."""
        self._closed = True
        with self._idle_lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _call(self, method: str, path: str, body: Mapping[str, object] | None) -> dict[str, Any]:
        content = None if body is None else json.dumps(body).encode()
        headers = {_TOKEN_HEADER: self._token, "content-type": "application/json"}
        answer = self.request(method, path, body=content, headers=headers)
        if answer.status >= 400:
            raise _error_in(answer, request=f"{method} {path}")
        parsed: dict[str, Any] = json.loads(answer.body) if answer.body else {}
        return parsed

    def _take_idle(self) -> http.client.HTTPConnection | None:
        while True:
            with self._idle_lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if not _dropped(connection):
                return connection
            connection.close()

    def _keep_idle(self, connection: http.client.HTTPConnection) -> None:
        with self._idle_lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise HarnessError(
                Diagnostic(
                    problem="the harness is closed",
                    code="LK541",
                    hint="use it inside its with block, or make a new Harness()",
                )
            )

    def _lost_connection(self) -> HarnessError:
        self._refuse_when_closed()
        end = self._process.wait_for_end(_END_SECONDS)
        if end is not None:
            return HarnessError(end.diagnostic(when="while it was in use"))
        return HarnessError(Diagnostic(problem="the harness's process closed the connection", code="LK540"))


def _dropped(connection: http.client.HTTPConnection) -> bool:
    """The other side has closed it: an idle connection has nothing to read otherwise."""
    if connection.sock is None:
        return True
    # A selector rather than `select`, which fails on descriptors above 1023.
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(timeout=0))


def _error_in(answer: Answer, *, request: str) -> LambdakitError:
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        wire = json.loads(answer.body)
        return error_from_wire(wire["error"], wire["diagnostics"])
    problem = f"the harness answered {request} with {answer.status} {answer.body[:200]!r}"
    return HarnessError(Diagnostic(problem=problem, code="LK540"))
