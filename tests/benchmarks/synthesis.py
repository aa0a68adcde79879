"""What a synthesis costs: `python -m tests.benchmarks.synthesis`.

Every pattern of `patterns/`, compiled cold, warm and from the cache, with the CDK's validation and without; how many
calls each makes to Node.js, the dearest thing a construct in Python does; and how time grows with functions.
Beside it stands the floor of every warm synthesis: a stack with one queue.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from lambdakit.compiler.child_environment import child_variables
from lambdakit.compiler.synthesize import Compiler
from lambdakit.spec.document import load

_PATTERNS: Final = Path(__file__).parents[2] / "patterns"
_NAME: Final = re.compile(r"^application: .*$", re.MULTILINE)
# CloudFormation takes 500 resources in a stack: beyond 50 functions, they stand in several.
_SIZES: Final = (12, 25, 50, 100, 200)
_OF_STACK: Final = 50
_QUEUE: Final = (
    "patterns:\n  bare: {kind: event_processing, source: {kind: sqs}, function: {code: code, handler: app.handler}}\n"
)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs: int = parser.parse_args().runs
    console = Console()
    with tempfile.TemporaryDirectory(prefix="lambdakit-benchmark-") as directory:
        work = Path(directory)
        projects = {"one queue and its function": _bare(work / "bare")}
        for pattern in sorted(path.parent for path in _PATTERNS.glob("*/lambdakit.yaml")):
            shutil.copytree(pattern, work / pattern.name)
            projects[pattern.name] = work / pattern.name / "lambdakit.yaml"
        _synthesis(console, projects, work / "cache", runs=runs)
        _growth(console, work)


def _synthesis(console: Console, projects: dict[str, Path], cache: Path, *, runs: int) -> None:
    table = Table(title="one synthesis, ms (median)", title_justify="left")
    columns = ("cold", "warm", "cold, validated", "warm, validated", "worst", "cached", "calls to Node.js")
    for heading in ("", *columns):
        table.add_column(heading, justify="right" if heading else "left")
    for name, document in projects.items():
        row: list[float] = []
        for validation in (False, True):
            with Compiler(validation=validation, cache_directory=cache) as compiler:
                row.append(_milliseconds(compiler.synthesize, _renamed(document)))
                warm = [_milliseconds(compiler.synthesize, _renamed(document)) for _ in range(runs)]
                row.append(statistics.median(warm))
        row.append(max(warm))
        with Compiler(cache_directory=cache) as compiler:
            compiler.synthesize(document)
            row.append(statistics.median(_milliseconds(compiler.synthesize, document) for _ in range(runs)))
        table.add_row(name, *(f"{value:.0f}" for value in row), str(calls_to_node(document)))
    console.print(table)


def _growth(console: Console, work: Path) -> None:
    table = Table(title="an API of many functions, ms", title_justify="left")
    for heading in ("functions", "stacks", "validate", "warm, validated", "per function"):
        table.add_column(heading, justify="right")
    with Compiler(cache_directory=work / "cache") as compiler:
        compiler.start().result()
        for size in _SIZES:
            document = write_many(work / f"many-{size}", size)
            read = _milliseconds(load, document)
            taken = statistics.median(_milliseconds(compiler.synthesize, _renamed(document)) for _ in range(3))
            stacks = str(len(load(document).stack_names))
            table.add_row(str(size), stacks, f"{read:.0f}", f"{taken:.0f}", f"{taken / size:.1f}")
    console.print(table)


def calls_to_node(document: Path) -> int:
    """How often Node.js is asked for something during one synthesis."""
    os.environ |= child_variables(os.environ, temporary_directory=Path(tempfile.gettempdir()))
    from lambdakit.compiler.compile import compile_document

    with _counted_calls() as calls, tempfile.TemporaryDirectory() as directory:
        for number in (1, 2):
            calls.clear()  # what is loaded once is not counted
            output = Path(directory) / str(number)
            compile_document(document, output, shown_as="document", validation=False)
        return len(calls)


@contextmanager
def _counted_calls() -> Iterator[list[object]]:
    from jsii._kernel.providers import process

    calls: list[object] = []
    send = process._NodeProcess.send

    def counted(self: Any, request: Any, response_type: Any) -> Any:
        calls.append(type(request))
        return send(self, request, response_type)

    process._NodeProcess.send = counted  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        process._NodeProcess.send = send  # type: ignore[method-assign]


def _renamed(document: Path) -> Path:
    """The document under another application's name, which no cache has seen."""
    renamed = document.with_name(f"document-{time.monotonic_ns()}.yaml")
    renamed.write_text(_NAME.sub(f"application: a{time.monotonic_ns()}", document.read_text()))
    return renamed


def _bare(directory: Path) -> Path:
    return _project(directory, _QUEUE)


def write_many(directory: Path, size: int, *, of_stack: int = _OF_STACK) -> Path:
    """A document of so many functions behind APIs, which share a table where they stand in several stacks.

    of_stack: functions in each.
    """
    if size <= of_stack:
        return _project(directory, f"patterns:\n{_api('many', size)}")
    patterns = "".join(
        _api(f"many{start}", min(of_stack, size - start), f"    stack: s{start}\n    table: kept\n", start)
        for start in range(0, size, of_stack)
    )
    return _project(directory, f"resources: {{kept: {{kind: table, partition_key: id}}}}\npatterns:\n{patterns}")


def _api(key: str, size: int, settings: str = "", start: int = 0) -> str:
    numbers = range(start, start + size)
    routes = "".join(f"      GET /r{number}: {{code: code, handler: app.handler}}\n" for number in numbers)
    return f"  {key}:\n    kind: api_backend\n{settings}    routes:\n{routes}"


def _project(directory: Path, patterns: str) -> Path:
    (directory / "code").mkdir(parents=True)
    (directory / "code" / "app.py").write_text("def handler(event, context):\n    return None\n")
    document = directory / "lambdakit.yaml"
    document.write_text(f"application: bench\n{patterns}")
    return document


def _milliseconds(work: Callable[[Path], object], document: Path) -> float:
    before = time.perf_counter()
    work(document)
    return (time.perf_counter() - before) * 1000


if __name__ == "__main__":
    main()
