"""The one test command: format, lint, types, tests.

    python -m tests.check [--keep-going] [--soak | --exhaustive] [--pauses] [PYTEST_ARGUMENT…]

Steps run in this order, each below a headline; the first that fails ends the run with its exit code. The tests come
last, so that their closing line does too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fakes.pauses import VARIABLE

ROOT: Final = Path(__file__).resolve().parent.parent
# One more than there are processors: a third of the time, a test waits for what takes time.
_WORKERS: Final = str((os.cpu_count() or 1) + 1)
# At most. More runs into the seconds that AWS gives its functions.
_PAUSE_SECONDS: Final = "0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command of this interpreter. module: what `python -m` runs."""

    headline: str
    module: str
    arguments: tuple[str, ...] = ()

    def run(self) -> int:
        """Its exit code."""
        return subprocess.run([sys.executable, "-m", self.module, *self.arguments], cwd=ROOT, check=False).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the steps; the first exit code that is not 0, or 0."""
    options, pytest_arguments = _parser().parse_known_args(arguments)
    exit_code = 0
    if options.pauses:
        os.environ[VARIABLE] = _PAUSE_SECONDS
    for step in steps(soak=options.soak, exhaustive=options.exhaustive, pytest_arguments=pytest_arguments):
        print(f"\n=== {step.headline}", flush=True)
        failed = step.run()
        if failed and not options.keep_going:
            print(f"\n=== failed: {step.headline}", file=sys.stderr)
            return failed
        exit_code = exit_code or failed
    return exit_code


def steps(*, soak: bool = False, exhaustive: bool = False, pytest_arguments: Sequence[str] = ()) -> tuple[Step, ...]:
    """What a run does, in order.

    soak: the long tests alone, one after the other, instead of all others in parallel.
    exhaustive: all but the long tests, those among them that repeat others in other surroundings.
    """
    parallel = ("-n", _WORKERS, "--dist", "loadgroup")
    selection = ("-m", "soak", "-n", "0") if soak else ("-m", "not soak", *parallel) if exhaustive else parallel
    return (
        Step(headline="format", module="ruff", arguments=("format", "--check", ".")),
        Step(headline="lint", module="ruff", arguments=("check", ".")),
        Step(headline="types", module="mypy"),
        Step(headline="soak tests" if soak else "tests", module="pytest", arguments=(*selection, *pytest_arguments)),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.check",
        description="Format, lint, types, tests. Arguments that are not listed go to pytest.",
        allow_abbrev=False,
    )
    parser.add_argument("--keep-going", action="store_true", help="run the steps behind one that fails as well")
    parser.add_argument("--exhaustive", action="store_true", help="run repeated tests in all surroundings as well")
    parser.add_argument("--pauses", action="store_true", help="pause at random where threads and processes meet")
    parser.add_argument("--soak", action="store_true", help="run the long tests instead of all others")
    return parser


if __name__ == "__main__":
    sys.exit(main())
