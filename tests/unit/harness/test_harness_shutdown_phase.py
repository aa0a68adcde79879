"""The end of an environment: who is told, in which order, and how long each has.

Source: the sections "Shutdown phase" of the AWS Lambda Developer Guide, "Understanding the Lambda execution environment
lifecycle" and "Using the Lambda Extensions API to create extensions".
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fakes.function_host import FunctionHost
from tests.fakes.telemetry_extension import subscribing_layer

# WHAT stands for what the runtime does when it is asked to end.
RUNTIME = """
import http.client, os, signal, sys, time

def end(*_):
    print("runtime asked to end", flush=True)
    WHAT

signal.signal(signal.SIGTERM, end)
REGISTER

def handler(event, context):
    return 1
"""
REGISTER = """
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
connection.request("POST", "/2020-01-01/extension/register", "{}", {"Lambda-Extension-Name": "inside"})
connection.getresponse().read()
"""


def closing(host: FunctionHost) -> tuple[float, list[str]]:
    """How many seconds the end took, and the lines that came with it."""
    before = len(host.logs.written)
    begun = time.perf_counter()
    host.pool.close()
    return time.perf_counter() - begun, [line for _, line in host.logs.written[before:]]


def runtime(*, register: bool, what: str = "os._exit(0)") -> str:
    return RUNTIME.replace("REGISTER", REGISTER if register else "").replace("WHAT", what)


def test_without_an_extension_it_is_killed_outright(host: FunctionHost) -> None:
    host.invoke(host.function(runtime(register=False)))

    seconds, written = closing(host)

    assert written == []
    assert seconds < 1.8


def test_with_an_internal_one_the_runtime_is_asked_to_end(host: FunctionHost) -> None:
    host.invoke(host.function(runtime(register=True)))

    seconds, written = closing(host)

    assert written == ["runtime asked to end"]
    assert seconds < 2.0


def test_with_an_internal_one_it_has_500_ms(host: FunctionHost) -> None:
    host.invoke(host.function(runtime(register=True, what="time.sleep(30)")))

    seconds, written = closing(host)

    assert written == ["runtime asked to end"]
    assert 0.5 <= seconds < 2.0


def test_with_an_external_one_the_runtime_has_300_ms_and_the_extension_is_told_after_it(
    sandboxed: FunctionHost, tmp_path: Path
) -> None:
    function = sandboxed.function(
        runtime(register=False, what="time.sleep(30)"), layers=(subscribing_layer(tmp_path),), timeout_seconds=10
    )
    sandboxed.invoke(function)

    seconds, written = closing(sandboxed)

    assert written == ["runtime asked to end", "told SPINDOWN"]
    assert 0.3 <= seconds < 2.0


def test_with_one_of_each_the_runtime_has_500_ms(sandboxed: FunctionHost, tmp_path: Path) -> None:
    function = sandboxed.function(
        runtime(register=True, what="time.sleep(30)"), layers=(subscribing_layer(tmp_path),), timeout_seconds=10
    )
    sandboxed.invoke(function)

    seconds, written = closing(sandboxed)

    assert written == ["runtime asked to end", "told SPINDOWN"]
    assert 0.5 <= seconds < 2.0


def test_an_external_one_has_two_seconds_in_all(sandboxed: FunctionHost, tmp_path: Path) -> None:
    stays = subscribing_layer(tmp_path, event="    if event['eventType'] == 'SHUTDOWN': time.sleep(30)\n")
    sandboxed.invoke(sandboxed.function(runtime(register=False), layers=(stays,), timeout_seconds=10))

    seconds, written = closing(sandboxed)

    assert written == ["runtime asked to end"]
    assert 2.0 <= seconds < 5.0


def test_nobody_is_waited_for_who_is_not_told(sandboxed: FunctionHost, tmp_path: Path) -> None:
    deaf = subscribing_layer(tmp_path)
    script = deaf / "extensions" / "shipper"
    script.write_text(script.read_text().replace('["INVOKE", "SHUTDOWN"]', '["INVOKE"]'))
    sandboxed.invoke(sandboxed.function(runtime(register=False), layers=(deaf,), timeout_seconds=10))

    seconds, written = closing(sandboxed)

    assert written == ["runtime asked to end"]
    assert seconds < 1.8


@pytest.mark.parametrize("times", [1, 3])
def test_one_that_is_still_at_work_is_told_when_it_comes_back(
    sandboxed: FunctionHost, tmp_path: Path, times: int
) -> None:
    """After a time-out of the function it may be in the middle of its own part of the invocation."""
    busy = subscribing_layer(tmp_path, event="    if event['eventType'] == 'INVOKE': time.sleep(1.6)\n")
    source = "import time\ndef handler(event, context): time.sleep(30)"
    function = sandboxed.function(source, layers=(busy,), timeout_seconds=1)

    for _ in range(times):
        sandboxed.invoke(function)

    assert [line for _, line in sandboxed.logs.written if line.startswith("told")] == ["told TIMEOUT"] * times
