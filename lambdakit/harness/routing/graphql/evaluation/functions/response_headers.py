"""Header fields that resolvers' code copies and adds: `util.http`.

Source: AppSync Developer Guide, "HTTP helpers in $util.http".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

BYTES_MAX: Final = 4 * 1024
_NOT_COPIED: Final = frozenset(
    {"transfer-encoding", "connection", "host", "expect", "keep-alive", "upgrade", "proxy-authenticate"}
    | {"proxy-authorization", "te", "content-length"}
)
_NOT_ADDED: Final = _NOT_COPIED | frozenset(
    {"access-control-allow-credentials", "access-control-allow-origin", "access-control-expose-headers"}
    | {"access-control-max-age", "access-control-allow-methods", "access-control-allow-headers", "vary"}
    | {"content-type"}
)
_PREFIXES: Final = ("x-amzn-", "x-amz-")


def copied(headers: Any) -> dict[str, Any]:
    """The fields that may be passed on to somebody else."""
    if not isinstance(headers, Mapping):
        raise FunctionFailed("copyHeaders: a map is wanted")
    return {str(name): value for name, value in headers.items() if str(name).lower() not in _NOT_COPIED}


def problem_of(name: Any, value: Any) -> str:
    """Why a field is not added to an answer; empty where it is."""
    if not isinstance(name, str) or not name.strip():
        return "the name of a response header is empty"
    lowered = name.strip().lower()
    if lowered in _NOT_ADDED or lowered.startswith(_PREFIXES):
        return f"the response header {name} is restricted"
    if any(not "\x21" <= letter <= "\x7e" for letter in name):
        return "the name of a response header has letters that none has"
    return f"the response header {name} has no value" if value is None else ""


def text_of_value(value: Any) -> str:
    """A value as the field has it; line ends would begin another field."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    return " ".join(text.splitlines())
