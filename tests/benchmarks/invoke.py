"""How fast lambdakit runs functions, beside the bare floor in the same run: `python -m tests.benchmarks.invoke`.

Absolute times belong to the machine and the moment; the ratios are what to compare. The two sides take turns, so that a
machine that slows down slows both.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from rich.console import Console
from rich.table import Table

from lambdakit import Harness
from tests.benchmarks.http_connection import HttpConnection

ROOT: Final = Path(__file__).parents[2]
_HANDLER: Final = "def handler(event, context):\n    return event\n"
_OURS: Final = "lambdakit"
_SPAWNED: Final = "floor, spawned"
_FORKED: Final = "floor, forked"
_EVENT: Final = b'{"sku": "teapot"}'
_PYTHON: Final = f"python3.{sys.version_info.minor}"


def main() -> None:
    """Measures and prints."""
    options = _parser().parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="lambdakit-benchmark-") as directory:
        work = Path(directory)
        task = work / "task"
        task.mkdir()
        (task / "app.py").write_text(_HANDLER)
        starts(console, runs=options.starts)
        with contextlib.ExitStack() as stack:
            floors = {
                _SPAWNED: stack.enter_context(floor("spawn", task)),
                _FORKED: stack.enter_context(floor("fork", task)),
            }
            harness = stack.enter_context(Harness(sandbox=options.sandbox))
            harness.deploy(_assembly(work / "cdk.out", functions=options.cold + 1))
            invocations(console, {_OURS: _address(harness.endpoint_url), **floors}, options)
        deployments(console, work, sandbox=options.sandbox)


def starts(console: Console, *, runs: int) -> None:
    """From starting the process to the first answer; beside it, an interpreter that imports what the harness needs."""
    ready, floor_times = [], []
    for _ in range(runs):
        floor_times.append(_milliseconds(_import_moto))
        before = time.perf_counter()
        with Harness() as harness:
            HttpConnection(_address(harness.endpoint_url)).get("/_lambdakit/health")
            ready.append((time.perf_counter() - before) * 1000)
    table = _table("harness ready for a first request, ms", "median", "best", "worst", "ratio")
    table.add_row("lambdakit", *_summary(ready), _ratio(statistics.median(ready), statistics.median(floor_times)))
    table.add_row("interpreter that imports moto's server and boto3", *_summary(floor_times), "")
    console.print(table)


def invocations(console: Console, addresses: Mapping[str, tuple[str, int]], options: argparse.Namespace) -> None:
    """Cold and warm, one client and four.

    The first cold one comes right behind the deployment, while the harness still warms up; the others come last.
    """
    connections = {name: HttpConnection(address) for name, address in addresses.items()}
    first = {name: _cold(name, connection, 0) for name, connection in connections.items()}
    warm, rates = _warm(addresses, options)
    cold: dict[str, list[float]] = {name: [] for name in connections}
    for number in range(1, options.cold + 1):
        for name, connection in connections.items():
            cold[name].append(_cold(name, connection, number))

    table = _table("cold invoke right behind the deployment, ms", "once", "ratio")
    for name, value in first.items():
        table.add_row(name, f"{value:.1f}", "" if name == _OURS else _ratio(first[_OURS], value))
    console.print(table)
    _print_latencies(console, f"cold invoke, ms, {options.cold} each", cold)
    _print_latencies(console, f"warm invoke, ms, {options.rounds} x {options.calls} each", warm)
    _print_rates(console, rates)


def _cold(side: str, client: HttpConnection, number: int) -> float:
    path = _invoke_path(number) if side == _OURS else "/cold"
    return _milliseconds(lambda: client.post(path, _EVENT))


def _warm(
    addresses: Mapping[str, tuple[str, int]], options: argparse.Namespace
) -> tuple[dict[str, list[float]], dict[str, dict[int, list[float]]]]:
    """Side -> milliseconds of each call of one client; side -> clients -> calls per second of each turn."""
    paths = {_OURS: _invoke_path(0), _SPAWNED: "/warm"}
    times: dict[str, list[float]] = {name: [] for name in paths}
    rates: dict[str, dict[int, list[float]]] = {name: {1: [], 4: []} for name in paths}
    for turn in range(options.rounds + 1):
        for name, path in paths.items():
            for clients, each_rates in rates[name].items():
                calls = options.calls // (1 if clients == 1 else 2)
                measured, rate = run_clients(addresses[name], path, clients=clients, calls=calls)
                if turn == 0:
                    continue  # brings everything to the boil
                each_rates.append(rate)
                if clients == 1:
                    times[name] += measured
    return times, rates


def run_clients(address: tuple[str, int], path: str, *, clients: int, calls: int) -> tuple[Sequence[float], float]:
    """Milliseconds of each call of `clients` at once, `calls` each; and their joint rate per second."""
    times: list[float] = []
    connections = [HttpConnection(address) for _ in range(clients)]
    start = threading.Barrier(clients + 1)

    def run(connection: HttpConnection) -> None:
        start.wait()
        times.extend([_milliseconds(lambda: connection.post(path, _EVENT)) for _ in range(calls)])

    threads = [threading.Thread(target=run, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    start.wait()
    before = time.perf_counter()
    for thread in threads:
        thread.join()
    rate = clients * calls / (time.perf_counter() - before)
    for connection in connections:
        connection.close()
    return times, rate


def deployments(console: Console, work: Path, *, sandbox: Literal["auto", "off"]) -> None:
    """The pattern `api_backend`: synthesized and deployed, once with a new process and twice in a running one."""
    table = _table("patterns/api_backend, ms", "deploy(), all of it", "in the harness alone")
    pattern = work / "api_backend"
    shutil.copytree(ROOT / "patterns" / "api_backend", pattern)
    with Harness(sandbox=sandbox) as harness:
        for name in ("first, the harness's start overlapped", "the same again", "the same again"):
            before = time.perf_counter()
            deployment = harness.deploy(pattern / "lambdakit.yaml")
            total = (time.perf_counter() - before) * 1000
            table.add_row(name, f"{total:.0f}", f"{deployment.duration_ms:.0f}")
            deployment.destroy()
    console.print(table)


@contextlib.contextmanager
def floor(how: Literal["spawn", "fork"], task: Path) -> Iterator[tuple[str, int]]:
    """The address of a running floor."""
    client = find_spec("awslambdaric")
    if client is None or client.origin is None:
        sys.exit("awslambdaric is not installed: install lambdakit[harness]")
    image = str(Path(client.origin).parents[1])
    command = [sys.executable, "-m", "tests.benchmarks.bare_floor", how, str(task), image]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield "127.0.0.1", int(process.stdout.readline())
        process.stdin.close()


def _assembly(directory: Path, *, functions: int) -> Path:
    """An assembly directory with that many trivial functions, each of which has its own first invocation."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    # As the CDK makes it: a role that may not write its log costs a refusal with each invocation.
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
        },
    }
    resources: dict[str, Mapping[str, object]] = {"Role": role}
    for number in range(functions):
        resources[f"Function{number}"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": f"trivial-{number}",
                "Runtime": _PYTHON,
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": _HANDLER},
            },
        }
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "trivial.template.json", "stackName": "trivial"},
    }
    directory.mkdir()
    (directory / "trivial.template.json").write_text(json.dumps({"Resources": resources}))
    (directory / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"trivial": stack}}))
    return directory


def _invoke_path(number: int) -> str:
    return f"/2015-03-31/functions/trivial-{number}/invocations"


def _address(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
    return host, int(port)


def _import_moto() -> None:
    subprocess.run([sys.executable, "-c", "import boto3, moto.moto_server.werkzeug_app"], check=True)


def _milliseconds(call: Callable[[], object]) -> float:
    before = time.perf_counter()
    call()
    return (time.perf_counter() - before) * 1000


def _print_latencies(console: Console, title: str, sides: Mapping[str, Sequence[float]]) -> None:
    table = _table(title, "p50", "p99", "worst", "p50, ratio", "p99, ratio")
    ours = sides[_OURS]
    for name, times in sides.items():
        ratios = [_ratio(_percentile(ours, part), _percentile(times, part)) for part in (50, 99)]
        figures = [f"{value:.2f}" for value in (_percentile(times, 50), _percentile(times, 99), max(times))]
        table.add_row(name, *figures, *(("", "") if name == _OURS else ratios))
    console.print(table)


def _print_rates(console: Console, rates: Mapping[str, Mapping[int, Sequence[float]]]) -> None:
    table = _table("invocations per second", "1 client", "4 clients", "1 client, ratio", "4 clients, ratio")
    medians = {name: [statistics.median(turns) for turns in by_clients.values()] for name, by_clients in rates.items()}
    for name, rows in medians.items():
        ratios = [] if name == _OURS else [_ratio(a, b) for a, b in zip(medians[_OURS], rows, strict=True)]
        table.add_row(name, *(f"{rate:.0f}" for rate in rows), *ratios)
    console.print(table)


def _percentile(times: Sequence[float], part: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[part - 1]


def _summary(times: Sequence[float]) -> tuple[str, str, str]:
    return f"{statistics.median(times):.0f}", f"{min(times):.0f}", f"{max(times):.0f}"


def _ratio(ours: float, floors: float) -> str:
    return f"{ours / floors:.2f} x"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.invoke", description=__doc__)
    parser.add_argument("--sandbox", choices=("auto", "off"), default="auto")
    parser.add_argument("--starts", type=int, default=5, help="how often a harness is started")
    parser.add_argument("--cold", type=int, default=30, help="cold invocations per side")
    parser.add_argument("--rounds", type=int, default=10, help="turns of warm invocations per side")
    parser.add_argument("--calls", type=int, default=200, help="warm invocations per turn")
    return parser


if __name__ == "__main__":
    main()
