"""What event sources cost while nothing happens, and how soon queues are heard: `python -m tests.benchmarks.idle`.

The handler tells when it was called, by the clock that the sender uses. How long sending takes by itself is measured in
the same run, on a queue that nobody reads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from lambdakit import Harness
from lambdakit.trace import InvocationEnded, InvocationStarted
from tests.fakes.plain_assembly import Resources, role, write_stack
from tests.fakes.wired_harness import descendants

_PYTHON: Final = f"python3.{sys.version_info.minor}"
_ECHO: Final = (
    "import time\n\n"
    "def handler(event, context):\n"
    "    now = time.time_ns()\n"
    "    return [[record['body'], now] for record in event['Records']]\n"
)
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measures and prints."""
    options = _parser().parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="lambdakit-benchmark-") as directory, Harness() as harness:
        before = time.perf_counter()
        harness.deploy(write_stack(Path(directory), "idle", _mapped(options.mappings)))
        took = time.perf_counter() - before
        queues = [f"queue-{number}" for number in range(options.mappings)]
        idle(console, options, took)
        latencies(console, harness, options, queues)
        throughput(console, harness, options, queues)


def idle(console: Console, options: argparse.Namespace, deployed_seconds: float) -> None:
    """The share of a core that the harness and all its processes take, once the deployment has settled."""
    _pass(options.settle)
    shares = []
    for _ in range(options.turns):
        before = processor_seconds()
        _pass(options.seconds)
        shares.append(100 * (processor_seconds() - before) / options.seconds)
    title = f"{options.mappings} idle mappings of queues, deployed in {deployed_seconds:.1f} s: share of a core, %"
    table = _table(title, "median", "best", "worst")
    table.add_row(f"over {options.seconds:g} s, {options.turns} times", *_spread(shares, 3))
    console.print(table)


def latencies(console: Console, harness: Harness, options: argparse.Namespace, queues: Sequence[str]) -> None:
    """From the call that sends a message, and from its answer, to the call of the handler."""
    sqs = harness.client("sqs")
    url = sqs.get_queue_url(QueueName=queues[0])["QueueUrl"]
    _send_and_settle(harness, sqs, url, 5)  # brings everything to the boil
    begun: dict[str, int] = {}
    ended: dict[str, int] = {}
    for number in range(options.messages):
        body = f"latency-{number}"
        begun[body] = time.time_ns()
        sqs.send_message(QueueUrl=url, MessageBody=body)
        ended[body] = time.time_ns()
        harness.drain()
    called = handled(harness)
    table = _table(f"a message, {options.messages} one by one, ms", "p50", "p99", "worst")
    for name, since in (("sent -> handler called", begun), ("its sending answered -> handler called", ended)):
        table.add_row(name, *_percentiles([(called[body] - since[body]) / 1e6 for body in begun]))
    table.add_row("sending alone", *_percentiles([(ended[body] - begun[body]) / 1e6 for body in begun]))
    console.print(table)


def throughput(console: Console, harness: Harness, options: argparse.Namespace, queues: Sequence[str]) -> None:
    """Many messages at once: how long they take beyond their sending."""
    sqs = harness.client("sqs")
    url = sqs.get_queue_url(QueueName=queues[1])["QueueUrl"]
    _send_and_settle(harness, sqs, url, 5)
    totals, alone, tails, sizes = [], [], [], []
    for turn in range(options.turns):
        unread = sqs.create_queue(QueueName=f"unread-{turn}")["QueueUrl"]
        alone.append(_sending_seconds(sqs, unread, options.messages))
        before, invocations = time.perf_counter(), harness.trace.count(InvocationStarted)
        sending = _sending_seconds(sqs, url, options.messages)
        harness.drain()
        totals.append(time.perf_counter() - before)
        tails.append(totals[-1] - sending)
        sizes.append(options.messages / (harness.trace.count(InvocationStarted) - invocations))
    table = _table(f"{options.messages} messages, sent ten a call, s", "median", "best", "worst")
    table.add_row("sent and handled", *_spread(totals, 3))
    table.add_row("sent to a queue that nobody reads", *_spread(alone, 3))
    table.add_row("sent and handled, beyond that", *_spread([a - b for a, b in zip(totals, alone, strict=True)], 3))
    table.add_row("from the last one sent to the last one handled", *_spread(tails, 3))
    table.add_row("messages in a batch", *_spread(sizes, 1))
    console.print(table)


def processor_seconds() -> float:
    """What all processes below this one have taken."""
    ticks = 0
    for pid in descendants(os.getpid()):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def handled(harness: Harness) -> Mapping[str, int]:
    """Body -> when the handler got it first, in nanoseconds since 1970."""
    called: dict[str, int] = {}
    for event in harness.trace.of(InvocationEnded, status="success"):
        for body, moment in json.loads(event.payload):
            called.setdefault(body, moment)
    return called


def _mapped(count: int) -> Resources:
    """A function, and queues that are mapped to it."""
    resources: Resources = {
        "Role": role({"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}),
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": _ECHO},
                "Handler": "index.handler",
                "Runtime": _PYTHON,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            },
        },
    }
    for number in range(count):
        resources[f"Queue{number}"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"queue-{number}"}}
        resources[f"Mapping{number}"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": [f"Queue{number}", "Arn"]},
                "FunctionName": {"Ref": "Function"},
            },
        }
    return resources


def _send_and_settle(harness: Harness, sqs: Any, url: str, count: int) -> None:
    for number in range(count):
        sqs.send_message(QueueUrl=url, MessageBody=f"warm-{number}")
        harness.drain()


def _sending_seconds(sqs: Any, url: str, count: int) -> float:
    before = time.perf_counter()
    for begin in range(0, count, 10):
        entries = [{"Id": str(at), "MessageBody": str(begin + at)} for at in range(min(10, count - begin))]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    return time.perf_counter() - before


def _pass(seconds: float) -> None:
    """Lets time pass without taking any of the processor's."""
    threading.Event().wait(seconds)


def _percentiles(values: Sequence[float]) -> tuple[str, ...]:
    parts = statistics.quantiles(values, n=100, method="inclusive")
    return f"{parts[49]:.2f}", f"{parts[98]:.2f}", f"{max(values):.2f}"


def _spread(values: Sequence[float], digits: int) -> tuple[str, ...]:
    return tuple(f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values)))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.idle", description=__doc__)
    parser.add_argument("--mappings", type=int, default=200, help="how many queues are mapped")
    parser.add_argument("--messages", type=int, default=500, help="messages per measurement")
    parser.add_argument("--settle", type=float, default=3, help="seconds before idleness is measured")
    parser.add_argument("--seconds", type=float, default=10, help="seconds of a measurement of idleness")
    parser.add_argument("--turns", type=int, default=3, help="how often each is measured")
    return parser


if __name__ == "__main__":
    main()
