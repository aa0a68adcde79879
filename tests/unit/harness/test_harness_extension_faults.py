"""Extensions that fail, and registrations that are refused.

Source, unless a test names another: AWS Lambda Developer Guide, "Using the Lambda Extensions API to create extensions",
sections "Failure handling" and "Extensions API reference".
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from lambdakit.harness.runtime.external_extensions import names_in
from tests.fakes.function_host import FunctionHost, error_of, json_of, own_lines
from tests.fakes.telemetry_extension import lines

QUICK = "def handler(event, context): return 1"
SLOW = "import time\ndef handler(event, context): time.sleep(20)"

# Registers, and then does what a test is about.
_REGISTERED = """\
#!/usr/bin/env python3
import http.client, json, os, signal, sys, time
name = os.path.basename(sys.argv[0])

def call(method, path, headers, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, "/2020-01-01/extension/" + path, body, headers)
    answer = connection.getresponse()
    return answer, answer.read().decode()

answer, body = call("POST", "register", {"Lambda-Extension-Name": name, **HEADERS}, json.dumps({"events": EVENTS}))
print("registered", answer.status, body, flush=True)
own = {"Lambda-Extension-Identifier": answer.headers.get("Lambda-Extension-Identifier", "")}
kind = {"Lambda-Extension-Function-Error-Type": "Fatal.ConnectFailed"}
"""
_NEXT = 'call("GET", "event/next", own)\n'


def layer(
    directory: Path,
    then: str = "",
    *,
    name: str = "ext",
    text: str | bytes = "",
    mode: int = 0o755,
    events: tuple[str, ...] = ("INVOKE",),
    headers: str = "{}",
) -> Path:
    """A layer with one extension. then: what it does once it is registered. text: all of it, instead."""
    path = directory / f"layer-{name}" / "extensions" / name
    path.parent.mkdir(parents=True)
    source = text or _REGISTERED.replace("EVENTS", repr(list(events))).replace("HEADERS", headers) + then
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    path.chmod(mode)
    return path.parents[1]


def platform_lines(host: FunctionHost) -> list[str]:
    """The lines about extensions."""
    return [line for _, line in host.logs.written if line.startswith("EXTENSION\t")]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("os._exit(0)", "exit code 0"),
        ("os._exit(7)", "exit status 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal: killed"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "signal: segmentation fault"),
    ],
)
def test_a_crash_during_an_invocation_ends_it_and_the_environment(
    sandboxed: FunctionHost, tmp_path: Path, end: str, reason: str
) -> None:
    """Source of the text: DataDog/datadog-lambda-extension, issue 263."""
    function = sandboxed.function(SLOW, layers=(layer(tmp_path, _NEXT + end),), timeout_seconds=10)

    result = sandboxed.invoke(function)

    message = f"RequestId: {result.request_id} Error: {reason}"
    assert result.outcome.status == "crash"
    assert error_of(result) == {"errorType": "Extension.Crash", "errorMessage": message}
    assert [message, "Extension.Crash"] == [
        line for line in result.log if "Error: " in line or line == "Extension.Crash"
    ]
    assert [reset.reason for reset in sandboxed.resets()] == ["crash"]


def test_an_extension_that_crashed_is_started_again_with_the_environment(
    sandboxed: FunctionHost, tmp_path: Path
) -> None:
    then = _NEXT + "if not os.path.exists('/tmp/once'):\n    open('/tmp/once', 'w')\n    os._exit(1)\n" + _NEXT
    source = "import time\ndef handler(event, context): time.sleep(event)"
    function = sandboxed.function(source, layers=(layer(tmp_path, then),), timeout_seconds=10)

    crashed = sandboxed.invoke(function, 9)
    good = sandboxed.invoke(function, 0)

    assert [crashed.outcome.status, good.outcome.status] == ["crash", "success"]
    assert len({reset.environment for reset in sandboxed.resets()}) == 1


def test_one_that_ends_before_it_registers_fails_the_init_phase(sandboxed: FunctionHost, tmp_path: Path) -> None:
    silent = layer(tmp_path, text="#!/bin/sh\necho no word; exit 3\n")
    function = sandboxed.function(QUICK, layers=(silent,), timeout_seconds=2)

    result = sandboxed.invoke(function)

    assert error_of(result)["errorType"] == "Extension.Crash"
    assert error_of(result)["errorMessage"].endswith("Error: exit status 3")
    assert own_lines(result).count("no word") == 2
    reports = [line for line in result.log if line.startswith("INIT_REPORT")]
    assert [re.sub(r"[\d.]+ ms", "N ms", line) for line in reports] == [
        "INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: error\tError Type: Extension.Crash"
    ]


@pytest.mark.parametrize(
    ("text", "mode", "reason", "shown"),
    [
        ("#!/bin/sh\n", 0o644, "permission denied", "PermissionDenied"),
        ("#!/no/such/interpreter\n", 0o755, "no such file or directory", "UnknownError"),
        ("#!/bin/sh\r\n", 0o755, "no such file or directory", "UnknownError"),
        (b"\x7fELF\x00\x00", 0o755, "exec format error", "UnknownError"),
    ],
    ids=["not executable", "no interpreter", "carriage return", "not a program"],
)
def test_one_that_cannot_be_executed_fails_the_init_phase(
    sandboxed: FunctionHost, tmp_path: Path, text: str | bytes, mode: int, reason: str, shown: str
) -> None:
    """Source: aws-samples/aws-lambda-extensions, issues 38 and 54; elastic/apm-aws-lambda, issue 92."""
    function = sandboxed.function(QUICK, layers=(layer(tmp_path, text=text, mode=mode),), timeout_seconds=2)

    result = sandboxed.invoke(function)

    assert error_of(result) == {
        "errorType": "Extension.LaunchError",
        "errorMessage": f"RequestId: {result.request_id} Error: fork/exec /opt/extensions/ext: {reason}",
    }
    assert f"EXTENSION\tName: ext\tState: LaunchError\tEvents: []\tError Type: {shown}" in platform_lines(sandboxed)


def test_folders_beside_an_extension_are_its_own(sandboxed: FunctionHost, tmp_path: Path) -> None:
    """Source: aws-samples/aws-lambda-extensions, python-example-extension: a folder of the modules that it imports."""
    with_folder = layer(tmp_path, "while True:\n    " + _NEXT)
    (with_folder / "extensions" / "modules").mkdir()
    (with_folder / "extensions" / "modules" / "one.py").write_text("")
    function = sandboxed.function(QUICK, layers=(with_folder,), timeout_seconds=10)

    assert names_in([with_folder]) == ["ext"]
    assert json_of(sandboxed.invoke(function)) == 1


def test_an_init_error_is_told_when_the_extension_has_ended(sandboxed: FunctionHost, tmp_path: Path) -> None:
    """Source of type, text and line: elastic/apm-aws-lambda, pull request 145."""
    then = """
answer, _ = call("POST", "init/error", {**own, **kind}, "{}")
print("told", answer.status, call("GET", "event/next", own)[0].status, flush=True)
"""
    function = sandboxed.function(QUICK, layers=(layer(tmp_path, then),), timeout_seconds=5)

    result = sandboxed.invoke(function)

    assert error_of(result) == {
        "errorType": "Extension.InitError",
        "errorMessage": f"RequestId: {result.request_id} Error: exit code 0",
    }
    assert "told 202 403" in result.log, "after the report no further call succeeds"
    assert platform_lines(sandboxed)[0] == (
        "EXTENSION\tName: ext\tState: InitError\tEvents: [INVOKE]\tError Type: Fatal.ConnectFailed"
    )


def test_an_exit_error_ends_the_invocation(sandboxed: FunctionHost, tmp_path: Path) -> None:
    then = _NEXT + 'call("POST", "exit/error", {**own, **kind}, "{}")\nsys.exit(2)\n'
    function = sandboxed.function(SLOW, layers=(layer(tmp_path, then),), timeout_seconds=10)

    result = sandboxed.invoke(function)

    assert error_of(result)["errorType"] == "Extension.ExitError"
    assert error_of(result)["errorMessage"].endswith("Error: exit status 2")
    assert [reset.reason for reset in sandboxed.resets()] == ["crash"]


def test_one_that_never_asks_for_an_event_keeps_the_init_phase_from_ending(
    sandboxed: FunctionHost, tmp_path: Path
) -> None:
    """ "The Init phase completes after the runtime and each registered extension" asked for an event."""
    function = sandboxed.function(QUICK, layers=(layer(tmp_path, "time.sleep(60)"),), timeout_seconds=1)
    environment = ExecutionEnvironment(
        function,
        launcher=sandboxed.launcher,
        variables=lambda _, place: {
            **place.defaults,
            "AWS_LAMBDA_RUNTIME_API": place.runtime_api,
            "PATH": "/usr/bin",
            "_HANDLER": function.handler,
        },
        log=lambda *_: None,
    )

    initialization = environment.initialize(request_id="r-1", limit_seconds=1.0)
    environment.close()

    assert initialization.status == "timeout"
    assert initialization.duration_ms >= 1000


def test_a_registration_can_ask_for_the_account(sandboxed: FunctionHost, tmp_path: Path) -> None:
    headers = '{"Lambda-Extension-Accept-Feature": "other, accountId"}'
    asking = layer(tmp_path, "while True:\n    " + _NEXT, headers=headers)
    function = sandboxed.function(QUICK, layers=(asking,), timeout_seconds=10)

    sandboxed.invoke(function)

    (registered,) = lines(sandboxed, "registered")
    assert json.loads(registered.removeprefix("200 "))["accountId"] == "123456789012"


def test_a_name_that_is_not_the_file_s_is_no_external_extension(sandboxed: FunctionHost, tmp_path: Path) -> None:
    then = """
for name, events in (("other", ["SHUTDOWN"]), ("ext", ["INVOKE"])):
    answer, body = call("POST", "register", {"Lambda-Extension-Name": name}, json.dumps({"events": events}))
    print("registered", answer.status, body, flush=True)
while True:
    call("GET", "event/next", own)
"""
    function = sandboxed.function(QUICK, layers=(layer(tmp_path, then),), timeout_seconds=10)

    sandboxed.invoke(function)

    first, other, again = lines(sandboxed, "registered")
    assert first.startswith("200 ")
    assert (other[:3], json.loads(other[4:])["errorType"]) == ("400", "Extension.InvalidEventType")
    assert (again[:3], json.loads(again[4:])["errorType"]) == ("403", "Extension.RegistrationClosed")


INTERNAL = """
import http.client, json, os

def register(name, body):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    headers = {"Lambda-Extension-Name": name} if name else {}
    connection.request("POST", "/2020-01-01/extension/register", body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read()).get("errorType")

answers = [register(*each) for each in json.loads(os.environ["REGISTRATIONS"])]

def handler(event, context):
    return answers
"""


def registered(host: FunctionHost, *registrations: tuple[str, str]) -> Any:
    """Status and error type of each registration that the runtime's process makes."""
    function = host.function(INTERNAL, environment={"REGISTRATIONS": json.dumps(registrations)})
    return json_of(host.invoke(function))


def test_ten_can_register(host: FunctionHost) -> None:
    """Source: the page above, "Init phase": up to 10, enforced through the call of `register`."""
    found = registered(host, *((f"internal-{number}", "{}") for number in range(11)))

    assert found == [[200, None]] * 10 + [[403, "Extension.TooManyExtensions"]]


@pytest.mark.parametrize(
    ("name", "body", "status", "error_type"),
    [
        ("a", "", 200, None),
        ("a", "{}", 200, None),
        ("a", '{"events": []}', 200, None),
        ("", '{"events": []}', 400, "InvalidRequestFormat"),
        ("a", '{"events": ["INVOKED"]}', 400, "InvalidRequestFormat"),
        ("a", '{"events": "INVOKE"}', 400, "InvalidRequestFormat"),
        ("a", '{"events": 7}', 400, "InvalidRequestFormat"),
        ("a", '{"events": [[]]}', 400, "InvalidRequestFormat"),
        ("a", "[]", 400, "InvalidRequestFormat"),
        ("a", "no json", 400, "InvalidRequestFormat"),
        ("a", '{"events": ["SHUTDOWN"]}', 400, "Extension.InvalidEventType"),
    ],
)
def test_a_registration_has_a_name_and_knows_its_events(
    host: FunctionHost, name: str, body: str, status: int, error_type: str | None
) -> None:
    assert registered(host, (name, body)) == [[status, error_type]]


def test_an_internal_extension_that_reports_an_init_error_fails_the_init_phase(host: FunctionHost) -> None:
    source = """
    import http.client, os
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request("POST", "/2020-01-01/extension/register", "{}", {"Lambda-Extension-Name": "inside"})
    answer = connection.getresponse()
    answer.read()
    headers = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"],
               "Lambda-Extension-Function-Error-Type": "Inside.NoLicense"}
    connection.request("POST", "/2020-01-01/extension/init/error", "{}", headers)
    connection.getresponse().read()

    def handler(event, context): return 1
    """

    result = host.invoke(host.function(source, timeout_seconds=5))

    assert error_of(result)["errorType"] == "Extension.InitError"
    assert error_of(result)["errorMessage"].endswith("Error: Inside.NoLicense")


def test_without_a_sandbox_the_trace_says_that_extensions_are_not_started(host: FunctionHost, tmp_path: Path) -> None:
    if not host.shares_pids:
        pytest.skip("in the sandbox they are started")
    function = host.function(QUICK, layers=(layer(tmp_path, name="sidecar"),))

    result = host.invoke(function)

    _, note = host.launcher.describe(function)
    assert json_of(result) == 1
    assert "its external extensions (sidecar) are not started: without a sandbox there is no /opt" in note
    assert "extensions" not in host.launcher.describe(host.function(QUICK, name="plain"))[1]
