"""Events given on the command line, as files or on stdin."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lambdakit.errors import Diagnostic, SourceError


def read_event(path: str | None) -> bytes:
    """The event's JSON text, checked. `-` is stdin; None is `{}`. SourceError when it cannot be read or is no JSON."""
    if path is None:
        return b"{}"
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        problem = f"the event cannot be read: {error.strerror or error}"
        raise SourceError(
            Diagnostic(path=path, problem=problem, code="LK553", hint="name a file that holds JSON, or - for stdin")
        ) from None
    shown = "<stdin>" if path == "-" else path
    try:
        json.loads(content)
    except json.JSONDecodeError as error:
        raise SourceError(
            Diagnostic(
                path=shown,
                line=error.lineno,
                column=error.colno,
                problem=f"the event is no JSON: {error.msg.lower()}",
                code="LK553",
            )
        ) from None
    except UnicodeDecodeError as error:
        problem = f"the event is no UTF-8: {error.reason} at byte {error.start}"
        raise SourceError(Diagnostic(path=shown, problem=problem, code="LK553")) from None
    return content
