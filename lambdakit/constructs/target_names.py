"""The names of a pattern's targets, and what follows from them: construct ids, outputs and variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lambdakit.constructs.event_sources.wiring import SOURCE_IDS
from lambdakit.constructs.failure_destinations import FAILURE_IDS
from lambdakit.constructs.output_names import pascal_case
from lambdakit.errors import Diagnostic

# Construct ids of the pattern's own parts.
_TAKEN: Final = frozenset({"Function", *SOURCE_IDS, *FAILURE_IDS})
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[A-Z]")


def variable_name(name: str, suffix: str) -> str:
    """The function's variable for a target: `PROCESSED_BUCKET_NAME` for `processed` and `BUCKET_NAME`."""
    return "_".join([*(word.upper() for word in _WORD.findall(name)), suffix])


def target_name_problems(pointer: str, names: Iterable[str]) -> Iterator[Diagnostic]:
    """Names that are none, that the pattern's own parts have, or that give the same variable or output."""
    seen: dict[str, str] = {}
    for name in names:
        if _NAME.fullmatch(name) is None:
            yield Diagnostic(
                pointer=f"{pointer}.{name}",
                problem=f"{name!r} is no name of a target: a letter, then up to 63 letters, digits, - and _",
                code="LK443",
                hint="name it by what it holds, such as processed",
            )
            continue
        # Outputs of a target and of the failure path would be called alike: `<Id>FailureQueueUrl`.
        if name in _TAKEN or pascal_case(name) == "Failure":
            yield Diagnostic(
                pointer=f"{pointer}.{name}",
                problem=f"{name} is the name of a part that the pattern itself has",
                code="LK443",
                hint="name it by what it holds, such as processed",
            )
        key = variable_name(name, "").lower()
        first = seen.setdefault(key, name)
        if first != name:
            yield Diagnostic(
                pointer=f"{pointer}.{name}",
                problem=f"{name} and {first} give the same environment variable",
                code="LK443",
                hint="give one of the two another name",
            )
