"""Text that a service shows beside what it describes."""

from __future__ import annotations

from typing import Annotated, Final

from lambdakit.spec.refusal import patterned_text

# Source: API events CreateEventBus.Description, the least of those that have one
_LENGTH_MAX: Final = 512

Description = Annotated[
    str,
    patterned_text(
        "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f]+$", allowed="text without control characters", longest=_LENGTH_MAX
    ),
]
