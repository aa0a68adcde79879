"""A process that speaks the protocol of the harness's process and deploys nothing.

It answers a deployment with what the assembly's `fake.json` says. Its functions are known by the end of their names:
`echo` answers its payload, `fail` answers an error object, `late` ends in the trace only after it has answered.
A few start options stand for failures: the region `xx-refuse-1` is refused, `xx-crash-1` crashes at start,
`xx-mute-1` says something else than ready.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
import uuid
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from lambdakit.clock import HarnessClock
from lambdakit.errors import Diagnostic, DrainTimeout, HarnessError, LambdakitError, error_to_wire
from lambdakit.trace import FunctionLogged, InvocationEnded, InvocationStarted, TraceLog, event_to_wire

CLOCK = HarnessClock()


class FakeHarness(ThreadingHTTPServer):
    """The server. options: the start line."""

    daemon_threads = True
    request_queue_size = 128  # the default of 5 resets callers that come at once

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", options["port"]), Requests)
        self.options = options
        self.trace = TraceLog(CLOCK)
        self.deployments: dict[str, dict[str, Any]] = {}
        self.resets: list[str] = []


class Requests(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FakeHarness

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self._answer_control()

    def do_PUT(self) -> None:
        self._answer_control()

    def do_DELETE(self) -> None:
        self._answer_control()

    def do_POST(self) -> None:
        if self.path.startswith("/2015-03-31/"):
            self._invoke()
        else:
            self._answer_control()

    def _answer_control(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            if self.headers.get("x-lambdakit-token") != self.server.options["token"]:
                raise HarnessError(Diagnostic(problem="wrong token", code="LK599"))
            self._send(200, self._control(json.loads(body or b"{}")))
        except LambdakitError as error:
            self._send(400, error_to_wire(error))

    def _control(self, body: dict[str, Any]) -> dict[str, Any]:
        url = urlsplit(self.path)
        parts = url.path.removeprefix("/_lambdakit/").split("/")
        if parts[0] == "trace":
            query = {name: float(values[0]) for name, values in parse_qs(url.query).items()}
            events = self.server.trace.wait(after=int(query["after"]), timeout_seconds=query["wait_seconds"])
            return {"events": [event_to_wire(event) for event in events]}
        if parts[0] == "clock":
            if body.get("timeout_seconds", 60) < 1:
                raise DrainTimeout(Diagnostic(problem="1 event is still in flight", code="LK520", hint="wait longer"))
            return {"now": CLOCK.advance(timedelta(seconds=body.get("advance_seconds", 0))).isoformat()}
        if parts[0] == "drain":
            if body["timeout_seconds"] < 1:
                raise DrainTimeout(Diagnostic(problem="1 event is still in flight", code="LK520", hint="wait longer"))
            scheduled = {"what": "rule nightly", "due": CLOCK.now().isoformat(), "recurring": not body["advance"]}
            return {"scheduled": [scheduled]}
        if parts[0] == "crash":
            os._exit(3)
        return self._deployments(parts, body)

    def _deployments(self, parts: list[str], body: dict[str, Any]) -> dict[str, Any]:
        known = self.server.deployments
        if len(parts) > 1 and parts[1] not in known:
            raise HarnessError(Diagnostic(problem=f"no deployment {parts[1]!r}", code="LK599"))
        if self.command == "DELETE":
            return known.pop(parts[1])
        if parts[-1] == "reset":
            self.server.resets.append(parts[1])
            return {"resets": len(self.server.resets)}
        if parts[-1] in ("permissions", "reachability"):
            asked = parse_qs(urlsplit(self.path).query).get("also", [])
            told: dict[str, Any] = known[parts[1]][parts[-1]]
            return {**told, "rows": [*told["rows"], *(told["more"][name] for name in asked)]} if asked else told
        identity = parts[1] if len(parts) > 1 else f"deployment-{len(known) + 1}"
        wire = json.loads((Path(body["assembly"]) / "fake.json").read_text())
        for stack in wire["stacks"].values():
            stack["outputs"] |= {name: str(value) for name, value in (body["parameters"] or {}).items()}
            stack["outputs"]["Stacks"] = ",".join(body["stacks"] or ["*"])
        for api in wire["apis"]:
            api["url"] = api["url"].replace("{port}", str(self.server.server_port))
        known[identity] = {"id": identity, "duration_ms": 1.5, **wire}
        return known[identity]

    def _invoke(self) -> None:
        payload = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        arn = unquote(urlsplit(self.path).path.split("/")[3])
        name = arn.rpartition(":")[2]
        qualifier = parse_qs(urlsplit(self.path).query).get("Qualifier", [""])[0]
        if qualifier == "gone":
            problem = {"Type": "User", "Message": f"Function not found: {name}:{qualifier}"}
            self._send(404, problem, {"x-amzn-ErrorType": "ResourceNotFoundException:http://internal.amazon.com/"})
            return
        request_id = str(uuid.uuid4())
        kind = self.headers["x-amz-invocation-type"]
        if kind != "RequestResponse":
            self._send(202 if kind == "Event" else 204, None, {"x-amzn-RequestId": request_id})
            return
        self._run(arn, qualifier, payload, request_id)

    def _run(self, arn: str, qualifier: str, payload: str, request_id: str) -> None:
        name = arn.rpartition(":")[2]
        failed = name.endswith("fail")
        result = json.dumps({"errorType": "ValueError", "errorMessage": "no such sku"}) if failed else payload
        self.server.trace.append(
            InvocationStarted(
                request_id=request_id,
                function=name,
                arn=arn,
                version="7",
                qualifier=qualifier,
                environment="e1",
                cold_start=True,
                payload=payload,
            )
        )
        for line in (f"START RequestId: {request_id}", "hello", f"context {self.headers.get('x-amz-client-context')}"):
            self.server.trace.append(FunctionLogged(function=name, environment="e1", request_id=request_id, line=line))
        ended = InvocationEnded(
            request_id=request_id,
            function=name,
            version="7",
            environment="e1",
            status="error" if failed else "success",
            payload=result,
            error_type="ValueError" if failed else None,
            duration_ms=12.3,
            billed_duration_ms=13,
            init_duration_ms=8.5,
            max_memory_used_mb=31,
        )
        if name.endswith("late"):
            threading.Timer(0.2, self.server.trace.append, [ended]).start()
        else:
            self.server.trace.append(ended)
        headers = {"x-amzn-RequestId": request_id, "X-Amz-Executed-Version": "7"}
        headers["X-Amz-Log-Result"] = base64.b64encode(b"hello").decode()
        if failed:
            headers["X-Amz-Function-Error"] = "Unhandled"
        self._send(200, result.encode(), headers)

    def _send(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Answers until stdin ends."""
    options = json.loads(sys.stdin.readline())
    if options["region"] == "xx-crash-1":
        sys.exit("the machine is on fire")
    if options["region"] == "xx-mute-1":
        print("good morning", flush=True)
        sys.stdin.read()
        return
    if options["region"] == "xx-refuse-1":
        refusal = HarnessError(Diagnostic(problem="port 80 is in use", code="LK542", hint="choose another"))
        print(json.dumps(error_to_wire(refusal)), flush=True)
        return
    server = FakeHarness(options)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    print(f"environment: {json.dumps(dict(os.environ))}", file=sys.stderr, flush=True)
    print(json.dumps({"ready": True, "port": server.server_port}), flush=True)
    sys.stdin.read()
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
