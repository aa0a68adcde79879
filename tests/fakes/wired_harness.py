"""A harness in its own process, reached through its wire protocol alone."""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lambdakit.errors import error_from_wire
from tests.fakes.boto3_sessions import session_of
from tests.fakes.harness_forks import FORK_COMMAND, VARIABLE

_TOKEN = "token-of-the-tests"
_SECONDS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer. headers: names in lower case; all of them in `pairs`."""

    status: int
    headers: Mapping[str, str]
    pairs: Sequence[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class WiredHarness:
    """Starts a harness; `close` ends it as a caller does, by ending its input.

    start_line: what is sent instead of the options. variables: environment variables of its process beside ours.
    Without these two it is a fork where `harness_forks` has them; its process then only stands for the harness's.
    Nothing is refused for want of a permission or a route unless a test asks for that: `enforce_iam`,
    `enforce_network`.
    """

    def __init__(
        self, *, start_line: bytes | None = None, variables: Mapping[str, str] | None = None, **options: object
    ) -> None:
        forked = VARIABLE in os.environ and start_line is None and variables is None
        self.process = subprocess.Popen(
            FORK_COMMAND if forked else [sys.executable, "-P", "-m", "lambdakit.harness"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(variables or {})},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        given = {"token": _TOKEN, "enforce_iam": "off", "enforce_network": "off", **options}
        line = json.dumps(given).encode() if start_line is None else start_line
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        self.greeting: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.port: int = self.greeting.get("port", 0)
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> int:
        """Ends it, and returns its exit code. AssertionError when it does not end."""
        for client in self._clients.values():
            client.close()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            return self.process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the harness did not end within {_SECONDS} s of its input") from None

    def call(self, method: str, path: str, body: object = None, *, token: str | None = _TOKEN) -> Answer:
        """A control call. token: None sends none."""
        headers = {} if token is None else {"x-lambdakit-token": token}
        content = None if body is None else json.dumps(body).encode()
        return self.request(method, f"/_lambdakit/{path}", headers, content)

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        port: int | None = None,
    ) -> Answer:
        """One request on a connection of its own. Absence of `port`: to the endpoint."""
        return request(self.port if port is None else port, method, path, headers, body)

    def deploy(self, assembly: Path, **more: object) -> dict[str, Any]:
        """The deployment as the harness tells it. Raises the harness's own error."""
        answer = self.call("POST", "deployments", {"assembly": str(assembly), **more})
        if answer.status != 200:
            raise error_from_wire(answer.json()["error"], answer.json()["diagnostics"])
        deployment: dict[str, Any] = answer.json()
        return deployment

    def destroy(self, deployment: Mapping[str, Any]) -> None:
        """Destroys a deployment."""
        self._expect(self.call("DELETE", f"deployments/{deployment['id']}"))

    def reset(self, deployment: Mapping[str, Any]) -> None:
        """Resets a deployment."""
        self._expect(self.call("POST", f"deployments/{deployment['id']}/reset", {}))

    def drain(self) -> None:
        """Waits until nothing is in flight."""
        self._expect(self.call("POST", "drain", {"timeout_seconds": 120}))

    def events(self, kind: str, *, after: int = 0) -> list[dict[str, Any]]:
        """The trace's events of one kind."""
        answer = self.call("GET", f"trace?after={after}")
        return [event for event in answer.json()["events"] if event["kind"] == kind]

    def payloads(self, *, after: int) -> list[Any]:
        """What functions were called with, in order."""
        return [json.loads(event["payload"]) for event in self.events("InvocationStarted", after=after)]

    def position(self) -> int:
        """How many events the trace has so far."""
        return len(self.call("GET", "trace").json()["events"])

    def invoke(
        self, name: str, body: bytes = b"{}", *, qualifier: str = "", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The Lambda API's answer to `Invoke`. name: as it stands in the path."""
        query = f"?Qualifier={qualifier}" if qualifier else ""
        return self.request("POST", f"/2015-03-31/functions/{name}/invocations{query}", headers, body)

    def aws(self, service: str) -> Any:
        """A boto3 client of the account's administrator."""
        if service not in self._clients:
            session = session_of("ADMINISTRATOR", "-")
            self._clients[service] = session.client(service, endpoint_url=f"http://127.0.0.1:{self.port}")
        return self._clients[service]

    @staticmethod
    def _expect(answer: Answer) -> None:
        if answer.status != 200:
            raise error_from_wire(answer.json()["error"], answer.json()["diagnostics"])


def request(
    port: int, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """One request to a loopback port, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    pairs = [(name.lower(), value) for name, value in response.getheaders()]
    return Answer(status=response.status, headers=dict(pairs), pairs=pairs, body=content)


def tail_of(answer: Answer) -> list[str]:
    """The lines of `X-Amz-Log-Result`."""
    return base64.b64decode(answer.headers["x-amz-log-result"]).decode("utf-8", "replace").splitlines()


def descendants(pid: int) -> set[int]:
    """Every process below `pid`."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {pid}
    while new := {child for child, parent in parents.items() if parent in found} - found:
        found |= new
    return found - {pid, os.getpid()}
