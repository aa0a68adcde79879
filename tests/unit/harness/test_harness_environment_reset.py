"""An execution environment that failed is reset: its processes are new, its id and its /tmp are not.

Source: AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle".
"""

from __future__ import annotations

import json

from tests.fakes.function_host import FunctionHost

COUNTING = """
import os, time
calls = 0

def handler(event, context):
    global calls
    calls += 1
    path = os.path.join(event["directory"], "seen")
    with open(path, "a") as file:
        file.write("x")
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("exit"):
        os._exit(1)
    with open(path) as file:
        return {"calls": calls, "seen": len(file.read())}
"""


def test_after_a_time_out_globals_are_lost_and_tmp_is_kept(host: FunctionHost) -> None:
    function = host.function(COUNTING, timeout_seconds=1)
    event = {"directory": host.tmp}
    host.invoke(function, event)

    timed_out = host.invoke(function, {**event, "sleep": 30})
    after = host.invoke(function, event)

    assert timed_out.outcome.status == "timeout"
    assert json.loads(after.outcome.payload) == {"calls": 1, "seen": 3}
    assert [reset.reason for reset in host.resets()] == ["timeout"]
    assert host.stopped() == []


def test_the_init_after_a_reset_is_part_of_the_duration(host: FunctionHost) -> None:
    function = host.function("import time\ntime.sleep(0.2)\n" + COUNTING)
    event = {"directory": host.tmp}
    host.invoke(function, {**event, "exit": True})

    after = host.invoke(function, event)

    assert after.outcome.duration_ms >= 200
    assert not any("Init Duration" in line for line in after.log)


def test_an_init_that_is_too_slow_inside_the_invocation_times_out(host: FunctionHost) -> None:
    function = host.function("import time\ntime.sleep(3)\n" + COUNTING, timeout_seconds=1)
    host.invoke(function, {"directory": host.tmp, "exit": True})

    after = host.invoke(function, {"directory": host.tmp})

    assert after.outcome.status == "timeout"


def test_each_environment_has_a_tmp_of_its_own_or_the_host_shares_it(host: FunctionHost) -> None:
    first = host.function(COUNTING, name="first")
    second = host.function(COUNTING, name="second")

    host.invoke(first, {"directory": host.tmp})
    result = host.invoke(second, {"directory": host.tmp})

    assert json.loads(result.outcome.payload)["seen"] == (2 if host.shares_pids else 1)
