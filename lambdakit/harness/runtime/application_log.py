"""Which of a function's own lines JSON logs leave out, by the level that each line names.

In comes a line of standard output or error, as the process wrote it; out goes whether the log leaves it out. This file
must not know who reads the log.

Source: AWS Lambda Developer Guide, "Log-level filtering": Lambda reads the key `level` of JSON objects on standard
output and error; a level that is invalid or missing, or a timestamp that is not RFC 3339, makes the line one of INFO.
Left alone, as no page tells of them: text that is no JSON object, and documents in the embedded metric format.
"""

from __future__ import annotations

import json
import re

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

# Before a message that the runtime's logging wrote in JSON: the configured level is its logger's level, unless the code
# set one of its own, which then counts. Source: AWS Lambda Developer Guide, "Log-level filtering". The same bytes stand
# in `inside/python_runtime.py` and `python_bootstrap.py`, which run where this package cannot be imported.
RUNTIME_MARK = "\x1e\x00"

# In rising order. WARNING and CRITICAL are Python's names of WARN and FATAL; that a printed line may use them is not
# confirmed by a page.
_RANKS = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "WARNING": 3, "ERROR": 4, "FATAL": 5, "CRITICAL": 5}
_INFO = _RANKS["INFO"]
# "Lambda supports most common naming conventions used by the managed runtimes": the page names none of them.
_TIMESTAMPS = ("timestamp", "time", "@timestamp")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class ApplicationLog:
    """Chooses among a function's lines. Text logs are never filtered."""

    def __init__(self, configuration: FunctionConfiguration) -> None:
        self._is_json = configuration.log_format == "JSON"
        self._threshold = _RANKS.get(configuration.application_log_level or "INFO", _INFO)

    def text_of(self, line: str) -> str:
        """What the process meant to write: without the runtime's mark."""
        return line.removeprefix(RUNTIME_MARK) if self._is_json else line

    def leaves_out(self, line: str) -> bool:
        """Whether a line, mark included, stays out of the log."""
        if not self._is_json or not line.startswith("{"):
            return False
        rank = _rank_of(line)
        return rank is not None and rank < self._threshold


def _rank_of(line: str) -> int | None:
    """How severe a line is; None for one that has no level."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or "_aws" in document:
        return None
    written = next((document[key] for key in _TIMESTAMPS if key in document), None)
    if not isinstance(written, str) or _RFC_3339.fullmatch(written) is None:
        return _INFO
    level = document.get("level")
    return _RANKS.get(level.upper(), _INFO) if isinstance(level, str) else _INFO
