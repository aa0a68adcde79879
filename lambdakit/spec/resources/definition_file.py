"""The file of a state machine's definition, which is hostile until a rule has looked at it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lambdakit.limits import MIB
from lambdakit.spec.resources.definition import Definition, read_definition
from lambdakit.spec.rules.source_directories import resolved_within

# Source: Step Functions Developer Guide, "Step Functions service quotas": maximum size of a state machine's definition
DEFINITION_BYTES_MAX: Final = MIB


def definition_in(directory: Path, path: str) -> Definition | None:
    """What the file at `path` says, which is relative to the project's directory.

    None for what is no definition, is no regular file, leaves the project or is too large: a rule tells those.
    """
    try:
        place = resolved_within(directory, path)
        if place is None or not place.is_file() or place.stat().st_size > DEFINITION_BYTES_MAX:
            return None
        return read_definition(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
