"""Extensions of a deployed stack: a sidecar that fetches configuration, and one that ships logs.

Source: AWS Lambda Developer Guide, "Using the Lambda Extensions API to create extensions" and "Accessing real-time
telemetry data for extensions using the Telemetry API"; AWS Secrets Manager User Guide, "Use AWS Secrets Manager secrets
in AWS Lambda functions" (the paths, the port and the token of the Parameters and Secrets extension).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.plain_assembly import asset_code, function, write_stacks
from tests.fakes.wired_harness import WiredHarness, tail_of

pytestmark = pytest.mark.xdist_group("behaviour-extensions")

# What both begin with: the call of the Extensions API, the registration, and the loop at the end.
COMMON = """\
#!/usr/bin/env python3
import http.client, http.server, json, os, sys, threading
from urllib.parse import parse_qs, urlsplit

def call(method, path, headers, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    return answer, content

def serve(host, port, handler):
    server = http.server.ThreadingHTTPServer((host, port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

answer, _ = call("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": os.path.basename(sys.argv[0])},
                 json.dumps({"events": ["INVOKE", "SHUTDOWN"]}))
own = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
"""

SIDECAR = (
    COMMON
    + """
import boto3

class Lookup(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(asked.query).items()}
        if self.headers["X-Aws-Parameters-Secrets-Token"] != os.environ["AWS_SESSION_TOKEN"]:
            status, found = 401, {"message": "no token"}
        elif asked.path == "/systemsmanager/parameters/get":
            status, found = 200, boto3.client("ssm").get_parameter(Name=query["name"], WithDecryption=True)
        else:
            status, found = 200, boto3.client("secretsmanager").get_secret_value(SecretId=query["secretId"])
        body = json.dumps(found, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

serve("localhost", 2773, Lookup)
while json.loads(call("GET", "/2020-01-01/extension/event/next", own)[1])["eventType"] != "SHUTDOWN":
    pass
"""
)

ASKING = """
import json, os, urllib.error, urllib.request

def ask(path, token):
    request = urllib.request.Request(
        "http://localhost:2773" + path, headers={"X-Aws-Parameters-Secrets-Token": token})
    try:
        return json.load(urllib.request.urlopen(request))
    except urllib.error.HTTPError as error:
        return error.code

def handler(event, context):
    token = os.environ["AWS_SESSION_TOKEN"]
    return {
        "parameter": ask("/systemsmanager/parameters/get?name=/shop/url&withDecryption=true", token),
        "secret": ask("/secretsmanager/get?secretId=shop-key", token),
        "stranger": ask("/secretsmanager/get?secretId=shop-key", "none"),
    }
"""

# Collects, and sends to a queue and a bucket when the environment ends.
SHIPPER = (
    COMMON
    + """
collected = []

class Telemetry(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        collected.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass

serve("sandbox.localdomain", 4243, Telemetry)
call("PUT", "/2022-07-01/telemetry", own, json.dumps({
    "schemaVersion": "2022-12-13",
    "types": ["platform", "function"],
    "buffering": {"timeoutMs": 30000, "maxItems": 10000, "maxBytes": 1048576},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243"},
}))
import boto3
sqs, s3 = boto3.client("sqs"), boto3.client("s3")
while True:
    event = json.loads(call("GET", "/2020-01-01/extension/event/next", own)[1])
    if event["eventType"] == "SHUTDOWN":
        lines = [record["record"] for record in collected if record["type"] == "function"]
        sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(lines))
        s3.put_object(Bucket=os.environ["BUCKET"], Key="telemetry.json", Body=json.dumps(collected).encode())
        print("shipped", len(lines), "lines after", event["shutdownReason"], flush=True)
        break
"""
)


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness() as running:
        yield running


def with_extension(
    directory: Path, name: str, script: str, source: str, *, mode: int = 0o755, **properties: Any
) -> Path:
    """An assembly of one function, `Fn`, with one layer that brings one extension."""
    extension = directory / "asset.layer" / "extensions" / name
    extension.parent.mkdir(parents=True)
    extension.write_text(script)
    extension.chmod(mode)
    layer = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": asset_code("layer"), "LayerName": name}}
    resources = function("Fn", source, FunctionName=f"with-{name}", Layers=[{"Ref": "Layer"}], **properties)
    stack = {"Resources": {**resources, "Layer": layer}}
    return write_stacks(directory, {f"with-{name}": stack}, assets={"layer": directory / "asset.layer"})


def log_of(harness: WiredHarness, name: str, after: int) -> list[str]:
    """The lines of a function since a position of the trace."""
    return [event["line"] for event in harness.events("FunctionLogged", after=after) if event["function"] == name]


def require_sandbox(harness: WiredHarness, after: int) -> None:
    """Skips where this machine allows none; the notes then say so."""
    notes = [
        event["note"] for event in harness.events("RuntimeNote", after=after) if "are not started" in event["note"]
    ]
    if notes:
        pytest.skip(notes[0])


def test_a_sidecar_serves_parameters_and_secrets(harness: WiredHarness, tmp_path: Path) -> None:
    # given
    harness.aws("ssm").put_parameter(Name="/shop/url", Value="https://shop.example", Type="SecureString")
    harness.aws("secretsmanager").create_secret(Name="shop-key", SecretString="s3cr3t")
    after = harness.position()
    deployment = harness.deploy(with_extension(tmp_path / "out", "parameters", SIDECAR, ASKING))

    # when
    answers = [harness.invoke("with-parameters", headers={"X-Amz-Log-Type": "Tail"}) for _ in range(2)]

    # then
    require_sandbox(harness, after)
    for answer in answers:
        found = answer.json()
        assert "errorType" not in found, found
        assert found["parameter"]["Parameter"]["Value"] == "https://shop.example"
        assert found["secret"]["SecretString"] == "s3cr3t"
        assert found["stranger"] == 401
    assert "EXTENSION\tName: parameters\tState: Ready\tEvents: [INVOKE, SHUTDOWN]" in tail_of(answers[0])
    calls = {(event["service"], event["function"]) for event in harness.events("ServiceCalled", after=after)}
    assert {("ssm", "with-parameters"), ("secretsmanager", "with-parameters")} <= calls
    harness.destroy(deployment)


def test_a_shipper_sends_the_function_s_lines_when_the_environment_ends(harness: WiredHarness, tmp_path: Path) -> None:
    # given
    queue = harness.aws("sqs").create_queue(QueueName="shipped")["QueueUrl"]
    harness.aws("s3").create_bucket(Bucket="shipped")
    after = harness.position()
    source = "def handler(event, context): print('handled', event)"
    variables = {"Variables": {"QUEUE_URL": queue, "BUCKET": "shipped"}}
    assembly = with_extension(tmp_path / "out", "shipper", SHIPPER, source, Environment=variables)
    deployment = harness.deploy(assembly)

    # when
    for number in range(3):
        assert harness.invoke("with-shipper", json.dumps(number).encode()).status == 200
    require_sandbox(harness, after)
    early = harness.aws("sqs").receive_message(QueueUrl=queue).get("Messages", [])
    harness.destroy(deployment)

    # then
    (message,) = harness.aws("sqs").receive_message(QueueUrl=queue)["Messages"]
    shipped = json.loads(harness.aws("s3").get_object(Bucket="shipped", Key="telemetry.json")["Body"].read())
    kinds = [record["type"] for record in shipped]
    assert early == []
    assert json.loads(message["Body"]) == ["handled 0", "handled 1", "handled 2"]
    assert [kinds.count(f"platform.{kind}") for kind in ("initReport", "start", "runtimeDone", "report")] == [
        1,
        3,
        3,
        3,
    ]
    assert "shipped 3 lines after SPINDOWN" in log_of(harness, "with-shipper", after)


@pytest.mark.parametrize(
    ("name", "script", "mode", "error_type", "text"),
    [
        ("crashing", COMMON + "sys.exit(3)\n", 0o755, "Extension.Crash", "exit status 3"),
        (
            "refusing",
            COMMON
            + """
kind = {**own, "Lambda-Extension-Function-Error-Type": "Fatal.NoLicense"}
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
connection.request("POST", "/2020-01-01/extension/init/error", "{}", kind)
connection.getresponse().read()
""",
            0o755,
            "Extension.InitError",
            "exit code 0",
        ),
        (
            "unreadable",
            "#!/bin/sh\n",
            0o644,
            "Extension.LaunchError",
            "fork/exec /opt/extensions/unreadable: permission denied",
        ),
    ],
)
def test_an_extension_that_fails_fails_the_invocation(
    harness: WiredHarness, tmp_path: Path, name: str, script: str, mode: int, error_type: str, text: str
) -> None:
    """Sources: DataDog/datadog-lambda-extension, issue 263; elastic/apm-aws-lambda, pull request 145;
    aws-samples/aws-lambda-extensions, issue 38."""
    after = harness.position()
    source = "def handler(event, context): return 1"
    deployment = harness.deploy(with_extension(tmp_path / "out", name, script, source, mode=mode))

    answer = harness.invoke(f"with-{name}")

    require_sandbox(harness, after)
    assert answer.headers["x-amz-function-error"] == "Unhandled"
    assert answer.json()["errorType"] == error_type
    assert answer.json()["errorMessage"].endswith(f" Error: {text}")
    harness.destroy(deployment)


def test_without_a_sandbox_the_trace_says_what_is_missing(tmp_path: Path) -> None:
    with WiredHarness(sandbox="off") as harness:
        harness.deploy(with_extension(tmp_path / "out", "sidecar", SIDECAR, "def handler(event, context): return 1"))

        answer = harness.invoke("with-sidecar")

        (note,) = [event["note"] for event in harness.events("RuntimeNote") if "extensions" in event["note"]]
        assert answer.json() == 1
        assert "its external extensions (sidecar) are not started" in note
