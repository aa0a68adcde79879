"""What an idle execution environment has to itself, by what its function imports: `python -m tests.benchmarks.memory`.

Private is what no other process shares: neither the parent that it was forked from nor its own first process, which is
counted with it. Source: proc(5), `smaps_rollup`; pid_namespaces(7) for which process is which.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from lambdakit import Harness
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.wired_harness import descendants

_HANDLER: Final = "def handler(event, context):\n    return event\n"
_CLIENTS: Final = "import boto3\ndynamodb, sqs = boto3.client('dynamodb'), boto3.client('sqs')\n"
_SOURCES: Final = {
    "nothing": _HANDLER,
    "boto3 and two clients": _CLIENTS + _HANDLER,
    "the same, and each has called its service": _CLIENTS
    + "def handler(event, context):\n    return [dynamodb.list_tables()['TableNames'], bool(sqs.list_queues())]\n",
    "boto3, a table's resource and a client of S3": "import boto3\n"
    "table, s3 = boto3.resource('dynamodb').Table('orders'), boto3.client('s3')\n" + _HANDLER,
}
_NESTED_NAMESPACES: Final = 3  # the harness's, the warmed parent's and the environment's own


def main() -> None:
    """Measures and prints."""
    options = _parser().parse_args()
    table = Table(title=f"an idle environment of {options.runtime}, MB", title_justify="left")
    for column in ("the function imports", "private", "of it the first process", "resident"):
        table.add_column(column, justify="left" if column == "the function imports" else "right")
    for imports, source in _SOURCES.items():
        private, first, resident = _figures(source, options)
        table.add_row(imports, *(f"{value / 1024:.1f}" for value in (private, first, resident)))
    Console().print(table)


def _figures(source: str, options: argparse.Namespace) -> tuple[int, int, int]:
    """KiB: private of all its processes, of these of the first one, and resident of the largest."""
    with tempfile.TemporaryDirectory(prefix="lambdakit-benchmark-") as directory, Harness() as harness:
        assembly = write_stack(Path(directory) / "cdk.out", "memory", function("F", source, Runtime=options.runtime))
        deployed = harness.deploy(assembly).function("F")
        for _ in range(options.calls):
            result = deployed.invoke({})
            if result.function_error is not None:
                sys.exit(f"the function failed: {result.raw_payload!r}")
        firsts: list[int] = []
        others: list[int] = []
        for pid in descendants(os.getpid()):
            inner = _numbers(pid, "status", "NSpid:")
            if len(inner) == _NESTED_NAMESPACES:
                (firsts if inner[-1] == 1 else others).append(pid)
        parents = {_numbers(pid, "status", "PPid:")[0] for pid in others}
        begun = sum(_private(pid) for pid in firsts if pid in parents)
        private = begun + sum(_private(pid) for pid in others)
        return private, begun, max(_numbers(pid, "status", "VmRSS:")[0] for pid in others)


def _private(pid: int) -> int:
    return _numbers(pid, "smaps_rollup", "Private_Dirty:")[0] + _numbers(pid, "smaps_rollup", "Private_Clean:")[0]


def _numbers(pid: int, file: str, name: str) -> list[int]:
    """Those of a line of a file of /proc; none when there is no such line, or no such process any more."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return []
    return [int(word) for line in lines if line.startswith(name) for word in line.split()[1:] if word.isdecimal()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.memory", description=__doc__)
    parser.add_argument("--runtime", default="python3.13", help="of the function")
    parser.add_argument("--calls", type=int, default=3, help="invocations before it is idle")
    return parser


if __name__ == "__main__":
    main()
