"""What front doors add to an invocation: the same warm function, invoked and asked through each door.

    python -m tests.benchmarks.http [--requests 2000]

Prints the p50 and p99 of each in milliseconds, measured in turns so that the machine's moods hit all alike, and what
each door adds to the p50 of `Invoke`. The target is 1 ms.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.http_connection import HttpConnection
from tests.fakes.function_urls import function_url, public
from tests.fakes.http_apis import api, permission, route, stage, to_function
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.stacks import physical_id
from tests.fakes.wired_harness import WiredHarness

_TURN = 100
_WARM_UP = 300


def main() -> None:
    """Deploys, measures and prints."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--requests", type=int, default=2000)
    requests = arguments.parse_args().requests
    source = "def handler(event, context): return {'statusCode': 200, 'body': 'ok'}"
    execute_api = {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*/*"}
    resources = (
        function("Fn", source)
        | api("Api")
        | stage("Api")
        | permission("Call", "Fn", execute_api)
        | function_url("Url", "Fn")
        | public("To", "Fn")
    )
    for number in range(20):
        version = "1.0" if number % 2 else "2.0"
        resources |= route("Api", f"Route{number}", f"GET /v{number}/{{id}}", to_function("Fn", version))
    outputs = {"Api": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}, "Url": {"Fn::GetAtt": ["Url", "FunctionUrl"]}}
    with WiredHarness(enforce_iam="on") as harness, tempfile.TemporaryDirectory() as directory:
        deployment = harness.deploy(write_stack(Path(directory), "http", resources, **outputs))
        found = deployment["stacks"]["http"]["outputs"]
        invoked = HttpConnection(("127.0.0.1", harness.port))
        through_api, through_url = (HttpConnection(_address(found[name])) for name in ("Api", "Url"))
        path = f"/2015-03-31/functions/{physical_id(deployment, 'Fn')}/invocations"
        doors: dict[str, Callable[[], object]] = {
            "Invoke": lambda: invoked.post(path, b"{}"),
            "HTTP API, payload 2.0": lambda: through_api.get("/v0/1"),
            "HTTP API, payload 1.0": lambda: through_api.get("/v1/1"),
            "function URL": lambda: through_url.get("/"),
        }
        _print(_measured(doors, requests))
        print(f"64 clients through the HTTP API: {_many(_address(found['Api']), requests):,.0f} requests per second")


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def _measured(doors: dict[str, Callable[[], object]], requests: int) -> dict[str, list[float]]:
    """Milliseconds of each request, sorted."""
    taken: dict[str, list[float]] = {name: [] for name in doors}
    for ask in doors.values():
        for _ in range(_WARM_UP):
            ask()
    for _ in range(max(1, requests // _TURN)):
        for name, ask in doors.items():
            for _ in range(_TURN):
                started = time.perf_counter()
                ask()
                taken[name].append((time.perf_counter() - started) * 1000)
    return {name: sorted(times) for name, times in taken.items()}


def _print(taken: dict[str, list[float]]) -> None:
    floor = statistics.median(taken["Invoke"])
    for name, times in taken.items():
        middle, late = statistics.median(times), times[int(len(times) * 0.99)]
        print(f"{name:24} p50 {middle:6.2f} ms   p99 {late:6.2f} ms   adds {middle - floor:+6.2f} ms")


def _many(address: tuple[str, int], requests: int) -> float:
    """Requests per second of 64 clients that keep their connections."""
    each = max(1, requests // 64)

    def ask() -> None:
        connection = HttpConnection(address)
        for _ in range(each):
            connection.get("/v0/1")
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(64)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 64 * each / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
