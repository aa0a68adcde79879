"""lambdakit beside MiniStack in one run and by turns: `python -m tests.benchmarks.peers [--ministack PROGRAM]`.

MiniStack is another emulator from the package index (`pip install ministack`, best into an environment of its own). It
is used as any user would: its program starts it, boto3 creates a function, HTTP calls it. Both serve a function that
returns its event. Without it this says so and ends.
Absolute times belong to the machine and the moment; what to compare is the ratio.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from lambdakit import Harness
from tests.benchmarks.http_connection import HttpConnection
from tests.benchmarks.invoke import run_clients
from tests.fakes.plain_assembly import function, write_stack

_HANDLER: Final = "def handler(event, context):\n    return event\n"
_EVENT: Final = b'{"sku": "teapot"}'
_PYTHON: Final = f"python3.{sys.version_info.minor}"
_OURS: Final = "lambdakit"
_PEER: Final = "MiniStack"
_START_SECONDS: Final = 60
_LOOK_SECONDS: Final = 0.01
_ROLE: Final = "arn:aws:iam::000000000000:role/trivial"

Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """An emulator that runs. paths: of the invocations of its functions, each of which has not run yet."""

    address: Address
    paths: Sequence[str]


def main() -> None:
    """Measures and prints; says plainly when there is nothing to compare with."""
    options = _parser().parse_args()
    console = Console()
    command = _command(options.ministack)
    if command is None:
        console.print(
            "MiniStack is not installed, so there is nothing to compare with: `pip install ministack` into any "
            "environment, and give its program with --ministack"
        )
        return
    import_module("boto3")  # the time of the client's own imports is nobody's
    starts(console, command, runs=options.starts)
    with contextlib.ExitStack() as stack:
        functions = options.cold + 1
        sides = {
            _OURS: stack.enter_context(lambdakit(functions, sandbox=options.sandbox)),
            _PEER: stack.enter_context(ministack(command, functions)),
        }
        invocations(console, sides, options)


def starts(console: Console, command: Sequence[str], *, runs: int) -> None:
    """From starting the process to its first answer, and to that of a first function, deployed meanwhile."""
    ready: dict[str, list[float]] = {_OURS: [], _PEER: []}
    first: dict[str, list[float]] = {_OURS: [], _PEER: []}
    for _ in range(runs):
        before = time.perf_counter()
        with Harness() as harness:
            _get(_address(harness.endpoint_url), "/_lambdakit/health")
            ready[_OURS].append((time.perf_counter() - before) * 1000)
        before = time.perf_counter()
        with _started(command):
            ready[_PEER].append((time.perf_counter() - before) * 1000)
        for name in first:
            before = time.perf_counter()
            with lambdakit(1, sandbox="auto") if name == _OURS else ministack(command, 1) as side:
                HttpConnection(side.address).post(side.paths[0], _EVENT)
                first[name].append((time.perf_counter() - before) * 1000)
    _print_latencies(console, f"ready for a first request, ms, {runs} each", ready, parts=(50,))
    _print_latencies(console, f"from start to a first function's answer, ms, {runs} each", first, parts=(50,))


def invocations(console: Console, sides: Mapping[str, Side], options: argparse.Namespace) -> None:
    """Cold and warm, one client and four; a turn of one side, then one of the other."""
    connections = {name: HttpConnection(side.address) for name, side in sides.items()}
    cold: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(1, options.cold + 1):
        for name, side in sides.items():
            cold[name].append(_milliseconds(lambda: connections[name].post(side.paths[number], _EVENT)))  # noqa: B023
    warm: dict[str, list[float]] = {name: [] for name in sides}
    rates: dict[str, dict[int, list[float]]] = {name: {1: [], 4: []} for name in sides}
    for turn in range(options.rounds + 1):
        for name, side in sides.items():
            for clients, joint in rates[name].items():
                times, rate = run_clients(side.address, side.paths[0], clients=clients, calls=options.calls // clients)
                if turn == 0:
                    continue  # brings everything to the boil
                joint.append(rate)
                if clients == 1:
                    warm[name] += times
    _print_latencies(console, f"cold invoke, ms, {options.cold} each", cold)
    _print_latencies(console, f"warm invoke, ms, {options.rounds} x {options.calls} each", warm)
    table = _table("invocations per second", "1 client", "4 clients")
    for name, by_clients in rates.items():
        table.add_row(name, *(f"{statistics.median(turns):.0f}" for turns in by_clients.values()))
    ours, peers = rates[_OURS], rates[_PEER]
    table.add_row(
        "ratio", *(f"{statistics.median(ours[n]) / statistics.median(peers[n]):.1f} x" for n in (1, 4)), style="bold"
    )
    console.print(table)


@contextlib.contextmanager
def lambdakit(functions: int, *, sandbox: Any) -> Iterator[Side]:
    """A harness with so many functions."""
    names = [f"Trivial{number}" for number in range(functions)]
    resources = {
        key: value
        for name in names
        for key, value in function(
            name, _HANDLER, FunctionName=name, Runtime=_PYTHON, MemorySize=128, Timeout=3
        ).items()
    }
    with tempfile.TemporaryDirectory() as directory, Harness(sandbox=sandbox) as harness:
        harness.deploy(write_stack(Path(directory), "trivial", resources))
        yield Side(address=_address(harness.endpoint_url), paths=[_path(name) for name in names])


@contextlib.contextmanager
def ministack(command: Sequence[str], functions: int) -> Iterator[Side]:
    """A MiniStack with so many functions."""
    import boto3

    names = [f"Trivial{number}" for number in range(functions)]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", _HANDLER)
    with _started(command) as address:
        session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
        client = session.client("lambda", endpoint_url="http://{}:{}".format(*address))
        for name in names:
            client.create_function(
                FunctionName=name,
                Runtime=_PYTHON,
                Handler="index.handler",
                Role=_ROLE,
                MemorySize=128,
                Timeout=3,
                Code={"ZipFile": package.getvalue()},
            )
        client.close()
        yield Side(address=address, paths=[_path(name) for name in names])


@contextlib.contextmanager
def _started(command: Sequence[str]) -> Iterator[Address]:
    """A MiniStack on a free port, once it answers; it and all it started end with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address: Address = ("127.0.0.1", free.getsockname()[1])
    variables = {"PATH": os.environ.get("PATH", ""), "HOME": tempfile.gettempdir(), "LAMBDA_EXECUTOR": "local"}
    with subprocess.Popen(
        command,
        env={**variables, "GATEWAY_PORT": str(address[1])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            _await_answer(address, process)
            yield address
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(_START_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _await_answer(address: Address, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, RuntimeError):
            _get(address, "/_ministack/health")
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_SECONDS)
    sys.exit(f"MiniStack did not answer on port {address[1]} within {_START_SECONDS} s")


def _get(address: Address, path: str) -> None:
    connection = HttpConnection(address)
    try:
        connection.get(path)
    finally:
        connection.close()


def _command(given: str | None) -> list[str] | None:
    """What starts MiniStack: the given program, the one on PATH, or the installed module; None when there is none."""
    program = shutil.which(given or "ministack")
    if program is not None:
        return [program]
    if given is None and find_spec("ministack") is not None:
        return [sys.executable, "-m", "ministack"]
    return None


def _path(name: str) -> str:
    return f"/2015-03-31/functions/{name}/invocations"


def _address(url: str) -> Address:
    host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
    return host, int(port)


def _milliseconds(call: Callable[[], object]) -> float:
    before = time.perf_counter()
    call()
    return (time.perf_counter() - before) * 1000


def _print_latencies(
    console: Console, title: str, sides: Mapping[str, Sequence[float]], *, parts: Sequence[int] = (50, 99)
) -> None:
    table = _table(title, *(f"p{part}" for part in parts), "best", "worst")
    for name, times in sides.items():
        figures = [*(_percentile(times, part) for part in parts), min(times), max(times)]
        table.add_row(name, *(f"{value:.2f}" for value in figures))
    ratios = [_percentile(sides[_PEER], part) / _percentile(sides[_OURS], part) for part in parts]
    table.add_row("ratio", *(f"{ratio:.1f} x" for ratio in ratios), style="bold")
    console.print(table)


def _percentile(times: Sequence[float], part: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[part - 1] if len(times) > 1 else times[0]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description=__doc__)
    parser.add_argument("--ministack", help="its program; absence looks on PATH and among the installed packages")
    parser.add_argument("--sandbox", choices=("auto", "off"), default="auto", help="of lambdakit; MiniStack has none")
    parser.add_argument("--starts", type=int, default=3, help="how often each is started")
    parser.add_argument("--cold", type=int, default=20, help="cold invocations per side")
    parser.add_argument("--rounds", type=int, default=5, help="turns of warm invocations per side")
    parser.add_argument("--calls", type=int, default=200, help="warm invocations per turn")
    return parser


if __name__ == "__main__":
    main()
