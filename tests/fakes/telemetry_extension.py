"""An external extension, as a layer's file, that subscribes to telemetry and prints what it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.fakes.function_host import FunctionHost

# Prints `got [...]` for each delivery, long lines cut, and `answer STATUS BODY` for each subscription.
# PLACEHOLDERS stand for: the subscriptions, what to do with a delivery, and what to do with each event.
_SOURCE = """\
#!/usr/bin/env python3
import http.client, http.server, json, os, socket, sys, threading, time
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
name = os.path.basename(sys.argv[0])
received = threading.Condition()
kinds = []

def call(method, path, headers=None, body=None):
    connection = http.client.HTTPConnection(api)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read().decode()

def take(records):
    # What it prints itself comes back to it.
    records = [record for record in records if not str(record["record"]).startswith("got ")]
    if records:
        short = [{**record, "record": record["record"][:80] if isinstance(record["record"], str) else record["record"]}
                 for record in records]
        print("got", json.dumps(short), flush=True)
        with open("/tmp/taken", "a") as file:
            file.write(json.dumps(short))
    with received:
        kinds.extend(record["type"] for record in records)
        received.notify_all()

class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        DELIVERY
        self.send_response(200)
        self.end_headers()
        take(json.loads(body))
    do_PUT = do_POST
    def log_message(self, *_): pass

answer, body = call("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": name},
                    json.dumps({"events": ["INVOKE", "SHUTDOWN"]}))
identifier = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
SETUP
for path, request in SUBSCRIPTIONS:
    answer, body = call("PUT", path, identifier, request if isinstance(request, str) else json.dumps(request))
    print("answer", answer.status, body.strip(), flush=True)
while True:
    event = json.loads(call("GET", "/2020-01-01/extension/event/next", identifier)[1])
    EVENT
    if event["eventType"] == "SHUTDOWN":
        print("told", event["shutdownReason"], flush=True)
        break
"""
_HTTP = """\
server = http.server.ThreadingHTTPServer(("sandbox.localdomain", 4243), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
"""

DESTINATION = {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243/here?a=b"}
SOON = {"timeoutMs": 25, "maxItems": 1000, "maxBytes": 262144}
EVERYTHING: Mapping[str, Any] = {
    "schemaVersion": "2022-12-13",
    "types": ["platform", "function", "extension"],
    "buffering": SOON,
    "destination": DESTINATION,
}
TELEMETRY = "/2022-07-01/telemetry"
LOGS = "/2020-08-15/logs"
# What an extension does that wants to be told of an invocation's end before it ends its own part of it.
WAIT_FOR_RUNTIME_DONE = """\
    if event["eventType"] == "INVOKE":
        with received:
            received.wait_for(lambda: "platform.runtimeDone" in kinds, 5)
            kinds.clear()
"""
# For a function: returns once an extension was sent a line of it, at the latest when nobody would wait any more.
UNTIL_TAKEN = """\
import json, os, time

def until_taken(line):
    for _ in range(160):
        if os.path.exists("/tmp/taken") and json.dumps(line) in open("/tmp/taken").read():
            return
        time.sleep(0.05)
"""


def subscribing_layer(
    directory: Path,
    *subscriptions: tuple[str, Mapping[str, Any] | str],
    name: str = "shipper",
    setup: str = _HTTP,
    delivery: str = "pass",
    event: str = "",
) -> Path:
    """A layer with the extension. setup: listens. delivery: done before one is answered; event: with each event."""
    root = directory / f"layer-{name}"
    path = root / "extensions" / name
    path.parent.mkdir(parents=True)
    source = _SOURCE.replace("DELIVERY", delivery).replace("SETUP", setup).replace("    EVENT\n", event)
    path.write_text(source.replace("SUBSCRIPTIONS", repr([(target, body) for target, body in subscriptions])))
    path.chmod(0o755)
    return root


def lines(host: FunctionHost, word: str) -> list[str]:
    """What extensions printed after `word`."""
    return [line.removeprefix(word + " ") for _, line in host.logs.written if line.startswith(word + " ")]


def deliveries(host: FunctionHost) -> list[list[dict[str, Any]]]:
    """The portions that extensions were sent so far."""
    return [json.loads(line) for line in lines(host, "got")]


def records(host: FunctionHost, *kinds: str) -> list[dict[str, Any]]:
    """What extensions were sent so far, of some types or of all."""
    return [record for portion in deliveries(host) for record in portion if not kinds or record["type"] in kinds]


def types_of(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Their types."""
    return [record["type"] for record in found]
