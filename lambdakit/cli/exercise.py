"""What runs the functions of a deployment before a report of what they did: events from files, or a command."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lambdakit.cli.event_file import read_event
from lambdakit.errors import Diagnostic, SourceError
from lambdakit.session.lookup import shortest_name

if TYPE_CHECKING:
    from lambdakit.session.deployment import Deployment
    from lambdakit.session.functions import DeployedFunction
    from lambdakit.session.harness import Harness

# Between a function's name and what its event is about: `create_order_without_sku.json`.
_SEPARATORS: Final = ("_", "-", ".")
_STDERR: Final = 2


def call_with_events(deployment: Deployment, directory: Path) -> Iterator[str]:
    """Calls each function with its events, and yields a line for each one that failed.

    `<function>.json` and `<function>_<what>.json` are events of a function, by its shortest name. SourceError for a
    directory without events, a file that is none, and one of no function; no function is called then.
    """
    events = [(path, _receiver(path, deployment.functions), read_event(str(path))) for path in _event_files(directory)]
    unknown = [path for path, function, _ in events if function is None]
    if unknown:
        raise SourceError(*(_no_function(path, deployment.functions) for path in unknown))
    for path, function, event in events:
        if function is not None:
            result = function.invoke(event)
            if result.function_error is not None:
                yield f"{path.name}: the function failed: {result.raw_payload[:200].decode(errors='replace')}"


def run_command(command: str, harness: Harness, deployment: Deployment) -> Diagnostic | None:
    """Runs a command that talks to the harness, its output on stderr. What is wrong when it failed; else None.

    Its environment is this one's without anything of AWS's, with `Harness.environment` and `LAMBDAKIT_OUTPUTS`: the
    stacks' outputs as a JSON object, stack -> output -> value. SourceError when it cannot be started.
    """
    try:
        arguments = shlex.split(command)
        ended = subprocess.run(arguments, env=_variables(harness, deployment), stdout=_STDERR, check=False)
    except (OSError, ValueError, IndexError) as error:
        problem = f"--exercise {command!r} cannot be started: {getattr(error, 'strerror', None) or error}"
        raise SourceError(Diagnostic(problem=problem, code="LK563", hint="--exercise 'pytest tests'")) from None
    if ended.returncode == 0:
        return None
    return Diagnostic(problem=f"--exercise {command!r} ended with {ended.returncode}", code="LK564")


def _variables(harness: Harness, deployment: Deployment) -> Mapping[str, str]:
    outputs = {stack: dict(values) for stack, values in deployment.outputs.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, **harness.environment, "LAMBDAKIT_OUTPUTS": json.dumps(outputs)}


def _event_files(directory: Path) -> list[Path]:
    try:
        files = sorted(path for path in directory.iterdir() if path.suffix == ".json")
    except OSError as error:
        problem = f"the events cannot be read: {error.strerror or error}"
        raise SourceError(Diagnostic(path=str(directory), problem=problem, code="LK553")) from None
    if not files:
        problem = "the directory holds no events: no file ends with .json"
        raise SourceError(
            Diagnostic(path=str(directory), problem=problem, code="LK553", hint="name an event <function>.json")
        )
    return files


def _receiver(path: Path, functions: Sequence[DeployedFunction]) -> DeployedFunction | None:
    """The function whose name the file's begins with; the longest such name counts."""
    names = {name: function for function in functions for name in (shortest_name(function, functions), function.name)}
    meant = [
        name for name in names if path.stem == name or path.stem.startswith(tuple(name + sign for sign in _SEPARATORS))
    ]
    return names[max(meant, key=len)] if meant else None


def _no_function(path: Path, functions: Sequence[DeployedFunction]) -> Diagnostic:
    names = sorted(shortest_name(function, functions) for function in functions)
    return Diagnostic(
        path=str(path),
        problem=f"{path.name} is called after no function; there are {', '.join(names) or 'none'}",
        code="LK562",
        hint=f"call it {names[0]}.json" if names else "",
    )
