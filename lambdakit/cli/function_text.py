"""What functions wrote and how they failed, as people read it; everything else that the platform wrote is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_LONGEST: Final = 600
_MOST_FRAMES: Final = 6
_OWN_CODE: Final = "/var/task/"
# What the platform writes around the function's own lines; the invocation's line says the same.
_PLATFORM_LINES: Final = ("START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START ", "XRAY TraceId:")
_PLATFORM_RECORDS: Final = "platform."
# Of the runtime, before what went wrong: 600 characters about updates of AWS's own.
_RUNTIME_WARNING: Final = "LAMBDA_WARNING: Unhandled exception."
_IMPORT_ERROR: Final = "Runtime.ImportModuleError"
_MISSING_MODULE: Final = re.compile(r"Unable to import module '([^']+)': No module named '([^']+)'")
# Of the SDK, for each client that is made: where it found credentials and, here alone, the harness's address.
_SDK_LOGGERS: Final = ("botocore.credentials", "botocore.configprovider")
# The runtime's own record of an exception that left the handler; a function's records have a message as well.
_FAILURE_KEYS: Final = frozenset({"errorMessage", "errorType", "stackTrace"})
# The same as text; a logger's lines have tabs between level, time and message.
_FAILURE: Final = re.compile(r"\[ERROR\] [\w.]+(?:: .*)?\r?\n(?s:.*)Traceback \(most recent call last\):")


def log_text(line: str) -> str | None:
    """A line of a function's log as text: `level message` of one in JSON. None for what another event says already."""
    text = line.rstrip()
    if not text or text.startswith(_PLATFORM_LINES) or _FAILURE.match(text):
        return None
    record = _json_object(text)
    if record is None:
        return None if _RUNTIME_WARNING in text else text
    if str(record.get("type", "")).startswith(_PLATFORM_RECORDS):
        return None
    if record.keys() >= _FAILURE_KEYS and "message" not in record:
        return None
    message = record.get("message")
    if not isinstance(message, str) or not isinstance(record.get("level"), str):
        return text
    if message.startswith(_RUNTIME_WARNING) or (record["level"] == "INFO" and record.get("logger") in _SDK_LOGGERS):
        return None
    return f"{record['level']} {message.rstrip()}{_logged_exception(record)}"


def failure_text(payload: str) -> str:
    """What a function's error object says: its message, then a line for each frame of the function's own code.

    A payload of another form stands for itself; long ones are cut.
    """
    error = _json_object(payload)
    if error is None or not isinstance(error.get("errorMessage"), str):
        return _short(payload)
    return "\n".join([_short(error["errorMessage"]), *_way_out(error), *_frames(error)])


def _way_out(error: Mapping[str, Any]) -> Iterator[str]:
    """What helps against a module that is missing: it may well be installed where the user looks for it."""
    missing = _MISSING_MODULE.search(error["errorMessage"]) if error.get("errorType") == _IMPORT_ERROR else None
    if missing is None:
        return
    handler, module = missing.groups()
    if handler == module:
        yield f"the package has no {handler.replace('.', '/')}.py: a handler is FILE.FUNCTION, from the package's root"
        return
    yield (
        "a function sees its package, its layers and boto3, and nothing that is installed beside your tests: put "
        f"{module} into one of them; lambdakit's constructs install what a requirements.txt beside the handler names"
    )


def _logged_exception(record: Mapping[str, Any]) -> str:
    if not isinstance(record.get("errorType"), str):
        return ""
    return "\n".join([f": {record['errorType']}: {record.get('errorMessage', '')}", *_frames(record)])


def _frames(error: Mapping[str, Any]) -> list[str]:
    """The frames of Python's `stackTrace` and of Node.js's `trace` or `stack` that are the function's own."""
    found = (error.get(key) for key in ("stackTrace", "trace", "stack"))
    frames = next((frames for frames in found if isinstance(frames, list)), None)
    own = [frame for frame in _texts(frames or ()) if _OWN_CODE in frame]
    return [f"  {frame}" for frame in own[-_MOST_FRAMES:]]


def _texts(frames: Sequence[object]) -> Iterator[str]:
    """A frame as one line; those of Python have the code in a second one."""
    for frame in frames:
        if isinstance(frame, str):
            yield _short(": ".join(part.strip() for part in frame.strip().splitlines()))


def _json_object(text: str) -> Mapping[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
