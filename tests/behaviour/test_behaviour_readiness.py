"""A harness whose warmed parent takes long: what only the first invocation waits for is in nobody's time limit."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.fakes.harness_forks import processes_of_their_own
from tests.fakes.http_apis import api, authorizer, authorizer_uri, permission, route, stage, to_function
from tests.fakes.plain_assembly import Resources, function, write_stack
from tests.fakes.user_pools import Pool
from tests.fakes.waiting import wait_until
from tests.fakes.wired_harness import WiredHarness, descendants

# More than the five seconds that a user pool gives a function, and the ten that an API gives an authorizer.
_LATE_SECONDS = 11.0
_GUARD = "def handler(event, context): return {'isAuthorized': True}"
_ECHO = "def handler(event, context): return {'statusCode': 200, 'body': 'in time'}"


_TRIES = 5
# Hundredths of a second that a parent has run: below it, most of its imports are ahead of it.
_BARELY_BEGUN = 10


def _warming(pid: int) -> list[int]:
    """The parents of execution environments, below a harness."""
    found = []
    for child in descendants(pid):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if any(word.endswith(b"zygote.py") for word in words):
                found.append(child)
    return found


def _has_run(pid: int) -> int:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)


@contextlib.contextmanager
def _held_up() -> Iterator[tuple[WiredHarness, list[int]]]:
    """A harness, and its warmed parents, which were stopped."""
    with processes_of_their_own(), WiredHarness() as harness:
        wait_until(lambda: bool(_warming(harness.process.pid)), "a parent is started")
        stopped = _warming(harness.process.pid)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield harness, stopped
        finally:
            _go_on(stopped)


def _go_on(stopped: list[int]) -> None:
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def held_up(harness: WiredHarness) -> Iterator[tuple[WiredHarness, list[int]]]:
    """A harness whose warmed parents were stopped before they were warm."""
    if harness.call("POST", "outside", {"allow": "example.com"}).json().get("note"):
        pytest.skip("this machine allows no sandbox")
    for _ in range(_TRIES):
        with _held_up() as (slow, stopped):
            if all(_has_run(pid) < _BARELY_BEGUN for pid in stopped):
                yield slow, stopped
                return
    pytest.skip("on this machine a parent is warm before it can be stopped")


def _guarded() -> Resources:
    settings = {
        "AuthorizerUri": authorizer_uri("Guard"),
        "AuthorizerPayloadFormatVersion": "2.0",
        "EnableSimpleResponses": True,
    }
    by = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Guarded"}}
    return (
        function("Guard", _GUARD)
        | function("Echo", _ECHO)
        | api("Api")
        | stage("Api")
        | authorizer("Api", "Guarded", "REQUEST", **settings)
        | route("Api", "Route", "GET /", to_function("Echo"), **by)
        | permission("MayGuard", "Guard", {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"})
        | permission("MayEcho", "Echo", {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"})
    )


def test_functions_have_their_seconds_once_the_parent_is_warm(
    held_up: tuple[WiredHarness, list[int]], tmp_path: Path
) -> None:
    harness, stopped = held_up
    url = {"Fn::GetAtt": ["Api", "ApiEndpoint"]}
    outputs = harness.deploy(write_stack(tmp_path, "guarded", _guarded(), Url=url))["stacks"]["guarded"]["outputs"]
    pool = Pool(harness)
    pool.make("PreSignUp")
    later = threading.Timer(_LATE_SECONDS, _go_on, [stopped])

    later.start()
    with ThreadPoolExecutor() as callers:
        guarded = callers.submit(httpx.get, outputs["Url"], timeout=60)
        callers.submit(pool.sign_up).result()
    later.join()

    assert (guarded.result().status_code, guarded.result().text) == (200, "in time")
    started = [event["function"] for event in harness.events("InvocationStarted")]
    assert started.count("trigger") == 1  # it is called again when it is late
