"""External extensions: processes in `/opt/extensions` beside the runtime. They run in the sandbox only.

Source: AWS Lambda Developer Guide, "Using the Lambda Extensions API to create extensions".
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from tests.fakes.function_host import FunctionHost

# A sidecar that serves on loopback what it was told, as the Parameters-and-Secrets extension does.
SIDECAR = """\
#!/usr/bin/python3
import http.client, http.server, json, os, sys, threading, time
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
seen = []

def call(method, path, headers=None, body=None):
    connection = http.client.HTTPConnection(api)
    connection.request(method, "/2020-01-01/extension/" + path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"seen": seen, "variables": sorted(os.environ)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 2773), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
name = os.path.basename(sys.argv[0])
answer, body = call("POST", "register", {"Lambda-Extension-Name": name}, json.dumps({"events": EVENTS}))
identifier = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
seen.append(["registered", json.loads(body)])
while True:
    answer, body = call("GET", "event/next", identifier)
    event = json.loads(body)
    seen.append([event["eventType"], event])
    if event["eventType"] == "SHUTDOWN":
        print("sidecar stopped for", event["shutdownReason"], flush=True)
        break
    AFTER_INVOKE
"""

HANDLER = """
import json, urllib.request

def handler(event, context):
    return json.load(urllib.request.urlopen("http://127.0.0.1:2773/"))
"""


def layer(
    directory: Path,
    *,
    name: str = "sidecar",
    events: str = '["INVOKE", "SHUTDOWN"]',
    after: str = "pass",
    text: str = "",
) -> Path:
    root = directory / f"layer-{name}"
    path = root / "extensions" / name
    path.parent.mkdir(parents=True)
    source = text or SIDECAR.replace("EVENTS", events).replace("AFTER_INVOKE", textwrap.dedent(after))
    path.write_text(source)
    path.chmod(0o755)
    return root


def test_a_sidecar_registers_before_the_runtime_and_serves_the_function(
    sandboxed: FunctionHost, tmp_path: Path
) -> None:
    function = sandboxed.function(HANDLER, layers=(layer(tmp_path),), timeout_seconds=10)

    # The function and the extension get an event at the same time: what it saw of the one before is sure.
    answers = [json.loads(sandboxed.invoke(function).outcome.payload) for _ in range(3)]

    last = answers[-1]
    assert last["seen"][0] == [
        "registered",
        {"functionName": "fn", "functionVersion": "$LATEST", "handler": "app.handler"},
    ]
    kind, event = last["seen"][1]
    assert kind == "INVOKE"
    assert set(event) == {"eventType", "deadlineMs", "requestId", "invokedFunctionArn", "tracing"}
    assert [kind for kind, _ in last["seen"][:3]] == ["registered", "INVOKE", "INVOKE"]
    assert "_HANDLER" not in last["variables"]
    assert "LAMBDA_TASK_ROOT" not in last["variables"]
    assert "AWS_LAMBDA_FUNCTION_NAME" in last["variables"]


def test_duration_counts_until_the_extension_is_done(sandboxed: FunctionHost, tmp_path: Path) -> None:
    function = sandboxed.function(
        "def handler(event, context): return 1", layers=(layer(tmp_path, after="time.sleep(0.3)"),), timeout_seconds=10
    )

    result = sandboxed.invoke(function)

    assert result.outcome.status == "success"
    assert result.outcome.duration_ms >= 300


def test_an_extension_that_works_too_long_resets_the_environment(sandboxed: FunctionHost, tmp_path: Path) -> None:
    function = sandboxed.function(
        "def handler(event, context): return 1", layers=(layer(tmp_path, after="time.sleep(60)"),), timeout_seconds=1
    )

    result = sandboxed.invoke(function)

    assert json.loads(result.outcome.payload) == 1
    assert [reset.reason for reset in sandboxed.resets()] == ["timeout"]


@pytest.mark.parametrize("reason", ["SPINDOWN", "TIMEOUT", "FAILURE"])
def test_shutdown_is_told_with_its_reason(sandboxed: FunctionHost, tmp_path: Path, reason: str) -> None:
    source = """
    import os, time
    def handler(event, context):
        if event == "TIMEOUT": time.sleep(30)
        if event == "FAILURE": os._exit(1)
    """
    function = sandboxed.function(source, layers=(layer(tmp_path),), timeout_seconds=1)

    sandboxed.invoke(function, reason)
    sandboxed.pool.close()

    assert f"sidecar stopped for {reason}" in [line for _, line in sandboxed.logs.written]


def test_two_extensions_are_both_waited_for(sandboxed: FunctionHost, tmp_path: Path) -> None:
    slow = SIDECAR.replace("2773", "2774").replace("EVENTS", '["INVOKE"]').replace("AFTER_INVOKE", "time.sleep(0.3)")
    layers = (layer(tmp_path), layer(tmp_path, name="second", text=slow))
    function = sandboxed.function(HANDLER, layers=layers, timeout_seconds=10)

    outcome = sandboxed.invoke(function).outcome

    assert [kind for kind, _ in json.loads(outcome.payload)["seen"]] == ["registered", "INVOKE"]
    assert outcome.duration_ms >= 300


INTERNAL = """
import http.client, json, os
api = os.environ["AWS_LAMBDA_RUNTIME_API"]

def call(method, path, headers, body=None):
    connection = http.client.HTTPConnection(api)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())

def register(name, events):
    named = {"Lambda-Extension-Name": name}
    return call("POST", "/2020-01-01/extension/register", named, json.dumps({"events": events}))

wrong = [("no-shutdown", ["SHUTDOWN"]), ("", []), ("bad", ["NO"])]
early = [register("inside", []), *(register(name, events) for name, events in wrong)]

def handler(event, context):
    unknown = call("GET", "/2020-01-01/extension/event/next", {"Lambda-Extension-Identifier": "x"})
    return [early, register("too-late", []), unknown]
"""


def test_internal_extensions_and_what_is_refused(host: FunctionHost) -> None:
    early, late, unknown = json.loads(host.invoke(host.function(INTERNAL)).outcome.payload)

    assert [status for status, _ in early] == [200, 400, 400, 400]
    assert early[1][1]["errorType"] == "Extension.InvalidEventType"
    assert late[0] == 403
    assert unknown == [
        403,
        {"errorMessage": "Invalid or missing extension identifier", "errorType": unknown[1]["errorType"]},
    ]
