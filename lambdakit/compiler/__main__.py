"""The compiler's child process: requests in on stdin, answers out on stdout, one line of JSON each.

Request: `{"document": absolute path, "shown_as": path in messages, "output": new directory, "check": boolean,
"environment": name or null}`.
Answer: `{"diagnostics": [...]}`, what the CDK warns of, or `{"error": class, "diagnostics": [...]}`.
With `"ejected_to": directory` in the request, which then needs no `check`, the answer has `"files"`, text by name, too.
`{"warm_up": true}` asks for a synthesis of every kind of pattern, after which others are as fast as they come.

Stdout is moved out of the way first: what the CDK or a library prints goes to stderr and cannot break the protocol.
The CDK is loaded at once, as no request can do without it.
Its input's end is its signal to leave; it then removes its directory, in case that its parent no longer can.
"""

from __future__ import annotations

import atexit
import gc
import json
import logging
import os
import queue
import shutil
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from lambdakit.errors import Diagnostic, LambdakitError, SynthesisError, error_to_wire

logger = logging.getLogger("lambdakit.compiler")


def main() -> None:
    """Answers requests until the input ends. Arguments: `on` or `off` for validation, and the child's directory."""
    # Tens of thousands of classes and functions come, and stay: looking through them for garbage takes a fifth of it.
    gc.disable()
    validation, directory = sys.argv[1] == "on", Path(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    # Registered before the CDK's own, and so run after Node.js has gone.
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    requests: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read_requests, args=(requests,), name="requests", daemon=True).start()
    _load(directory, validation=validation)
    gc.freeze()
    gc.enable()
    while (line := requests.get()) is not None:
        try:
            answers.write(json.dumps(_answer(json.loads(line), directory, validation=validation)) + "\n")
        except BrokenPipeError:
            return


def _read_requests(requests: queue.Queue[str | None]) -> None:
    for line in sys.stdin:
        requests.put(line)
    requests.put(None)


def _load(directory: Path, *, validation: bool) -> None:
    try:
        from lambdakit.compiler.loading import load

        load(directory / "loading", validation=validation)
    except Exception:
        # What is wrong will be wrong again, and is reported, with the first request.
        logger.warning("loading failed", exc_info=True)


def _answer(request: dict[str, Any], directory: Path, *, validation: bool) -> dict[str, object]:
    try:
        # In here, not above: they load the CDK, and a missing package is an answer like any other.
        if "warm_up" in request:
            return _warm_up(directory, validation=validation)
        if "ejected_to" in request:
            return _eject(request)
        from lambdakit.compiler.compile import compile_document

        warnings = compile_document(
            Path(request["document"]),
            Path(request["output"]),
            shown_as=request["shown_as"],
            validation=validation,
            check=request["check"],
            environment=request["environment"],
        )
    except LambdakitError as error:
        return error_to_wire(error)
    except ImportError as error:
        return error_to_wire(_not_installed(error))
    except Exception as error:
        # The process's boundary: whatever else it is, it is a defect of ours, and is told as one.
        traceback.print_exc()
        return error_to_wire(_defect(error))
    return {"diagnostics": [warning.to_wire() for warning in warnings]}


def _warm_up(directory: Path, *, validation: bool) -> dict[str, object]:
    from lambdakit.compiler.warm_up import warm_up

    if not (directory / "warm-up").exists():
        warm_up(directory / "warm-up", validation=validation)
    return {"diagnostics": []}


def _eject(request: dict[str, Any]) -> dict[str, object]:
    from lambdakit.compiler.ejection.eject import eject_document

    files = eject_document(
        Path(request["document"]),
        Path(request["ejected_to"]),
        Path(request["output"]),
        shown_as=request["shown_as"],
        environment=request["environment"],
    )
    return {"files": files, "diagnostics": []}


def _not_installed(error: ImportError) -> SynthesisError:
    return SynthesisError(
        Diagnostic(
            problem=f"the CDK cannot be loaded: {error}", code="LK433", hint="pip install --force-reinstall lambdakit"
        )
    )


def _defect(error: Exception) -> SynthesisError:
    first_line = next(iter(str(error).splitlines()), "")
    return SynthesisError(
        Diagnostic(
            problem=f"the compiler has a defect: {type(error).__name__}: {first_line}",
            code="LK432",
            hint="report it, with the document",
        )
    )


if __name__ == "__main__":
    main()
